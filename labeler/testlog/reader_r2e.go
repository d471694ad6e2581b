package testlog

import (
	"bytes"
	"regexp"
	"strings"
)

// r2eReader is R2E-Gym's: what stands between the first heading of a summary and
// the next, names without their file and with dots for colons.
type r2eReader struct {
	open, closed bool
}

var r2eHeading = []byte("short test summary info")

func (r *r2eReader) end() {}

func (r *r2eReader) line(l *line) {
	if bytes.Contains(l.text, r2eHeading) {
		r.closed = r.open
		r.open = true
		return
	}
	if !r.open || r.closed {
		return
	}
	for _, w := range []word{words[0], words[1], words[4]} { // a line belongs to the first that it holds
		at := bytes.Index(l.text, w.text)
		if at < 0 {
			continue
		}
		from := bytes.Index(l.text, scope)
		if from < 0 {
			return // a name of nothing, which the harness drops
		}
		from += len(scope)
		to := len(l.text)
		if i := bytes.Index(l.text[from:], sep); i >= 0 {
			to = from + i
		}
		if name := r2eName(l.text[from:to]); name != "" {
			l.put([]byte(name), Record{Status: w.status, NameAt: l.span(from, to), StatusAt: l.span(at, at+len(w.text))})
		}
		return
	}
}

var r2eColour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// r2eName is what R2E-Gym calls a test that is printed like that.
func r2eName(raw []byte) string {
	return strings.ReplaceAll(string(r2eColour.ReplaceAll(raw, nil)), "::", ".")
}
