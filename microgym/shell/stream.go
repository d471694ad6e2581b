package shell

import (
	"strings"
)

// input is what a command reads. Commands of one group share it, so that a
// loop over lines goes on where the last round ended.
type input struct{ rest string }

// all takes everything that is left.
func (in *input) all() string {
	s := in.rest
	in.rest = ""
	return s
}

// line takes one line without its end; ok is false at the end.
func (in *input) line() (text string, ok bool) {
	if in.rest == "" {
		return "", false
	}
	text, in.rest, _ = strings.Cut(in.rest, "\n")
	return text, true
}

// sink takes what a command writes.
type sink struct {
	b      strings.Builder
	budget *budget
}

func (s *sink) Write(p []byte) (int, error) { return s.WriteString(string(p)) }

func (s *sink) WriteString(text string) (int, error) {
	if s == nil { // /dev/null
		return len(text), nil
	}
	if room := maxStreamBytes - s.b.Len(); len(text) > room {
		s.b.WriteString(text[:max(room, 0)])
		s.budget.exceed("more output than a stream may hold")
		return len(text), nil
	}
	s.budget.spend(len(text))
	s.b.WriteString(text)
	return len(text), nil
}

// cutMiddle keeps the two ends of text that is too long to show.
func cutMiddle(text string, most int) string {
	if len(text) <= most {
		return text
	}
	head, tail := text[:most/2], text[len(text)-most/2:]
	if i := strings.LastIndexByte(head, '\n'); i > 0 {
		head = head[:i+1]
	}
	if i := strings.IndexByte(tail, '\n'); i >= 0 && i < len(tail)-1 {
		tail = tail[i+1:]
	}
	cut := text[len(head) : len(text)-len(tail)]
	note := "[... " + count(len(cut), "byte") + " in " + count(strings.Count(cut, "\n"), "line") + " cut ...]\n"
	if !strings.HasSuffix(head, "\n") {
		note = "\n" + note
	}
	return strings.ToValidUTF8(head, "") + note + strings.ToValidUTF8(tail, "")
}
