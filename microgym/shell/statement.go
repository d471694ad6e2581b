package shell

import (
	"fmt"
	"regexp"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/pattern"
	"mvdan.cc/sh/v3/syntax"
)

// list runs statements until one of them says to stop.
func (s *session) list(stmts []*syntax.Stmt) {
	for _, st := range stmts {
		if s.stopped() {
			return
		}
		s.statement(st)
	}
}

// statement runs one statement with its redirections.
func (s *session) statement(st *syntax.Stmt) {
	if !s.budget.step() {
		return
	}
	old := s.streams
	done, err := s.redirect(st.Redirs)
	if err != nil {
		s.say("%v", err)
		s.status = 1
	} else if st.Cmd != nil {
		if st.Negated {
			s.checked++
		}
		s.command(st.Cmd)
		if st.Negated {
			s.checked--
		}
	} else {
		s.status = 0
	}
	if err := done(); err != nil && s.status == 0 {
		s.streams = old
		s.say("%v", err)
		s.status = 1
	}
	s.streams = old
	if st.Negated {
		s.status = oneIf(s.status == 0)
	} else if s.status != 0 && s.errexit && s.checked == 0 && s.flow == goOn && !andOr(st.Cmd) {
		s.flow = exiting
	}
}

// andOr says whether a command is a list whose parts were looked at already.
func andOr(c syntax.Command) bool {
	b, ok := c.(*syntax.BinaryCmd)
	return ok && (b.Op == syntax.AndStmt || b.Op == syntax.OrStmt)
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *session) command(c syntax.Command) {
	switch c := c.(type) {
	case *syntax.CallExpr:
		s.call(c)
	case *syntax.BinaryCmd:
		s.binary(c)
	case *syntax.Block:
		s.list(c.Stmts)
	case *syntax.Subshell:
		s.inSubshell(c.Stmts)
	case *syntax.IfClause:
		s.ifClause(c)
	case *syntax.WhileClause:
		s.while(c)
	case *syntax.ForClause:
		s.forClause(c)
	case *syntax.CaseClause:
		s.caseClause(c)
	case *syntax.FuncDecl:
		if c.Name == nil { // the parser takes () without a name
			s.say("syntax is not available")
			s.status = 2
			return
		}
		s.funcs[c.Name.Value] = c.Body
		s.status = 0
	case *syntax.DeclClause:
		s.declare(c)
	case *syntax.TestClause:
		ok, err := s.test(c.X)
		s.answer(ok, err)
	case *syntax.ArithmCmd:
		n, err := s.arithm(c.X)
		s.answer(n != 0, err)
	case *syntax.LetClause:
		for _, x := range c.Exprs {
			n, err := s.arithm(x)
			s.answer(n != 0, err)
		}
	case *syntax.TimeClause:
		if c.Stmt != nil {
			s.statement(c.Stmt)
		}
	default:
		s.say("syntax is not available")
		s.status = 2
	}
}

// answer sets the status of a condition.
func (s *session) answer(ok bool, err error) {
	s.status = oneIf(!ok)
	if err != nil {
		s.say("%v", err)
		s.status = 2
	}
}

func (s *session) inSubshell(stmts []*syntax.Stmt) {
	sub := s.subshell()
	if sub.depth > maxDepth {
		s.say("maximum nesting level exceeded")
		s.status = 1
		return
	}
	sub.flow = goOn
	sub.list(stmts)
	s.status = sub.status
}

// condition runs statements whose failure is an answer.
func (s *session) condition(stmts []*syntax.Stmt) bool {
	s.checked++
	s.list(stmts)
	s.checked--
	return s.status == 0 && !s.stopped()
}

func (s *session) binary(c *syntax.BinaryCmd) {
	switch c.Op {
	case syntax.AndStmt, syntax.OrStmt:
		s.checked++
		s.statement(c.X)
		s.checked--
		if !s.stopped() && (s.status == 0) == (c.Op == syntax.AndStmt) {
			s.statement(c.Y)
			if s.status != 0 && s.errexit && s.checked == 0 && s.flow == goOn {
				s.flow = exiting
			}
		}
	default:
		s.pipe(c)
	}
}

// pipe runs the left side to its end, and then the right one on what it wrote.
// What would be a race between two processes has one outcome here.
func (s *session) pipe(c *syntax.BinaryCmd) {
	out := &sink{budget: s.budget}
	left := s.subshell()
	if left.depth > maxDepth {
		s.say("maximum nesting level exceeded")
		s.status = 1
		return
	}
	left.out = out
	if c.Op == syntax.PipeAll {
		left.err = out
	}
	left.statement(c.X)
	right := s.subshell()
	right.in = &input{out.b.String()}
	right.statement(c.Y)
	s.status = right.status
	if s.pipefail && s.status == 0 {
		s.status = left.status
	}
}

func (s *session) ifClause(c *syntax.IfClause) {
	for ; c != nil; c = c.Else {
		if len(c.Cond) == 0 || s.condition(c.Cond) { // a plain else has no condition
			s.status = 0
			s.list(c.Then)
			return
		}
		if s.stopped() {
			return
		}
	}
	s.status = 0
}

func (s *session) while(c *syntax.WhileClause) {
	status := 0
	for s.budget.step() {
		ok := s.condition(c.Cond)
		if s.stopped() || ok == c.Until {
			break
		}
		s.status = 0
		if s.round(c.Do) {
			status = s.status
			break
		}
		status = s.status
	}
	if !s.stopped() {
		s.status = status
	}
}

// round runs the body of a loop once; true means to leave the loop.
func (s *session) round(body []*syntax.Stmt) bool {
	s.inLoop++
	s.list(body)
	s.inLoop--
	switch s.flow {
	case breaking, continuing:
		if s.loops--; s.loops > 0 {
			return true // an outer loop's turn
		}
		left := s.flow == breaking
		s.flow = goOn
		return left
	}
	return s.stopped()
}

func (s *session) forClause(c *syntax.ForClause) {
	switch l := c.Loop.(type) {
	case *syntax.WordIter:
		items := s.params
		if l.InPos.IsValid() {
			var err error
			if items, err = s.fields(l.Items); err != nil {
				s.fault(err)
				return
			}
		}
		s.status = 0
		if c.Select {
			s.say("select is not available")
			s.status = 2
			return
		}
		for _, item := range items {
			if !s.budget.step() {
				return
			}
			if err := s.set(l.Name.Value, item); err != nil {
				s.fault(err)
				return
			}
			if s.round(c.Do) {
				return
			}
		}
	case *syntax.CStyleLoop:
		s.cLoop(l, c.Do)
	}
}

func (s *session) cLoop(l *syntax.CStyleLoop, body []*syntax.Stmt) {
	step := func(x syntax.ArithmExpr) (int, bool) {
		if x == nil {
			return 1, true
		}
		n, err := s.arithm(x)
		if err != nil {
			s.fault(err)
		}
		return n, err == nil
	}
	if _, ok := step(l.Init); !ok {
		return
	}
	s.status = 0
	for s.budget.step() {
		if n, ok := step(l.Cond); !ok || n == 0 {
			return
		}
		if s.round(body) {
			return
		}
		if _, ok := step(l.Post); !ok {
			return
		}
	}
}

func (s *session) caseClause(c *syntax.CaseClause) {
	word, err := s.literal(c.Word)
	if err != nil {
		s.fault(err)
		return
	}
	s.status = 0
	fall := false
	for _, item := range c.Items {
		for _, w := range item.Patterns {
			p, err := s.pattern(w)
			if err != nil {
				s.fault(err)
				return
			}
			if fall = fall || matches(s.budget, p, word); fall {
				break
			}
		}
		if !fall {
			continue
		}
		s.list(item.Stmts)
		switch item.Op {
		case syntax.Fallthrough:
		case syntax.Resume:
			fall = false
		default:
			return
		}
	}
}

// matches is the shell's pattern matching. The pattern is compiled each time,
// and matching takes up to the product of both lengths: that is paid for.
func matches(b *budget, pat, s string) bool {
	if !b.spend(16*len(pat) + (1+len(pat)/patternSlice)*len(s)) {
		return false
	}
	expr, err := pattern.Regexp(pat, pattern.EntireString|pattern.ExtendedOperators)
	if err != nil {
		return pat == s
	}
	re, err := regexp.Compile(expr)
	return err == nil && re.MatchString(s)
}

// fault reports a failed expansion.
func (s *session) fault(err error) {
	s.say("%v", err)
	s.status = 1
	if _, unset := err.(expand.UnsetParameterError); unset {
		s.flow = exiting
	}
}

func (s *session) declare(c *syntax.DeclClause) {
	s.status = 0
	local := c.Variant.Value == "local" || (c.Variant.Value == "declare" || c.Variant.Value == "typeset") && len(s.locals) > 0
	export, readonly := c.Variant.Value == "export", c.Variant.Value == "readonly"
	for _, a := range c.Args {
		if a.Name == nil { // an option, or a word to be expanded
			opt, err := s.literal(a.Value)
			if err != nil {
				s.fault(err)
				return
			}
			switch opt {
			case "-x":
				export = true
			case "-r":
				readonly = true
			case "-i", "-a", "-g", "-p", "--":
			default:
				s.say("%s: %s: not available", c.Variant.Value, opt)
				s.status = 1
				return
			}
			continue
		}
		if local {
			s.makeLocal(a.Name.Value)
		}
		if !a.Naked || a.Array != nil {
			if err := s.assign(a); err != nil {
				s.fault(err)
				return
			}
		}
		v := s.vars[a.Name.Value]
		v.Exported, v.ReadOnly = v.Exported || export, v.ReadOnly || readonly
		if v.Set {
			s.vars[a.Name.Value] = v
		}
	}
}

// makeLocal remembers a variable until the function returns.
func (s *session) makeLocal(name string) {
	if len(s.locals) == 0 {
		return
	}
	saved := s.locals[len(s.locals)-1]
	if _, ok := saved[name]; !ok {
		saved[name] = s.vars[name]
		delete(s.vars, name)
	}
}

// callFunction runs a function of the session.
func (s *session) callFunction(body *syntax.Stmt, args []string) {
	if s.depth++; s.depth > maxDepth {
		s.depth--
		s.say("%s: maximum function nesting level exceeded (%d)", args[0], maxDepth)
		s.status = 1
		s.flow = exiting
		return
	}
	params, inLoop := s.params, s.inLoop
	s.params, s.inLoop = args[1:], 0
	s.locals = append(s.locals, map[string]expand.Variable{})
	s.statement(body)
	for name, v := range s.locals[len(s.locals)-1] {
		if v.Set {
			s.vars[name] = v
		} else {
			delete(s.vars, name)
		}
	}
	s.locals = s.locals[:len(s.locals)-1]
	s.params, s.inLoop = params, inLoop
	s.depth--
	if s.flow == returning {
		s.flow = goOn
	}
}

// call expands and runs a simple command.
func (s *session) call(c *syntax.CallExpr) {
	s.substituted = false
	args, err := s.fields(c.Args)
	if err != nil {
		s.fault(err)
		return
	}
	if len(args) == 0 {
		for _, a := range c.Assigns {
			if err := s.assign(a); err != nil {
				s.fault(err)
				return
			}
		}
		if !s.substituted { // the status of x=$(false) is that of false
			s.status = 0
		}
		return
	}
	saved := map[string]expand.Variable{}
	for _, a := range c.Assigns { // x=1 command: for this command alone
		if _, ok := saved[a.Name.Value]; !ok {
			saved[a.Name.Value] = s.vars[a.Name.Value]
		}
		if err := s.assign(a); err != nil {
			s.fault(err)
			return
		}
	}
	s.execute(args, c.Pos().Line())
	for name, v := range saved {
		if v.Set {
			s.vars[name] = v
		} else {
			delete(s.vars, name)
		}
	}
}

// execute runs a function, a builtin or a command.
func (s *session) execute(args []string, line uint) {
	name := args[0]
	if body := s.funcs[name]; body != nil {
		s.callFunction(body, args)
		return
	}
	if b := builtin(name); b != nil {
		s.status = b(s, args)
		return
	}
	run := lookup(name)
	if run == nil {
		s.missing(name, line)
		return
	}
	s.status = run(&cmd{session: s, name: base(name), args: args[1:], line: line})
}

func (s *session) missing(name string, line uint) {
	where := fmt.Sprintf("line %d: %s", line, cut(name, 200))
	s.status = 127
	if p := s.path(name); contains(name, "/") {
		switch {
		case s.ws.tree.isDir(p):
			s.say("%s: Is a directory", where)
			s.status = 126
		case s.ws.tree.isFile(p):
			s.say("%s: Permission denied", where)
			s.status = 126
		default:
			s.say("%s: No such file or directory", where)
		}
		return
	}
	s.say("%s: command not found", where)
}
