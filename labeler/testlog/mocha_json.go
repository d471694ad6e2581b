package testlog

import "bytes"

// MochaJSON reads the reporter json of mocha.
func MochaJSON() Parser {
	return Parser{Name: "mocha-json", Version: "1", Verified: true, start: func(l *Log) machine { return &mochaJSON{} }}
}

// mochaJSON reads the document as it is laid out: what a line is follows from
// how far it is indented, so that none of it needs to be held.
type mochaJSON struct {
	array word      // whose elements are being read
	at    Span      // of its name
	title []cutting // of the element that is being read
	file  cutting
	stats *Tally // while the counts are being read
}

// mochaArrays tell how their tests ended. The array tests holds all of them, and
// says nothing.
var mochaArrays = []word{
	{[]byte("passes"), Passed}, {[]byte("pending"), Skipped}, {[]byte("failures"), Failed}, {[]byte("failures"), Error},
}

func (m *mochaJSON) line(l *line) {
	if len(l.text) < 3 || l.text[0] != ' ' {
		return
	}
	l.plain()
	at := indent(l.text)
	if at == len(l.text) {
		return
	}
	switch at {
	case 2:
		m.top(l)
	case 4:
		if m.stats != nil {
			m.count(l.text[4:])
		} else if l.text[4] == '}' {
			m.element(l)
		}
	case 6:
		m.field(l)
	}
}

// top reads the line that opens or closes a member of the document.
func (m *mochaJSON) top(l *line) {
	if l.text[2] == '}' && m.stats != nil {
		m.stats.NoTests = m.stats.Ran() == 0
		l.tally(*m.stats)
		l.event(Finished)
	}
	m.array, m.stats, m.title = word{}, nil, nil
	if l.text[2] != '"' {
		return
	}
	key, _ := quoted(l.text, 2)
	switch rest := trimRight(l.text[min(key.to, len(l.text)):]); string(rest) {
	case `": {`:
		if string(key.of(l.text)) == "stats" {
			m.stats = &Tally{}
		}
	case `": [`:
		for _, w := range mochaArrays[:3] {
			if bytes.Equal(w.text, key.of(l.text)) {
				m.array, m.at = w, l.span(key.from, key.to)
			}
		}
	}
}

// count reads `"passes": 9,`.
func (m *mochaJSON) count(text []byte) {
	for _, w := range mochaArrays[:3] {
		if rest, ok := after(text, `"`+string(w.text)+`": `); ok {
			m.stats.By[w.status], _, _ = number(rest)
		}
	}
}

// field reads a member of a test.
func (m *mochaJSON) field(l *line) {
	if m.array.status == 0 || l.text[6] != '"' {
		return
	}
	key, ok := quoted(l.text, 6)
	if !ok || !has(l.text[key.to:], `": "`) {
		return
	}
	value, ok := quoted(l.text, key.to+3)
	if !ok || value.empty() {
		return
	}
	switch string(key.of(l.text)) {
	case "fullTitle":
		m.title = mochaTitle(l, value)
	case "file":
		m.file = cutting{JSON.Decode(value.of(l.text)), l.span(value.from, value.to)}
	}
}

// mochaTitle takes a full title apart where its suites carry the file that they
// stand in, as `test/a.js::Suite test/a.js::inner title`: the file, and what is
// left without it. Other titles stay whole.
func mochaTitle(l *line, value bounds) []cutting {
	cut := func(from, to int) cutting {
		return cutting{JSON.Decode(l.text[from:to]), l.span(from, to)}
	}
	text := value.of(l.text)
	n := bytes.Index(text, scope)
	if n <= 0 || bytes.IndexByte(text[:n], ' ') >= 0 || bytes.IndexByte(text[:n], '.') < 0 {
		return []cutting{cut(value.from, value.to)}
	}
	prefix := text[:n+len(scope)]
	pieces := []cutting{cut(value.from, value.from+n)}
	for from := value.from + len(prefix); from < value.to; {
		to := value.to
		if i := bytes.Index(l.text[from:value.to], prefix); i >= 0 {
			to = from + i
		}
		if to > from {
			pieces = append(pieces, cut(from, to))
		}
		from = to + len(prefix)
	}
	return pieces
}

// element closes a test.
func (m *mochaJSON) element(l *line) {
	if m.array.status == 0 || len(m.title) == 0 {
		return
	}
	n := len(m.title) - 1
	st := m.array.status
	if st == Failed && bytes.Contains([]byte(m.title[n].text), []byte(`" hook`)) {
		st = Error
	}
	joint := func(i int) string { // none but the one after the file
		if i == 0 {
			return " | "
		}
		return ""
	}
	r := l.assemble(st, Progress, joint, m.title[:n], m.title[n], m.at)
	if r.Encoding = JSON; m.file.text != "" {
		r.Scope = l.scope(m.file, JSON)
	}
	l.add(r)
	m.title, m.file = nil, cutting{}
}

func (m *mochaJSON) end() {}
