package shell

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"
)

// cmd is one call of a command that is no builtin.
type cmd struct {
	*session
	name string
	args []string
	line uint
}

// lookup finds a command by its name, or by its path in /bin and /usr/bin.
func lookup(name string) func(*cmd) int {
	if strings.Contains(name, "/") && path.Dir(name) != "/usr/bin" && path.Dir(name) != "/bin" {
		return nil
	}
	switch path.Base(name) {
	case "cat":
		return cat
	case "nl":
		return nl
	case "head", "tail":
		return ends
	case "wc":
		return wc
	case "sort":
		return sortLines
	case "uniq":
		return uniq
	case "cut":
		return cutFields
	case "tr":
		return translate
	case "tee":
		return tee
	case "seq":
		return seq
	case "diff":
		return compareFiles
	case "grep", "egrep", "fgrep":
		return grep
	case "sed":
		return sed
	case "ls":
		return ls
	case "find":
		return find
	case "xargs":
		return xargs
	case "mkdir":
		return mkdir
	case "rmdir":
		return rmdir
	case "cp", "mv":
		return copyFiles
	case "rm":
		return rm
	case "touch":
		return touch
	case "basename", "dirname":
		return pathPart
	case "git":
		return git
	case "starlark":
		return starlark
	case "pytest", "py.test":
		return pytest
	case "python", "python3":
		return python
	case "bash", "sh":
		return bash
	case "env":
		return env
	case "whoami":
		return func(c *cmd) int { fmt.Fprintln(c.out, "root"); return 0 }
	case "chmod", "sleep", "clear", "sync":
		return func(*cmd) int { return 0 }
	case "submit":
		return func(c *cmd) int { c.ws.submitted = true; c.flow = exiting; return 0 }
	}
	return nil
}

func base(name string) string { return path.Base(name) }

func contains(s, sub string) bool { return strings.Contains(s, sub) }

// fail writes a message of the command and returns 1.
func (c *cmd) fail(format string, args ...any) int {
	fmt.Fprintf(c.err, "%s: %s\n", c.name, cut(fmt.Sprintf(format, args...), 400))
	return 1
}

// cut bounds what a message quotes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

// flags is what options parsed to: the last value of each, "" for those
// without.
type flags map[string]string

func (f flags) has(name string) bool { _, ok := f[name]; return ok }

// options takes options off the arguments. spec lists single letters, a colon
// behind those that take a value; long names map to letters. Operands may
// stand before options, as GNU allows.
func (c *cmd) options(spec string, long map[string]string) (flags, []string, bool) {
	set, rest := flags{}, []string{}
	for i := 0; i < len(c.args); i++ {
		a := c.args[i]
		switch {
		case a == "--":
			return set, append(rest, c.args[i+1:]...), true
		case strings.HasPrefix(a, "--"):
			name, value, given := strings.Cut(a[2:], "=")
			letter, ok := long[name]
			if !ok {
				c.fail("unrecognized option '%s'", a)
				return nil, nil, false
			}
			if strings.Contains(spec, letter+":") && !given && i+1 < len(c.args) {
				i++
				value = c.args[i]
			}
			set[letter] = value
		case len(a) > 1 && a[0] == '-':
			used, ok := c.letters(set, spec, a[1:], c.args[i+1:])
			if !ok {
				return nil, nil, false
			}
			i += used
		default:
			rest = append(rest, a)
		}
	}
	return set, rest, true
}

// letters reads a cluster of single-letter options, and says how many of the
// arguments behind it were values.
func (c *cmd) letters(set flags, spec, cluster string, next []string) (int, bool) {
	for j := range len(cluster) {
		letter := cluster[j : j+1]
		k := strings.Index(spec, letter)
		if k < 0 || letter == ":" {
			c.fail("invalid option -- '%s'", letter)
			return 0, false
		}
		if k+1 >= len(spec) || spec[k+1] != ':' {
			set[letter] = ""
			continue
		}
		if v := cluster[j+1:]; v != "" {
			set[letter] = v
			return 0, true
		}
		if len(next) == 0 {
			c.fail("option requires an argument -- '%s'", letter)
			return 0, false
		}
		set[letter] = next[0]
		return 1, true
	}
	return 0, true
}

// inputs reads the named files, or standard input when there are none, and
// calls use for each. Those that cannot be read are reported.
func (c *cmd) inputs(names []string, use func(name, text string)) int {
	if len(names) == 0 {
		names = []string{"-"}
	}
	code := 0
	for _, n := range names {
		if !c.budget.live() {
			return 1
		}
		text, err := c.read(n)
		if err != nil {
			code = c.fail("%s: %v", n, err)
			continue
		}
		use(n, text)
	}
	return code
}

// splitLines is the lines of text without their ends.
func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
