package testlog

import "bytes"

// seabornReader knows `FAILED name`, `PASSED name` and `name PASSED [ 1%]`, and
// nothing else.
type seabornReader struct{}

func (s *seabornReader) end() {}

func (s *seabornReader) line(l *line) {
	passed := words[0].text
	switch {
	case bytes.HasPrefix(l.text, words[1].text):
		s.second(l, Failed)
	case bytes.Contains(l.text, []byte(" PASSED ")):
		f := tokensOf(l.text)
		name, _ := f.next()
		if w, ok := f.next(); ok && bytes.Equal(w.text, passed) {
			l.status(Passed, name.from, len(name.text), w.from, len(w.text))
		}
	case bytes.HasPrefix(l.text, passed):
		s.second(l, Passed)
	}
}

func (s *seabornReader) second(l *line, st Status) {
	f := tokensOf(l.text)
	w, _ := f.next()
	if name, ok := f.next(); ok {
		l.status(st, name.from, len(name.text), w.from, len(st.String()))
	}
}
