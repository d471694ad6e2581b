package shell

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// errTooLong ends the expansion of words that grow too large.
const errTooLong = fault("Argument list too long")

// config is how words are expanded: variables, substitutions and globs are all
// of this session, nothing is of the host.
func (s *session) config() *expand.Config {
	cfg := &expand.Config{Env: environ{s}, CmdSubst: s.substitute, NoUnset: s.nounset}
	if !s.noglob {
		cfg.ReadDir2 = func(p string) ([]fs.DirEntry, error) {
			if !s.budget.step() {
				return nil, errTooLong
			}
			return s.ws.tree.readDir(p)
		}
	}
	return cfg
}

// substitute runs $(…).
func (s *session) substitute(w io.Writer, cs *syntax.CmdSubst) error {
	sub := s.subshell()
	if sub.depth > maxDepth {
		return errors.New("maximum nesting level exceeded")
	}
	out := &sink{budget: s.budget}
	sub.out = out
	if len(cs.Stmts) == 1 && cs.Stmts[0].Cmd == nil && len(cs.Stmts[0].Redirs) == 1 && cs.Stmts[0].Redirs[0].Op == syntax.RdrIn {
		name, err := sub.literal(cs.Stmts[0].Redirs[0].Word) // $(<file)
		if err != nil {
			return err
		}
		text, err := sub.read(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		out.WriteString(text)
	} else {
		sub.list(cs.Stmts)
	}
	s.status, s.substituted = sub.status, true
	_, err := io.WriteString(w, out.b.String())
	return err
}

// guarded turns a panic of the expansion library over a strange word into what
// bash says of one; the word is the agent's, and so is the fault.
func guarded[T any](expand func() (T, error)) (value T, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("bad substitution")
		}
	}()
	return expand()
}

// fields expands words to arguments.
func (s *session) fields(words []*syntax.Word) ([]string, error) {
	return guarded(func() ([]string, error) {
		var out []string
		total := 0
		for field, err := range expand.FieldsSeq(s.config(), words...) {
			if err != nil {
				return nil, err
			}
			if total += len(field) + 8; total > maxWordBytes || !s.budget.spend(len(field)+64) {
				return nil, errTooLong
			}
			out = append(out, field)
		}
		return out, nil
	})
}

// literal expands a word to one string.
func (s *session) literal(w *syntax.Word) (string, error) {
	return guarded(func() (string, error) { return expand.Literal(s.config(), w) })
}

func (s *session) document(w *syntax.Word) (string, error) {
	return guarded(func() (string, error) { return expand.Document(s.config(), w) })
}

func (s *session) pattern(w *syntax.Word) (string, error) {
	return guarded(func() (string, error) { return expand.Pattern(s.config(), w) })
}

func (s *session) arithm(x syntax.ArithmExpr) (int, error) {
	return guarded(func() (int, error) { return expand.Arithm(s.config(), x) })
}

// environ shows the session's variables to the expansion.
type environ struct{ s *session }

var _ expand.WriteEnviron = environ{}

func text(v string) expand.Variable {
	return expand.Variable{Set: true, Kind: expand.String, Str: v}
}

func (e environ) Get(name string) expand.Variable {
	s := e.s
	switch name {
	case "#":
		return text(strconv.Itoa(len(s.params)))
	case "@", "*":
		return expand.Variable{Set: true, Kind: expand.Indexed, List: append([]string{}, s.params...)}
	case "?":
		return text(strconv.Itoa(s.status))
	case "0":
		return text(s.name)
	case "$", "PPID", "BASHPID":
		return text("1")
	case "-":
		return text("")
	case "RANDOM", "SRANDOM": // the same on every host
		s.random = s.random*1_103_515_245 + 12_345
		return text(strconv.Itoa(int(s.random >> 16 & 0x7fff)))
	case "UID", "EUID":
		return text("0")
	case "SECONDS":
		return text("0")
	}
	if n, err := strconv.Atoi(name); err == nil && n > 0 {
		if n <= len(s.params) {
			return text(s.params[n-1])
		}
		return expand.Variable{}
	}
	if user, ok := strings.CutPrefix(name, "HOME "); ok {
		return text("~" + user) // else the expansion would ask the host for this user
	}
	return s.vars[name]
}

func (e environ) Each(visit func(string, expand.Variable) bool) {
	for _, name := range slices.Sorted(maps.Keys(e.s.vars)) {
		if !visit(name, e.s.vars[name]) {
			return
		}
	}
}

func (e environ) Set(name string, v expand.Variable) error {
	s := e.s
	old := s.vars[name]
	if old.ReadOnly {
		return fmt.Errorf("%s: readonly variable", name)
	}
	size := len(v.Str)
	for _, x := range v.List {
		size += len(x) + 8
	}
	if size > maxVariableBytes || len(s.vars) >= maxVariables && !old.Set {
		s.budget.exceed("variables too large")
		return fmt.Errorf("%s: cannot allocate memory", name)
	}
	if v.Kind == expand.NameRef || v.Kind == expand.Associative {
		return fmt.Errorf("%s: not available", name)
	}
	if !v.Set && v.Kind != expand.KeepValue {
		delete(s.vars, name)
		return nil
	}
	v.Exported = v.Exported || old.Exported
	s.vars[name] = v
	return nil
}

func (s *session) set(name, value string) error { return environ{s}.Set(name, text(value)) }

func (s *session) get(name string) string { return environ{s}.Get(name).String() }

// assign carries out one assignment.
func (s *session) assign(a *syntax.Assign) error {
	name := a.Name.Value
	old := s.vars[name]
	if a.Array != nil {
		v := expand.Variable{Kind: expand.Indexed, Set: true}
		if a.Append {
			v.List = slices.Clone(old.List)
		}
		for _, el := range a.Array.Elems {
			if el.Index != nil || el.Value == nil {
				return fmt.Errorf("%s: not available", name)
			}
			more, err := s.fields([]*syntax.Word{el.Value})
			if err != nil {
				return err
			}
			v.List = append(v.List, more...)
		}
		return environ{s}.Set(name, v)
	}
	value, err := s.literal(a.Value)
	if err != nil {
		return err
	}
	if a.Index != nil {
		return s.assignElement(name, old, a, value)
	}
	if a.Append {
		value = old.String() + value
	}
	return s.set(name, value)
}

func (s *session) assignElement(name string, old expand.Variable, a *syntax.Assign, value string) error {
	i, err := s.arithm(a.Index)
	if err != nil {
		return err
	}
	v := expand.Variable{Kind: expand.Indexed, Set: true, List: slices.Clone(old.List)}
	if old.Kind == expand.String && old.Set {
		v.List = []string{old.Str}
	}
	if i < 0 || i > len(v.List)+100 {
		return fmt.Errorf("%s[%d]: bad array subscript", name, i)
	}
	for len(v.List) <= i {
		v.List = append(v.List, "")
	}
	if a.Append {
		value = v.List[i] + value
	}
	v.List[i] = value
	return environ{s}.Set(name, v)
}
