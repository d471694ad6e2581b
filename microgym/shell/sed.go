package shell

import (
	"errors"
	"fmt"
	"strings"
)

// sedRun is one run of sed.
type sedRun struct {
	*cmd
	script []*sedCommand
	quiet  bool // -n
	out    *strings.Builder
	quit   bool
}

func sed(c *cmd) int {
	var scripts, args []string
	inPlace := false
	for i := 0; i < len(c.args); i++ {
		switch a := c.args[i]; {
		case (a == "-e" || a == "--expression") && i+1 < len(c.args):
			i++
			scripts = append(scripts, c.args[i])
		case strings.HasPrefix(a, "-i") || strings.HasPrefix(a, "--in-place"): // a suffix for copies is dropped
			inPlace = true
		default:
			args = append(args, a)
		}
	}
	c.args = args
	f, rest, ok := c.options("nErszi", map[string]string{"quiet": "n", "silent": "n", "regexp-extended": "E"})
	if !ok {
		return 1
	}
	inPlace = inPlace || f.has("i")
	if len(scripts) == 0 {
		if len(rest) == 0 {
			c.err.WriteString("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n")
			return 1
		}
		scripts, rest = rest[:1], rest[1:]
	}
	p := &sedParser{text: strings.Join(scripts, "\n"), extended: f.has("E") || f.has("r")}
	script, err := p.parse()
	if err != nil {
		return c.fail("-e expression #1, char %d: %v", p.at, err)
	}
	r := &sedRun{cmd: c, script: script, quiet: f.has("n"), out: &strings.Builder{}}
	if !inPlace {
		var all strings.Builder
		code := c.inputs(rest, func(_, text string) { all.WriteString(text) })
		r.edit(all.String())
		c.out.WriteString(r.out.String())
		return 2 * code
	}
	return r.inPlace(rest)
}

func (r *sedRun) inPlace(names []string) int {
	if len(names) == 0 {
		return r.fail("no input files")
	}
	code := 0
	for _, n := range names {
		switch p := r.path(n); {
		case r.ws.tree.isDir(p):
			code = 4
			r.fail("couldn't edit %s: not a regular file", n)
		case !r.ws.tree.isFile(p):
			code = 2
			r.fail("can't read %s: %v", n, r.ws.tree.missing(p))
		default:
			text, _ := r.read(n)
			r.out.Reset()
			r.quit = false
			for _, k := range r.script {
				k.active, k.from = false, 0
			}
			r.edit(text)
			if !r.budget.live() {
				return 1
			}
			if err := r.ws.tree.write(p, r.out.String()); err != nil {
				code = 4
				r.fail("couldn't edit %s: %v", n, err)
			}
		}
	}
	return code
}

// edit runs the script over every line of text.
func (r *sedRun) edit(text string) {
	lines := splitLines(text)
	ended := text == "" || strings.HasSuffix(text, "\n")
	for i, line := range lines {
		if r.quit || !r.budget.spend(len(line)+16*len(r.script)) || r.out.Len() > maxFileBytes {
			return
		}
		end := "\n"
		if i == len(lines)-1 && !ended {
			end = ""
		}
		r.line(line, i+1, i == len(lines)-1, end)
	}
}

// line runs the script over one line.
func (r *sedRun) line(line string, n int, last bool, end string) {
	var after strings.Builder
	deleted := false
	for _, k := range r.script {
		if !r.selected(k, line, n, last) {
			continue
		}
		switch k.verb {
		case 'd':
			deleted = true
		case 'p':
			r.out.WriteString(line + "\n")
		case '=':
			fmt.Fprintf(r.out, "%d\n", n)
		case 'i':
			r.out.WriteString(k.text + "\n")
		case 'a':
			after.WriteString(k.text + "\n")
		case 'c':
			if !k.active || k.last == nil || last {
				r.out.WriteString(k.text + "\n")
			}
			deleted = true
		case 'q':
			r.quit = true
		case 's':
			done, ok := k.substitute(r.budget, line)
			line = done
			if ok && k.print {
				r.out.WriteString(line + "\n")
			}
		case 'y':
			line = k.translate.Replace(line)
		}
		if deleted || r.quit {
			break
		}
	}
	if !deleted && !r.quiet {
		r.out.WriteString(line + end)
	}
	if after.Len() > 0 {
		if end == "" && !deleted && !r.quiet {
			r.out.WriteByte('\n')
		}
		r.out.WriteString(after.String())
	}
}

// selected says whether a command's addresses take this line, and moves its
// range on.
func (r *sedRun) selected(k *sedCommand, line string, n int, last bool) bool {
	hit := r.inRange(k, line, n, last)
	return hit != k.not
}

func (r *sedRun) inRange(k *sedCommand, line string, n int, last bool) bool {
	switch {
	case k.first == nil:
		return true
	case k.last == nil:
		return k.first.is(r.budget, line, n, last)
	case !k.active:
		if !k.first.is(r.budget, line, n, last) {
			return false
		}
		k.from = n
		k.active = !(k.last.line > 0 && k.last.line <= n || k.last.more == 0 && k.last.relative || k.last.end && last)
		return true
	}
	switch {
	case k.last.relative:
		k.active = n < k.from+k.last.more
	case k.last.line > 0 && n > k.last.line:
		k.active = false
		return false
	case k.last.is(r.budget, line, n, last):
		k.active = false
	}
	return true
}

// sedAddress is N, $, /re/ or +N.
type sedAddress struct {
	line     int
	end      bool
	re       *matcher
	relative bool
	more     int
}

func (a *sedAddress) is(b *budget, line string, n int, last bool) bool {
	switch {
	case a.re != nil:
		return a.re.spend(b, line) && a.re.MatchString(line)
	case a.end:
		return last
	}
	return n == a.line
}

// sedCommand is one command with its addresses.
type sedCommand struct {
	first, last *sedAddress
	not         bool
	verb        byte
	text        string // a, i, c

	re            *matcher // s
	replacement   []sedPart
	global, print bool
	nth           int
	translate     *strings.Replacer // y

	active bool // inside its range
	from   int
}

// sedPart is a piece of a replacement: text, or a group of the match.
type sedPart struct {
	text  string
	group int // -1 for text
}

var errSedTooLong = errors.New("line too long")

// substitute replaces matches in line.
func (k *sedCommand) substitute(b *budget, line string) (string, bool) {
	if !k.re.spend(b, line) {
		return line, false
	}
	var out strings.Builder
	at, n, done := 0, 0, false
	found := k.re.FindAllStringSubmatchIndex(line, -1)
	if !b.spend(64 * len(found)) {
		return line, false
	}
	for _, m := range found {
		n++
		if n < k.nth || n > k.nth && !k.global {
			continue
		}
		if out.Len() > maxFileBytes {
			b.exceed(errSedTooLong.Error())
			return line, false
		}
		out.WriteString(line[at:m[0]])
		for _, part := range k.replacement {
			switch {
			case part.group < 0:
				out.WriteString(part.text)
			case 2*part.group+1 < len(m) && m[2*part.group] >= 0:
				out.WriteString(line[m[2*part.group]:m[2*part.group+1]])
			}
		}
		at, done = m[1], true
	}
	out.WriteString(line[at:])
	return out.String(), done
}
