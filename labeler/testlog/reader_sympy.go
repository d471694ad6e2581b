package testlog

import "bytes"

// sympyReader reads SymPy's own runner, `test_name ok`, and the headings of its
// failures, `____ path.py:test_name ____`. The lines of tests have the last word,
// wherever the headings stand.
type sympyReader struct {
	tests []Record         // in the order of their names' first lines
	known map[string]int32 // where the test of a name is
	lines *line
}

func (s *sympyReader) end() {
	for _, r := range s.tests {
		s.lines.put([]byte(r.Name), r)
	}
}

// keep keeps the last status of each name, as many as a log may have.
func (s *sympyReader) keep(r Record) {
	if i, ok := s.known[r.Name]; ok {
		s.tests[i] = r
		return
	}
	if len(s.tests) >= s.lines.limits.Records {
		s.lines.log.Lost++
		return
	}
	if s.known == nil {
		s.known = map[string]int32{}
	}
	s.known[r.Name] = int32(len(s.tests))
	s.tests = append(s.tests, r)
}

func (s *sympyReader) line(l *line) {
	s.lines = l
	if i := bytes.IndexByte(l.text, ' '); i >= 0 {
		s.heading(l, i)
	}
	text := trimLeft(l.text)
	at := len(l.text) - len(text)
	if !bytes.HasPrefix(text, []byte("test_")) {
		return
	}
	text = trimEnd(text)
	for _, w := range sympyWords {
		if !bytes.HasSuffix(text, w.text) {
			continue
		}
		f := tokensOf(text)
		name, _ := f.next()
		s.keep(Record{Name: string(name.text), Status: w.status, NameAt: l.span(at, at+name.to),
			StatusAt: l.span(at+len(text)-len(w.text)+1, at+len(text))})
		return
	}
}

var (
	sympyWords = []word{{[]byte(" ok"), Passed}, {[]byte(" E"), Error}, {[]byte(" F"), Failed}}
	pyColon    = []byte(".py:")
)

// heading finds a `.py:` between two blanks of one line: the first and the last
// there are.
func (s *sympyReader) heading(l *line, first int) {
	last := bytes.LastIndexByte(l.text, ' ')
	if last > first && bytes.Contains(l.text[first+1:last], pyColon) {
		l.status(Failed, first+1, last-first-1, first, last-first+1)
	}
}
