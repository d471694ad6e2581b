package shell

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// streams are where a command reads and writes.
type streams struct {
	in       *input
	out, err *sink
}

// flow is what a list of commands does next.
type flow int

const (
	goOn flow = iota
	breaking
	continuing
	returning
	exiting
)

// session is the state of one shell or subshell.
type session struct {
	ws     *Workspace
	budget *budget
	streams

	dir    string
	vars   map[string]expand.Variable
	funcs  map[string]*syntax.Stmt
	params []string
	name   string // $0
	locals []map[string]expand.Variable

	status  int
	flow    flow
	loops   int // loops that break and continue still have to leave
	inLoop  int
	depth   int
	checked int // inside conditions, where errexit does not look
	random  uint32

	substituted bool // a command ran while the words of this one were expanded

	errexit, nounset, pipefail, noglob bool
}

func newSession(w *Workspace, b *budget) *session {
	s := &session{ws: w, budget: b, dir: root, name: "bash", funcs: map[string]*syntax.Stmt{}, vars: map[string]expand.Variable{}}
	for name, value := range map[string]string{"HOME": "/root", "PATH": "/usr/bin:/bin", "PWD": root, "USER": "root", "IFS": " \t\n", "OPTIND": "1", "LANG": "C.UTF-8"} {
		s.vars[name] = expand.Variable{Set: true, Exported: name != "IFS" && name != "OPTIND", Kind: expand.String, Str: value}
	}
	return s
}

// subshell is a copy that can change without a trace in s, but for the tree.
func (s *session) subshell() *session {
	sub := *s
	sub.vars, sub.funcs, sub.params = maps.Clone(s.vars), maps.Clone(s.funcs), slices.Clone(s.params)
	sub.locals = nil
	sub.depth++
	return &sub
}

// script parses and runs text in this session, and returns its exit code.
func (s *session) script(text string, io streams) int {
	if s.depth++; s.depth > maxDepth {
		s.depth--
		io.err.WriteString("bash: maximum nesting level exceeded\n")
		return 1
	}
	defer func() { s.depth-- }()
	if !s.budget.spend(len(text)) {
		return codeKilled
	}
	f, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err == nil {
		err = check(f)
	}
	if err != nil {
		fmt.Fprintf(io.err, "bash: %s\n", syntaxText(err))
		s.status = 2
		return 2
	}
	old := s.streams
	s.streams = io
	s.list(f.Stmts)
	s.streams = old
	return s.status
}

// syntaxText words a parser's error as bash does.
func syntaxText(err error) string {
	line, text := uint(1), err.Error()
	switch e := err.(type) {
	case syntax.ParseError:
		line, text = e.Pos.Line(), e.Text
	case syntax.LangError:
		line, text = e.Pos.Line(), e.Feature+" is not available"
	}
	return fmt.Sprintf("-c: line %d: syntax error: %s", line, text)
}

// say writes a message of the shell itself.
func (s *session) say(format string, args ...any) {
	fmt.Fprintf(s.err, "bash: "+format+"\n", args...)
}

// stopped says that nothing more is to run.
func (s *session) stopped() bool { return s.flow != goOn || !s.budget.live() }

// path makes p absolute and clean.
func (s *session) path(p string) string {
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Join(s.dir, p)
}

// read reads a file of the tree, or standard input for "-".
func (s *session) read(p string) (string, error) {
	switch p {
	case "-", "/dev/stdin":
		text := s.in.all()
		s.budget.spend(len(text))
		return text, nil
	case "/dev/null":
		return "", nil
	case "":
		return "", errNotExist
	}
	if strings.HasSuffix(p, "/") && s.ws.tree.isFile(s.path(p)) {
		return "", errNotDir
	}
	text, err := s.ws.tree.read(s.path(p))
	s.budget.spend(len(text))
	return text, err
}

// check refuses what is not available before anything runs.
func check(f *syntax.File) error {
	var fault error
	refuse := func(n syntax.Node, what string) {
		if fault == nil {
			fault = syntax.ParseError{Pos: n.Pos(), Text: what}
		}
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Stmt:
			if n.Background || n.Coprocess || n.Disown {
				refuse(n, "background jobs are not available")
			}
		case *syntax.ProcSubst:
			refuse(n, "process substitution is not available")
		case *syntax.CoprocClause:
			refuse(n, "coprocesses are not available")
		case *syntax.Word:
			if expansions(n) > maxExpansions {
				refuse(n, fmt.Sprintf("more than %d expansions in a word", maxExpansions))
			}
		case *syntax.ParamExp:
			if n.Repl != nil && n.Repl.With != nil && (expansions(n.Repl.With) > 0 || n.Repl.With.End().Offset()-n.Repl.With.Pos().Offset() > maxReplacement) {
				refuse(n, "bad substitution")
			}
		}
		return fault == nil
	})
	return fault
}

// expansions counts what may grow in a word.
func expansions(w *syntax.Word) int {
	n := 0
	syntax.Walk(w, func(node syntax.Node) bool {
		switch node.(type) {
		case *syntax.ParamExp, *syntax.CmdSubst, *syntax.ArithmExp:
			n++
		}
		return n <= maxExpansions
	})
	return n
}
