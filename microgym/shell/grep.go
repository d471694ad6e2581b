package shell

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// grepper is one run of grep.
type grepper struct {
	*cmd
	flags
	match         *matcher
	names         bool // print the name of each file
	before, after int
	most          int
	include       []string
	exclude       []string
	found         bool
}

func grep(c *cmd) int {
	var lists [2][]string // --include and --exclude may be given again and again
	var patterns, args []string
	for i := 0; i < len(c.args); i++ {
		a := c.args[i]
		switch {
		case strings.HasPrefix(a, "--include="):
			lists[0] = append(lists[0], a[len("--include="):])
		case strings.HasPrefix(a, "--exclude=") || strings.HasPrefix(a, "--exclude-dir="):
			_, v, _ := strings.Cut(a, "=")
			lists[1] = append(lists[1], v)
		case a == "-e" && i+1 < len(c.args):
			i++
			patterns = append(patterns, c.args[i])
		case len(a) > 1 && a[0] == '-' && strings.Trim(a[1:], "0123456789") == "":
			args = append(args, "-C", a[1:])
		default:
			args = append(args, a)
		}
	}
	c.args = args
	f, rest, ok := c.options("nrRiIlLcvwxoqhHsEFPGA:B:C:m:e:a", map[string]string{"line-number": "n", "recursive": "r", "ignore-case": "i", "files-with-matches": "l",
		"count": "c", "invert-match": "v", "word-regexp": "w", "only-matching": "o", "quiet": "q", "extended-regexp": "E", "fixed-strings": "F", "color": "a",
		"colour": "a", "no-filename": "h", "with-filename": "H", "line-regexp": "x", "context": "C", "after-context": "A", "before-context": "B", "regexp": "e", "max-count": "m"})
	if !ok {
		return 2
	}
	if f.has("e") {
		patterns = append(patterns, f["e"])
	}
	if len(patterns) == 0 {
		if len(rest) == 0 {
			c.err.WriteString("Usage: grep [OPTION]... PATTERNS [FILE]...\n")
			return 2
		}
		patterns, rest = rest[:1], rest[1:]
	}
	g := &grepper{cmd: c, flags: f, include: lists[0], exclude: lists[1], most: 1 << 30}
	if !g.prepare(patterns) {
		return 2
	}
	return g.run(rest)
}

// prepare compiles the pattern and reads the numbers.
func (g *grepper) prepare(patterns []string) bool {
	var alternatives []string
	for _, p := range patterns {
		alternatives = append(alternatives, strings.Split(p, "\n")...)
	}
	extended := g.has("E") || g.has("P") || g.name == "egrep"
	for i, p := range alternatives {
		if g.has("F") || g.name == "fgrep" {
			p = regexp.QuoteMeta(p)
		} else if extended {
			p = extendedToGo(p)
		} else {
			p = basicToGo(p)
		}
		if g.has("w") {
			p = `\b(?:` + p + `)\b`
		}
		if g.has("x") {
			p = "^(?:" + p + ")$"
		}
		alternatives[i] = p
	}
	expr := strings.Join(alternatives, "|")
	m, err := compileGo(expr, g.has("i"))
	if err != nil {
		g.fail("%v", err)
		return false
	}
	g.match = m
	for flag, to := range map[string][]*int{"C": {&g.before, &g.after}, "A": {&g.after}, "B": {&g.before}, "m": {&g.most}} {
		if !g.has(flag) {
			continue
		}
		n, err := strconv.Atoi(g.flags[flag])
		if err != nil || n < 0 {
			g.fail("%s: invalid context length argument", g.flags[flag])
			return false
		}
		for _, t := range to {
			*t = n
		}
	}
	return true
}

func (g *grepper) run(names []string) int {
	recursive := g.has("r") || g.has("R")
	if len(names) == 0 && recursive {
		names = []string{"."}
	}
	g.names = (len(names) > 1 || recursive || g.has("H")) && !g.has("h")
	code := 0
	if len(names) == 0 {
		text, _ := g.read("-")
		g.search("(standard input)", text)
	}
	for _, n := range names {
		p := g.path(n)
		switch {
		case g.ws.tree.isDir(p) && !recursive:
			g.fail("%s: Is a directory", n)
			code = 2
		case g.ws.tree.isDir(p):
			g.searchTree(n, p)
		default:
			text, err := g.read(n)
			if err != nil {
				if !g.has("s") {
					g.fail("%s: %v", n, err)
				}
				code = 2
				continue
			}
			g.search(n, text)
		}
		if !g.budget.live() {
			return 2
		}
	}
	if g.found && (code == 0 || g.has("q")) {
		return 0
	}
	return max(code, oneIf(!g.found))
}

// searchTree searches the files below the folder p, that was named n.
func (g *grepper) searchTree(n, p string) {
	g.ws.tree.walk(p, func(q string, dir bool) {
		rel := strings.TrimPrefix(strings.TrimPrefix(q, p), "/")
		if dir || !g.budget.live() || !g.wanted(rel) {
			return
		}
		shown := rel // grep -r x shows names without ./
		if n != "." || g.listed() {
			shown = strings.TrimSuffix(n, "/") + "/" + rel
		}
		text, err := g.read(q)
		if err == nil {
			g.search(shown, text)
		}
	})
}

// listed says whether the folder was named, so that names start with it.
func (g *grepper) listed() bool {
	for _, a := range g.args {
		if a == "." || a == "./" {
			return true
		}
	}
	return false
}

func (g *grepper) wanted(rel string) bool {
	for _, x := range g.exclude {
		for part := range strings.SplitSeq(rel, "/") {
			if matches(g.budget, x, part) {
				return false
			}
		}
	}
	for _, x := range g.include {
		if matches(g.budget, x, path.Base(rel)) {
			return true
		}
	}
	return len(g.include) == 0
}

// search searches one text and prints what is asked for.
func (g *grepper) search(name, text string) {
	if !g.match.spend(g.budget, text) {
		return
	}
	lines := splitLines(text)
	var hits []int
	for i, l := range lines {
		if g.match.MatchString(l) != g.has("v") && len(hits) < g.most {
			hits = append(hits, i)
		}
	}
	g.found = g.found || len(hits) > 0
	prefix := ""
	if g.names {
		prefix = name + ":"
	}
	switch {
	case g.has("q"):
	case g.has("l") || g.has("L"):
		if (len(hits) > 0) == g.has("l") {
			fmt.Fprintln(g.out, name)
		}
	case g.has("c"):
		fmt.Fprintf(g.out, "%s%d\n", prefix, len(hits))
	case g.has("o"):
		g.parts(prefix, lines, hits)
	default:
		g.lines(name, lines, hits)
	}
}

func (g *grepper) parts(prefix string, lines []string, hits []int) {
	for _, i := range hits {
		for _, m := range g.match.FindAllString(lines[i], -1) {
			number := ""
			if g.has("n") {
				number = strconv.Itoa(i+1) + ":"
			}
			if m != "" {
				g.out.WriteString(prefix + number + m + "\n")
			}
		}
	}
}

// lines prints hits and the lines around them.
func (g *grepper) lines(name string, lines []string, hits []int) {
	done := 0 // lines up to here are printed
	for k, i := range hits {
		from := max(i-g.before, done)
		if k > 0 && from > done && g.before+g.after > 0 {
			g.out.WriteString("--\n")
		}
		to := min(i+g.after, len(lines)-1)
		if k+1 < len(hits) {
			to = min(to, hits[k+1]-1)
		}
		for j := from; j <= to; j++ {
			sep := "-"
			if j == i {
				sep = ":"
			}
			if g.names {
				g.out.WriteString(name + sep)
			}
			if g.has("n") {
				g.out.WriteString(strconv.Itoa(j+1) + sep)
			}
			g.out.WriteString(lines[j] + "\n")
		}
		done = max(done, to+1)
	}
}
