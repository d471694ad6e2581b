package shell

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// test evaluates [[ … ]].
func (s *session) test(x syntax.TestExpr) (bool, error) {
	if !s.budget.step() {
		return false, nil
	}
	switch x := x.(type) {
	case *syntax.ParenTest:
		return s.test(x.X)
	case *syntax.Word:
		v, err := s.literal(x)
		return v != "", err
	case *syntax.UnaryTest:
		if x.Op == syntax.TsNot {
			ok, err := s.test(x.X)
			return !ok, err
		}
		w, ok := x.X.(*syntax.Word)
		if !ok {
			return false, errors.New("conditional expression is not available")
		}
		v, err := s.literal(w)
		if err != nil {
			return false, err
		}
		return s.unary(x.Op.String(), v)
	case *syntax.BinaryTest:
		return s.binaryTest(x)
	}
	return false, errors.New("conditional expression is not available")
}

func (s *session) binaryTest(x *syntax.BinaryTest) (bool, error) {
	if x.Op == syntax.AndTest || x.Op == syntax.OrTest {
		ok, err := s.test(x.X)
		if err != nil || ok == (x.Op == syntax.OrTest) {
			return ok, err
		}
		return s.test(x.Y)
	}
	xw, ok1 := x.X.(*syntax.Word)
	yw, ok2 := x.Y.(*syntax.Word)
	if !ok1 || !ok2 {
		return false, errors.New("conditional expression is not available")
	}
	a, err := s.literal(xw)
	if err != nil {
		return false, err
	}
	switch x.Op {
	case syntax.TsMatchShort, syntax.TsMatch, syntax.TsNoMatch:
		p, err := s.pattern(yw)
		return matches(s.budget, p, a) == (x.Op != syntax.TsNoMatch), err
	}
	b, err := s.literal(yw)
	if err != nil {
		return false, err
	}
	if x.Op == syntax.TsReMatch {
		return s.regexpTest(a, b)
	}
	return s.compare(a, x.Op.String(), b)
}

func (s *session) regexpTest(a, expr string) (bool, error) {
	if len(expr) > maxPatternBytes {
		return false, errors.New("regular expression too big")
	}
	re, err := compileGo(expr, false)
	if err != nil {
		return false, errors.New("invalid regular expression")
	}
	if !re.spend(s.budget, a) {
		return false, nil
	}
	m := re.FindStringSubmatch(a)
	if m == nil {
		return false, nil
	}
	return true, environ{s}.Set("BASH_REMATCH", expand.Variable{Set: true, Kind: expand.Indexed, List: m})
}

// unary evaluates -f x and its like.
func (s *session) unary(op, v string) (bool, error) {
	t, p := s.ws.tree, s.path(v)
	switch op {
	case "-e", "-a":
		return v != "" && t.exists(p), nil
	case "-f":
		return v != "" && t.isFile(p), nil
	case "-d":
		return v != "" && t.isDir(p), nil
	case "-r":
		return v != "" && t.exists(p), nil
	case "-w":
		return t.exists(p) && (writable(p) || p == root || p == scratch), nil
	case "-x":
		return v != "" && t.isDir(p), nil
	case "-s":
		return t.isDir(p) || len(t.files[p]) > 0, nil
	case "-z":
		return v == "", nil
	case "-n":
		return v != "", nil
	case "-v":
		return environ{s}.Get(v).Set, nil
	case "-L", "-h", "-p", "-S", "-b", "-c", "-t", "-u", "-g", "-k", "-o":
		return false, nil
	}
	return false, fmt.Errorf("%s: unary operator expected", op)
}

// compare evaluates a -lt b and its like.
func (s *session) compare(a, op, b string) (bool, error) {
	switch op {
	case "=", "==":
		return a == b, nil
	case "!=":
		return a != b, nil
	case "<":
		return a < b, nil
	case ">":
		return a > b, nil
	case "-nt", "-ot", "-ef":
		return op == "-ef" && s.path(a) == s.path(b), nil
	}
	x, err := strconv.Atoi(strings.TrimSpace(a))
	if err != nil {
		return false, fmt.Errorf("%s: integer expression expected", a)
	}
	y, err := strconv.Atoi(strings.TrimSpace(b))
	if err != nil {
		return false, fmt.Errorf("%s: integer expression expected", b)
	}
	switch op {
	case "-eq":
		return x == y, nil
	case "-ne":
		return x != y, nil
	case "-lt":
		return x < y, nil
	case "-le":
		return x <= y, nil
	case "-gt":
		return x > y, nil
	case "-ge":
		return x >= y, nil
	}
	return false, fmt.Errorf("%s: binary operator expected", op)
}

// testCommand is test and [.
func testCommand(s *session, args []string) int {
	name, args := args[0], args[1:]
	if name == "[" {
		if len(args) == 0 || args[len(args)-1] != "]" {
			s.say("[: missing `]'")
			return 2
		}
		args = args[:len(args)-1]
	}
	p := &testParser{s: s, args: args}
	ok, err := p.or()
	if err == nil && len(p.args) > 0 {
		err = errors.New("too many arguments")
	}
	if err != nil {
		s.say("%s: %v", name, err)
		return 2
	}
	return oneIf(!ok)
}

// testParser reads the expressions of test, or before and before not.
type testParser struct {
	s     *session
	args  []string
	depth int
}

func (p *testParser) next(word string) bool {
	if len(p.args) > 0 && p.args[0] == word {
		p.args = p.args[1:]
		return true
	}
	return false
}

func (p *testParser) or() (bool, error) {
	ok, err := p.and()
	for err == nil && p.next("-o") {
		var right bool
		right, err = p.and()
		ok = ok || right
	}
	return ok, err
}

func (p *testParser) and() (bool, error) {
	ok, err := p.not()
	for err == nil && p.next("-a") {
		var right bool
		right, err = p.not()
		ok = ok && right
	}
	return ok, err
}

func (p *testParser) not() (bool, error) {
	if p.depth++; p.depth > maxDepth {
		return false, errors.New("expression too deep")
	}
	defer func() { p.depth-- }()
	n := len(p.args)
	if n == 0 {
		return false, nil
	}
	if n >= 3 {
		switch op := p.args[1]; op {
		case "=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef":
			a, b := p.args[0], p.args[2]
			p.args = p.args[3:]
			return p.s.compare(a, op, b)
		}
	}
	if n > 1 && p.next("!") {
		ok, err := p.not()
		return !ok, err
	}
	if n > 2 && p.next("(") {
		ok, err := p.or()
		if err == nil && !p.next(")") {
			err = errors.New("`)' expected")
		}
		return ok, err
	}
	if n >= 2 && strings.HasPrefix(p.args[0], "-") && len(p.args[0]) == 2 {
		op, v := p.args[0], p.args[1]
		p.args = p.args[2:]
		return p.s.unary(op, v)
	}
	v := p.args[0]
	p.args = p.args[1:]
	return v != "", nil
}
