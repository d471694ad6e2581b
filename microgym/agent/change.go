package agent

import (
	"fmt"
	"strings"
)

// A change is the one run of lines in which two texts differ, never empty on
// either side: a neighbouring line is taken in where it would be.
type change struct {
	start    int // first line, from 1
	old, new []string
}

// lineChange finds it. Both texts end with a newline, as all files here do.
func lineChange(before, after string) (change, bool) {
	if before == after {
		return change{}, false
	}
	a, b := splitLines(before), splitLines(after)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	for head == len(a)-tail || head == len(b)-tail {
		if head > 0 {
			head--
			continue
		}
		tail--
	}
	return change{head + 1, a[head : len(a)-tail], b[head : len(b)-tail]}, true
}

func splitLines(s string) []string { return strings.Split(strings.TrimSuffix(s, "\n"), "\n") }

// sed writes the change as a command for a shell.
func (c change) sed(path string, short bool) string {
	if short && len(c.old) == 1 && len(c.new) == 1 {
		if from, to, ok := span(c.old[0], c.new[0]); ok {
			return fmt.Sprintf("sed -i '%ds/%s/%s/' %s", c.start, from, to, path)
		}
	}
	where := fmt.Sprint(c.start)
	if n := len(c.old); n > 1 {
		where = fmt.Sprintf("%d,%d", c.start, c.start+n-1)
	}
	text := strings.Join(c.new, "\n")
	text = strings.ReplaceAll(text, `\`, `\\`)
	text = strings.ReplaceAll(text, "'", `'\''`)
	text = strings.ReplaceAll(text, "\n", "\\\n")
	return fmt.Sprintf("sed -i '%sc\\\n%s' %s", where, text, path)
}

// span is what differs between two lines, grown to whole words, where sed can
// say it without escapes and finds it first where it stands.
func span(old, new string) (from, to string, ok bool) {
	head := 0
	for head < len(old) && head < len(new) && old[head] == new[head] {
		head++
	}
	tail := 0
	for tail < len(old)-head && tail < len(new)-head && old[len(old)-1-tail] == new[len(new)-1-tail] {
		tail++
	}
	word := func(c byte) bool {
		return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	for head > 0 && word(old[head-1]) {
		head--
	}
	for tail > 0 && word(old[len(old)-tail]) {
		tail--
	}
	from, to = old[head:len(old)-tail], new[head:len(new)-tail]
	if strings.TrimSpace(from) == "" || len(from) < 3 && head >= 4 {
		// a lone operator: take in what stands before it on the line
		grown := max(0, strings.LastIndexAny(strings.TrimRight(old[:head], " "), " (,")+1)
		from, to = old[grown:len(old)-tail], new[grown:len(new)-tail]
	}
	const special = `.*[]^$\/&'+?{}|()~`
	ok = strings.TrimSpace(from) != "" && !strings.ContainsAny(from+to, special) && strings.Index(old, from) == strings.LastIndex(old, from)
	return from, to, ok
}

// replace writes the change as the two strings of a str_replace call: grown
// upwards until the old one stands once in the file.
func (c change) replace(before string) (old, new string, ok bool) {
	lines := splitLines(before)
	for up := 0; up < c.start; up++ {
		lead := lines[c.start-1-up : c.start-1]
		old = strings.Join(append(append([]string{}, lead...), c.old...), "\n")
		if strings.Count(before, old) == 1 {
			new = strings.Join(append(append([]string{}, lead...), c.new...), "\n")
			return old, new, true
		}
	}
	return "", "", false
}
