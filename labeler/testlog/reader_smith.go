package testlog

import "bytes"

// smithPytestReader is SWE-smith's for pytest -v: `name STATUS`, with white space
// between them and a name without any.
type smithPytestReader struct{}

func (s *smithPytestReader) end() {}

func (s *smithPytestReader) line(l *line) {
	f := tokensOf(l.text)
	name, ok := f.next()
	if !ok || name.from != 0 {
		return
	}
	second, ok := f.next()
	if !ok {
		return
	}
	for _, w := range harnessWords {
		if bytes.HasPrefix(second.text, w.text) {
			l.status(w.status, 0, name.to, second.from, len(w.text))
			return
		}
	}
}

// smithLeadingReader is SWE-smith's for `STATUS name`, as some repositories run
// pytest; behind the mark of a worker where worker is set.
type smithLeadingReader struct{ worker bool }

func (s *smithLeadingReader) end() {}

func (s *smithLeadingReader) line(l *line) {
	text, at := l.text, 0
	if s.worker {
		if at = len("[gw0] "); len(text) < at || !bytes.HasPrefix(text, workerMark) || text[4] != ']' {
			return
		}
		text = text[at:]
	}
	for _, w := range harnessWords {
		rest, ok := bytes.CutPrefix(text, w.text)
		if !ok || len(rest) < 2 || !space(rune(rest[0])) || space(rune(rest[1])) {
			continue
		}
		f := tokensOf(rest)
		name, _ := f.next()
		from := at + len(w.text)
		l.status(w.status, from+name.from, len(name.text), at, len(w.text))
		return
	}
}

// smithTornadoReader is SWE-smith's for unittest as tornado runs it.
type smithTornadoReader struct{}

func (s *smithTornadoReader) end() {}

func (s *smithTornadoReader) line(l *line) {
	text := l.text
	i := bytes.Index(text, ellipsis)
	switch {
	case bytes.HasSuffix(text, []byte("... ok")):
		n := i
		if n < 0 {
			n = len(text)
		}
		l.status(Passed, 0, n, len(text)-2, 2)
	case bytes.Contains(text, []byte(" ... skipped ")):
		l.status(Skipped, 0, i, i+len(ellipsis), len("skipped"))
	case bytes.HasPrefix(text, []byte("ERROR:")) || bytes.HasPrefix(text, []byte("FAIL:")):
		f := tokensOf(text)
		w, _ := f.next()
		from, ok := f.next()
		if !ok {
			return
		}
		to := from.to
		if second, ok := f.next(); ok {
			to = second.to
		}
		l.words(Failed, from.from, to, w)
	}
}

// words keeps a name of several words.
func (l *line) words(st Status, from, to int, w token) {
	l.put(joined(l.text[from:to]), Record{Status: st, NameAt: l.span(from, to), StatusAt: l.span(w.from, w.to)})
}
