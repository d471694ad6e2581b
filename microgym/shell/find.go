package shell

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// finder is one run of find.
type finder struct {
	*cmd
	terms    [][]findTerm // any of these, all of each
	min, max int
	gather   []string // the command of -exec … +
	gathered []string
	shown    string // path of the file, as find shows it
	code     int
}

// findTerm is one test or action.
type findTerm struct {
	not    bool
	action bool
	test   func(p string, dir bool) bool
}

func find(c *cmd) int {
	var starts []string
	for len(c.args) > 0 && !strings.HasPrefix(c.args[0], "-") && c.args[0] != "!" && c.args[0] != "(" {
		starts = append(starts, c.args[0])
		c.args = c.args[1:]
	}
	if len(starts) == 0 {
		starts = []string{"."}
	}
	f := &finder{cmd: c, max: 1 << 30}
	if err := f.parse(); err != nil {
		return c.fail("%v", err)
	}
	for _, s := range starts {
		p := c.path(s)
		if !c.ws.tree.exists(p) {
			f.code = c.fail("'%s': %v", s, c.ws.tree.missing(p))
			continue
		}
		f.search(s, p)
	}
	if len(f.gather) > 0 && len(f.gathered) > 0 {
		f.run(append(f.gather, f.gathered...))
	}
	return f.code
}

// search visits p, that was named s. What -exec removes is visited no more.
func (f *finder) search(s, p string) {
	var all []string
	f.ws.tree.walk(p, func(q string, _ bool) { all = append(all, q) })
	for _, q := range all {
		depth := strings.Count(strings.TrimPrefix(q, strings.TrimSuffix(p, "/")), "/")
		if q == p {
			depth = 0
		}
		if depth < f.min || depth > f.max || !f.ws.tree.exists(q) {
			continue
		}
		if !f.budget.spend(64) {
			return
		}
		f.shown = s
		if q != p {
			f.shown = strings.TrimSuffix(s, "/") + "/" + strings.TrimPrefix(strings.TrimPrefix(q, p), "/")
		}
		f.visit(q)
	}
}

func (f *finder) visit(q string) {
	dir := f.ws.tree.isDir(q)
	for _, all := range f.terms {
		ok := true
		for _, t := range all {
			if ok = t.test(q, dir) != t.not; !ok {
				break
			}
		}
		if ok {
			return
		}
	}
}

// parse reads the expression. Terms are joined by and, -o starts a new list.
func (f *finder) parse() error {
	args := f.args
	list, acted := []findTerm{}, false
	not := false
	take := func() (string, error) {
		if len(args) == 0 {
			return "", fmt.Errorf("missing argument")
		}
		v := args[0]
		args = args[1:]
		return v, nil
	}
	for len(args) > 0 {
		op := args[0]
		args = args[1:]
		switch op {
		case "!", "-not":
			not = !not
			continue
		case "-o", "-or":
			f.terms = append(f.terms, list)
			list = nil
			continue
		case "-a", "-and":
			continue
		case "-maxdepth", "-mindepth":
			v, err := take()
			n, err2 := strconv.Atoi(v)
			if err != nil || err2 != nil {
				return fault(fmt.Sprintf("Expected a positive decimal integer argument to %s, but got '%s'", op, v))
			}
			if op == "-maxdepth" {
				f.max = n
			} else {
				f.min = n
			}
			continue
		case "-exec":
			var command []string
			for {
				v, err := take()
				if err != nil {
					return fmt.Errorf("missing argument to `-exec'")
				}
				if v == ";" {
					list = append(list, findTerm{not, true, f.exec(command)})
					break
				}
				if v == "+" && len(command) > 0 && command[len(command)-1] == "{}" {
					f.gather = command[:len(command)-1]
					list = append(list, findTerm{not, true, func(string, bool) bool { f.gathered = append(f.gathered, f.shown); return true }})
					break
				}
				command = append(command, v)
			}
			not, acted = false, true
			continue
		}
		value := ""
		if strings.Contains(" -name -iname -path -wholename -type ", " "+op+" ") {
			var err error
			if value, err = take(); err != nil {
				return fmt.Errorf("missing argument to `%s'", op)
			}
		}
		t, action, err := f.term(op, value)
		if err != nil {
			return err
		}
		list = append(list, findTerm{not, action, t})
		not, acted = false, acted || action
	}
	f.terms = append(f.terms, list)
	if !acted {
		for i := range f.terms {
			f.terms[i] = append(f.terms[i], findTerm{action: true, test: f.print})
		}
	}
	return nil
}

func (f *finder) print(string, bool) bool { fmt.Fprintln(f.out, f.shown); return true }

// term makes one test or action.
func (f *finder) term(op, v string) (test func(string, bool) bool, action bool, err error) {
	switch op {
	case "-name":
		return func(q string, _ bool) bool { return matches(f.budget, v, path.Base(q)) }, false, nil
	case "-iname":
		return func(q string, _ bool) bool {
			return matches(f.budget, strings.ToLower(v), strings.ToLower(path.Base(q)))
		}, false, nil
	case "-path", "-wholename":
		return func(string, bool) bool { return matches(f.budget, v, f.shown) }, false, nil
	case "-type":
		return func(_ string, dir bool) bool { return dir && v == "d" || !dir && v == "f" }, false, nil
	case "-empty":
		return func(q string, dir bool) bool {
			return dir && len(f.ws.tree.list(q)) == 0 || !dir && f.ws.tree.files[q] == ""
		}, false, nil
	case "-print":
		return f.print, true, nil
	case "-delete":
		return func(q string, _ bool) bool {
			err := f.ws.tree.remove(q)
			if err != nil {
				f.code = f.fail("cannot delete '%s': %v", f.shown, err)
			}
			return err == nil
		}, true, nil
	}
	return nil, false, fmt.Errorf("unknown predicate `%s'", op)
}

// exec runs a command for one file.
func (f *finder) exec(command []string) func(string, bool) bool {
	return func(string, bool) bool {
		args := make([]string, len(command))
		for i, a := range command {
			args[i] = strings.ReplaceAll(a, "{}", f.shown)
		}
		return len(args) > 0 && f.run(args) == 0
	}
}

// run runs a command from within another one.
func (c *cmd) run(args []string) int {
	if !c.budget.step() {
		return 1
	}
	if c.depth++; c.depth > maxDepth {
		c.depth--
		return c.fail("nested too deep")
	}
	c.execute(args, c.line)
	c.depth--
	return c.status
}

func xargs(c *cmd) int {
	var each string
	n := 0
	for len(c.args) > 0 && strings.HasPrefix(c.args[0], "-") {
		a := c.args[0]
		c.args = c.args[1:]
		switch {
		case a == "-r" || a == "-0" || a == "-t" || a == "--no-run-if-empty":
		case (a == "-n" || a == "-I" || a == "-L") && len(c.args) > 0:
			if a == "-I" {
				each = c.args[0]
			} else if n, _ = strconv.Atoi(c.args[0]); n < 1 {
				return c.fail("invalid number \"%s\" for %s option", c.args[0], a)
			}
			c.args = c.args[1:]
		case strings.HasPrefix(a, "-n"):
			if n, _ = strconv.Atoi(a[2:]); n < 1 {
				return c.fail("invalid number \"%s\" for -n option", a[2:])
			}
		case strings.HasPrefix(a, "-I"):
			each = a[2:]
		default:
			return c.fail("invalid option -- '%s'", strings.TrimLeft(a, "-"))
		}
	}
	if len(c.args) == 0 {
		c.args = []string{"echo"}
	}
	text, _ := c.read("-")
	items := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == 0 })
	if each != "" {
		items, n = splitLines(text), 1
	}
	if n == 0 {
		n = max(len(items), 1)
	}
	code := 0
	for i := 0; i < len(items) && c.budget.live(); i += n {
		args := append([]string{}, c.args...)
		if each != "" {
			for j, a := range args {
				args[j] = cut(strings.ReplaceAll(a, each, items[i]), maxVariableBytes)
			}
		} else {
			args = append(args, items[i:min(i+n, len(items))]...)
		}
		if c.run(args) != 0 {
			code = 123
		}
	}
	return code
}
