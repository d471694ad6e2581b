package shell

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/swerm/swerm/microgym/harness"
)

// program says how much work a program may do.
func (c *cmd) program() harness.Limits {
	left := uint64(1)
	if c.budget.program < maxProgramSteps {
		left = maxProgramSteps - c.budget.program
	}
	return harness.Limits{Steps: min(left, harness.DefaultSteps), TotalSteps: left}
}

// programTree is what a program sees: the files of the task, and those of the folder
// it is started in when that lies elsewhere.
func (c *cmd) programTree() map[string]string {
	files := c.ws.tree.repo()
	if rel, ok := strings.CutPrefix(c.dir+"/", root+"/"); ok && rel == "" {
		return files
	}
	for p, text := range c.ws.tree.files { // load("x.star") next to the script
		if rel, ok := strings.CutPrefix(p, strings.TrimSuffix(c.dir, "/")+"/"); ok {
			if _, taken := files[rel]; !taken {
				files[rel] = text
			}
		}
	}
	return files
}

// starlark runs a file, -c SOURCE, or standard input.
func starlark(c *cmd) int {
	if c.budget.program >= maxProgramSteps {
		c.budget.exceed("too much work for programs")
		return codeKilled
	}
	var out harness.Script
	var err error
	switch ctx, l := c.budget.ctx, c.program(); {
	case len(c.args) > 1 && c.args[0] == "-c":
		out, err = harness.ExecSource(ctx, c.programTree(), c.args[1], l)
	case len(c.args) == 0 || c.args[0] == "-":
		text, _ := c.read("-")
		out, err = harness.ExecSource(ctx, c.programTree(), text, l)
	case strings.HasPrefix(c.args[0], "-"):
		c.err.WriteString("usage: starlark [-c source | file | -]\n")
		return 2
	default:
		out, err = c.starlarkFile(c.args[0], l)
	}
	if err != nil {
		c.budget.ended = err
		return 1
	}
	c.budget.program += out.Steps
	c.out.WriteString(out.Stdout)
	c.err.WriteString(out.Stderr)
	return out.Code
}

func (c *cmd) starlarkFile(name string, l harness.Limits) (harness.Script, error) {
	p := c.path(name)
	text, ok := c.ws.tree.files[p]
	if !ok {
		return harness.Script{Stderr: fmt.Sprintf("starlark: can't open file '%s': %v\n", name, c.ws.tree.missing(p)), Code: 2}, nil
	}
	files := c.programTree()
	rel := strings.TrimPrefix(strings.TrimPrefix(p, root), "/")
	files[rel] = text
	return harness.ExecFile(c.budget.ctx, files, rel, l)
}

// python knows one thing: the test runner.
func python(c *cmd) int {
	if len(c.args) >= 2 && c.args[0] == "-m" && c.args[1] == "pytest" {
		c.args = c.args[2:]
		return pytest(c)
	}
	c.missing(c.name, c.line)
	return 127
}

// pytest runs the tests of the tree.
func pytest(c *cmd) int {
	var o harness.TestOptions
	var v harness.Verbosity
	for i := 0; i < len(c.args); i++ {
		a := c.args[i]
		tb, isTB := strings.CutPrefix(a, "--tb=")
		switch {
		case a == "-q" || a == "--quiet" || a == "-qq":
			v.Level = harness.Quiet
		case a == "-v" || a == "--verbose" || a == "-vv":
			v.Level = harness.Verbose
		case a == "-x" || a == "--exitfirst" || a == "--maxfail=1":
			o.FailFast = true
		case a == "-rA":
			v.All = true
		case a == "-k" && i+1 < len(c.args):
			i++
			o.Keyword = c.args[i]
		case isTB:
			switch tb {
			case "long", "auto":
			case "short", "line", "no":
				v.Traceback = harness.Traceback(tb)
			default:
				fmt.Fprintf(c.err, "ERROR: usage: pytest [options] [file_or_dir] [...]\npytest: error: argument --tb: invalid choice: '%s'\n", cut(tb, 100))
				return 4
			}
		case a == "-s" || a == "-rf" || a == "-ra" || a == "--no-header" || a == "--color=no" || a == "-p" || strings.HasPrefix(a, "-p="):
		case strings.HasPrefix(a, "-"):
			fmt.Fprintf(c.err, "ERROR: usage: pytest [options] [file_or_dir] [...]\npytest: error: unrecognized arguments: %s\n", cut(a, 100))
			return 4
		default:
			file, test, _ := strings.Cut(a, "::")
			rel, ok := strings.CutPrefix(c.path(file)+"/", root+"/")
			if !ok {
				rel = file
			}
			rel = path.Clean(strings.TrimSuffix(rel, "/"))
			if test != "" {
				rel += "::" + test
			}
			o.Paths = append(o.Paths, rel)
		}
	}
	if len(o.Paths) == 0 && c.dir != root {
		o.Paths = []string{strings.TrimPrefix(c.dir, root+"/")}
	}
	return c.runTests(o, v)
}

func (c *cmd) runTests(o harness.TestOptions, v harness.Verbosity) int {
	if c.budget.program >= maxProgramSteps {
		c.budget.exceed("too much work for programs")
		return codeKilled
	}
	o.Limits = c.program()
	r, err := harness.RunTests(c.budget.ctx, c.ws.tree.repo(), o)
	if err != nil {
		c.budget.ended = err
		return 1
	}
	c.budget.program += r.Steps()
	c.out.WriteString(r.Text(v))
	return r.ExitCode()
}

// bash runs a script or -c COMMAND in a shell of its own.
func bash(c *cmd) int {
	sub := c.subshell()
	sub.funcs = map[string]*syntax.Stmt{}
	sub.params = nil
	args := c.args
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "-" && !strings.Contains(args[0], "c") {
		if strings.Contains(args[0], "e") {
			sub.errexit = true
		}
		args = args[1:]
	}
	text := ""
	switch {
	case len(args) > 1 && strings.HasPrefix(args[0], "-"):
		text = args[1]
		if len(args) > 2 {
			sub.name, sub.params = args[2], args[3:]
		}
	case len(args) == 0 || args[0] == "-":
		text, _ = c.read("-")
	default:
		var err error
		if text, err = c.read(args[0]); err != nil {
			fmt.Fprintf(c.err, "bash: %s: %v\n", args[0], err)
			return 127
		}
		sub.name, sub.params = args[0], args[1:]
	}
	return sub.script(text, c.streams)
}

// env prints the environment, or runs a command.
func env(c *cmd) int {
	for len(c.args) > 0 && strings.Contains(c.args[0], "=") {
		c.args = c.args[1:] // no command here reads a variable
	}
	if len(c.args) > 0 {
		return c.run(c.args)
	}
	for _, name := range slices.Sorted(maps.Keys(c.vars)) {
		if v := c.vars[name]; v.Exported {
			fmt.Fprintf(c.out, "%s=%s\n", name, v.String())
		}
	}
	return 0
}
