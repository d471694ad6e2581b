package harness

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Level is how much of the session is shown.
type Level int

const (
	Normal  Level = iota // header, a line of dots for each file
	Quiet                // -q: dots and the last line
	Verbose              // -v: a line for each test
)

// Traceback is how failures are shown.
type Traceback string

const (
	LongTraceback  Traceback = ""      // the test's source up to the line that failed
	ShortTraceback Traceback = "short" // one line of source for each frame
	LineTraceback  Traceback = "line"  // one line for each failure
	NoTraceback    Traceback = "no"
)

// Verbosity says how a report is rendered. The zero value is plain pytest.
type Verbosity struct {
	Level     Level
	Traceback Traceback // --tb
	All       bool      // -rA: passed tests and their output in the summary as well
}

const width = 80

// Text renders the report as pytest would print it.
func (r *Report) Text(v Verbosity) string {
	t := &page{report: r, verbosity: v}
	t.session()
	t.failures()
	t.summary()
	t.last()
	return t.b.String()
}

// page is a report being written.
type page struct {
	b         strings.Builder
	report    *Report
	verbosity Verbosity
}

func (t *page) linef(format string, args ...any) {
	fmt.Fprintf(&t.b, format, args...)
	t.b.WriteByte('\n')
}

// rule writes title in the middle of a line of sep.
func (t *page) rule(sep, title string) {
	t.b.WriteString(centre(sep, title))
	t.b.WriteByte('\n')
}

// centre is pytest's separator line: as wide as the page, less wide never.
func centre(sep, title string) string {
	n := max((width-len(title)-2)/2, 1)
	fill := strings.Repeat(sep, n)
	line := fill + " " + title + " " + fill
	if len(line)+1 <= width {
		line += sep
	}
	return line
}

// session writes the header and how the run went on.
func (t *page) session() {
	r, quiet := t.report, t.verbosity.Level == Quiet
	if !quiet {
		t.rule("=", "test session starts")
		t.linef("platform linux -- Starlark")
		t.linef("%s", t.collected())
	}
	if !quiet && len(r.Results) > 0 {
		t.b.WriteByte('\n')
	}
	if t.verbosity.Level == Verbose {
		for i, res := range r.Results {
			t.progress(res.ID+" "+strings.ToUpper(string(res.Outcome)), i+1)
		}
		return
	}
	t.dots(quiet)
}

func (t *page) collected() string {
	r := t.report
	text := fmt.Sprintf("collected %s", plural(r.Collected, "item"))
	if n := len(r.CollectErrors); n > 0 {
		text += " / " + plural(n, "error")
	}
	if r.Deselected > 0 {
		text += fmt.Sprintf(" / %d deselected / %d selected", r.Deselected, r.Collected-r.Deselected)
	}
	if t.verbosity.Level == Verbose {
		text = "collecting ... " + text
	}
	return text
}

// dots writes a letter for each test, a line for each file, or lines across
// files when quiet.
func (t *page) dots(quiet bool) {
	letters := map[Outcome]string{Passed: ".", Failed: "F", Error: "E"}
	line, file := "", ""
	for i, res := range t.report.Results {
		name, _, _ := strings.Cut(res.ID, "::")
		if !quiet && name != file {
			if line != "" {
				t.progress(line, i)
			}
			line, file = name+" ", name
		}
		if len(line) >= width-1-len(" [100%]") {
			t.progress(line, i)
			line = ""
		}
		line += letters[res.Outcome]
	}
	if line != "" {
		t.progress(line, len(t.report.Results))
	}
}

// progress writes a line with the share of tests that are done at its end.
func (t *page) progress(line string, done int) {
	mark := fmt.Sprintf("[%3d%%]", done*100/max(len(t.report.Results), 1))
	t.linef("%s%s%s", line, strings.Repeat(" ", max(width-1-len(line)-len(mark), 1)), mark)
}

// failures writes what went wrong, errors first.
func (t *page) failures() {
	r := t.report
	if t.verbosity.Traceback != NoTraceback {
		t.errors()
		t.failed()
	}
	if !t.verbosity.All {
		return
	}
	heading := false
	for _, res := range r.Results {
		if res.Outcome != Passed || res.Stdout == "" {
			continue
		}
		if !heading {
			t.rule("=", "PASSES")
			heading = true
		}
		t.rule("_", testName(res.ID))
		t.stdout("call", res.Stdout)
	}
}

func (t *page) errors() {
	heading := false
	head := func() {
		if !heading {
			t.b.WriteByte('\n')
			t.rule("=", "ERRORS")
			heading = true
		}
	}
	for _, e := range t.report.CollectErrors {
		head()
		t.trouble("ERROR collecting "+e.Path, e.failure, e.Message, "", e.Stdout)
	}
	for _, res := range t.report.Results {
		if res.Outcome == Error {
			head()
			t.trouble("ERROR at call of "+testName(res.ID), res.failure, res.failure.text(), "call", res.Stdout)
		}
	}
}

func (t *page) failed() {
	heading := false
	for _, res := range t.report.Results {
		if res.Outcome != Failed {
			continue
		}
		if !heading {
			t.b.WriteByte('\n')
			t.rule("=", "FAILURES")
			heading = true
		}
		t.trouble(testName(res.ID), res.failure, res.failure.text(), "call", res.Stdout)
	}
}

// trouble writes one failure in the style that was asked for. phase is empty
// for a failure of collection, whose source is shown shortly.
func (t *page) trouble(title string, f *failure, message, phase, stdout string) {
	if t.verbosity.Traceback == LineTraceback {
		if f != nil && len(f.frames) > 0 {
			p, line := f.place()
			t.linef("%s:%d: %s", printable(p), line, firstLine(message))
		} else {
			t.linef("E   %s", firstLine(message))
		}
		return
	}
	t.rule("_", title)
	switch {
	case f == nil || len(f.frames) == 0:
		t.message("E   ", message)
	case t.verbosity.Traceback == ShortTraceback || phase == "":
		for _, fr := range f.frames {
			t.linef("%s:%d: in %s", printable(fr.path), fr.line, frameName(fr))
			if src := t.source(fr.path, fr.line); src != "" {
				t.linef("    %s", strings.TrimSpace(src))
			}
		}
		t.message("E   ", message)
	default:
		t.long(f, message)
	}
	if stdout != "" {
		t.stdout(phase, stdout)
	}
}

// long shows each frame's function from its def to the line that failed. In
// the middle of a deep recursion, frames are left out.
func (t *page) long(f *failure, message string) {
	const ends = 4 // frames shown at either end
	n := len(f.frames)
	for i, fr := range f.frames {
		if n > 2*ends && i == ends {
			t.linef("... %d frames ...", n-2*ends)
		}
		if n > 2*ends && i >= ends && i < n-ends {
			continue
		}
		last := i == n-1
		t.b.WriteByte('\n')
		t.function(fr)
		if last {
			t.message("E       ", message)
		}
		t.b.WriteByte('\n')
		kind := ""
		if last {
			kind = f.kind
		}
		t.linef("%s:%d: %s", printable(fr.path), fr.line, kind)
		if !last {
			t.linef("%s", strings.TrimSpace(strings.Repeat("_ ", width/2)))
		}
	}
}

// function writes the lines of the function around fr's line, up to it.
func (t *page) function(fr frame) {
	const most = 12 // lines before the one that failed
	lines := strings.Split(t.report.files[fr.path], "\n")
	if fr.line < 1 || fr.line > len(lines) {
		return
	}
	start := fr.line
	for start > 1 && fr.line-start < most && !strings.HasPrefix(strings.TrimSpace(lines[start-1]), "def ") {
		start--
	}
	if !strings.HasPrefix(strings.TrimSpace(lines[start-1]), "def ") {
		start = fr.line
	}
	for i := start; i <= fr.line; i++ {
		mark := "    "
		if i == fr.line {
			mark = ">   "
		}
		t.linef("%s", strings.TrimRight(mark+printable(lines[i-1]), " "))
	}
}

func (t *page) source(file string, line int) string {
	lines := strings.Split(t.report.files[file], "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	return printable(lines[line-1])
}

// message writes text with every line behind the mark of an error.
func (t *page) message(mark, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		t.linef("%s", strings.TrimRight(mark+printable(line), " "))
	}
}

// stdout writes what was printed, each line behind "| ": no printed line can
// pass for one of the report.
func (t *page) stdout(phase, text string) {
	t.rule("-", strings.TrimSpace("Captured stdout "+phase))
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		t.linef("| %s", printable(line))
	}
}

// summary writes the short summary.
func (t *page) summary() {
	r := t.report
	c := r.Counts()
	if c.Failed+c.Errors == 0 && !(t.verbosity.All && c.Passed > 0) {
		return
	}
	t.rule("=", "short test summary info")
	if t.verbosity.All {
		for _, res := range r.Results {
			if res.Outcome == Passed {
				t.linef("PASSED %s", res.ID)
			}
		}
	}
	for _, e := range r.CollectErrors {
		t.linef("ERROR %s - %s", e.Path, firstLine(e.Message))
	}
	for _, o := range []Outcome{Error, Failed} {
		for _, res := range r.Results {
			if res.Outcome == o {
				t.linef("%s %s - %s", strings.ToUpper(string(o)), res.ID, firstLine(res.failure.text()))
			}
		}
	}
}

// last writes the line that counts.
func (t *page) last() {
	r := t.report
	c := r.Counts()
	if len(r.CollectErrors) > 0 && len(r.Results) == 0 {
		t.rule("!", fmt.Sprintf("Interrupted: %s during collection", plural(len(r.CollectErrors), "error")))
	}
	if r.stopped {
		t.rule("!", "stopping after 1 failures")
	}
	var parts []string
	for _, p := range []struct {
		n    int
		noun string
	}{{c.Failed, "failed"}, {c.Passed, "passed"}, {r.Deselected, "deselected"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.noun))
		}
	}
	if c.Errors > 0 {
		parts = append(parts, plural(c.Errors, "error"))
	}
	if len(parts) == 0 {
		parts = []string{"no tests ran"}
	}
	// Time is made of work, so that a report is the same on every host.
	text := fmt.Sprintf("%s in %.2fs", strings.Join(parts, ", "), 0.01+float64(r.steps)/1e6)
	switch {
	case t.verbosity.Level == Quiet:
		t.linef("%s", text)
	default:
		if c.Failed+c.Errors == 0 && t.b.Len() > 0 && !t.verbosity.All || r.Usage != "" {
			t.b.WriteByte('\n')
		}
		t.rule("=", text)
	}
	if r.Usage != "" {
		t.linef("ERROR: %s", printable(r.Usage))
	}
}

func frameName(fr frame) string {
	switch fr.name {
	case "", "<toplevel>":
		return "<module>"
	}
	return fr.name
}

func testName(id string) string {
	_, name, _ := strings.Cut(id, "::")
	return path.Base(name)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return shortenTo(printable(line), 160)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// printable escapes what a reader could take for the end of a line, and
// control characters.
func printable(s string) string {
	if strings.IndexFunc(s, breaks) < 0 {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		switch {
		case !breaks(c):
			b.WriteRune(c)
		case c < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return b.String()
}

func breaks(c rune) bool {
	return c != '\t' && unicode.IsControl(c) || c == '\u2028' || c == '\u2029' || c == utf8.RuneError
}
