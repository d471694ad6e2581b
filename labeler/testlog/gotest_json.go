package testlog

import "bytes"

// GoTestJSON reads `go test -json`, and what else stands between its lines.
func GoTestJSON() Parser {
	return Parser{Name: "gotest-json", Version: "1", Verified: true, start: func(*Log) machine { return &goTestJSON{} }}
}

// goTestJSON reads the stream of events of test2json. Only events count, never
// the output that they carry, with one exception: tests that run out of time
// have no event, but are listed in the output.
type goTestJSON struct {
	running Span // of `running tests:` in the event before, the zero span if none
}

var (
	goActions = []word{{[]byte("pass"), Passed}, {[]byte("fail"), Failed}, {[]byte("skip"), Skipped}}
	goTimeout = []byte(`"Output":"panic: test timed out after `)
	goFailed  = []byte(" [build failed]")
)

func (g *goTestJSON) line(l *line) {
	if len(l.text) == 0 || l.text[0] != '{' || !bytes.Contains(l.raw, []byte(`"Action":"`)) {
		return
	}
	l.plain()
	var e goEvent
	if !e.read(l.text) || e.action.empty() {
		return
	}
	switch string(e.action.of(l.text)) {
	case "output":
		g.output(l, e)
		return
	case "build-fail":
		l.event(BuildError)
	}
	g.running = Span{}
	w, ok := starts(e.action.of(l.text), goActions)
	if !ok || e.action.len() != len(w.text) {
		return
	}
	id := g.scope(l, e)
	at := l.span(e.action.from, e.action.to)
	if !e.test.empty() {
		g.add(l, w.status, id, e.test, at)
		return
	}
	if w.status != Skipped {
		l.judge(id, w.status, e.action.from, e.action.to)
	}
	l.event(Finished)
}

// add keeps the status of the test whose name is in quotes at q.
func (g *goTestJSON) add(l *line, st Status, scope int32, q bounds, at Span) {
	l.add(Record{Name: JSON.Decode(q.of(l.text)), Encoding: JSON, Status: st, NameAt: l.span(q.from, q.to), StatusAt: at, Scope: scope})
}

// output looks for what has no event of its own.
func (g *goTestJSON) output(l *line, e goEvent) {
	text := e.output.of(l.text)
	switch {
	case bytes.Contains(text, runningTests) && has(text, `\trunning tests:\n`):
		g.running = l.span(e.output.from+2, e.output.from+2+len(runningTests))
	case g.running != Span{} && has(text, `\t\t`):
		if n := bytes.Index(text, []byte(" (")); n > 4 {
			g.add(l, Failed, g.scope(l, e), bounds{e.output.from + 4, e.output.from + n}, g.running)
		}
	default:
		g.running = Span{}
		if bytes.Contains(l.text, goTimeout) {
			l.event(Interrupted)
		} else if has(text, `FAIL\t`) && bytes.Contains(text, goFailed) {
			l.event(BuildError)
		}
	}
}

// scope returns the number of the event's package.
func (g *goTestJSON) scope(l *line, e goEvent) int32 {
	if e.pkg.empty() {
		return 0
	}
	return l.scope(cutting{JSON.Decode(e.pkg.of(l.text)), l.span(e.pkg.from, e.pkg.to)}, JSON)
}

func (g *goTestJSON) end() {}

// bounds are those of a string in a line, inside its quotes.
type bounds struct{ from, to int }

func (b bounds) empty() bool           { return b.from == b.to }
func (b bounds) len() int              { return b.to - b.from }
func (b bounds) of(text []byte) []byte { return text[b.from:b.to] }

// goEvent is what counts of one event.
type goEvent struct{ action, pkg, test, output bounds }

// read takes a flat object apart. Values that are no strings are passed over.
func (e *goEvent) read(text []byte) bool {
	for i := 1; i < len(text); {
		if text[i] != '"' {
			return false
		}
		key, ok := quoted(text, i)
		i = key.to + 1
		if !ok || i >= len(text) || text[i] != ':' {
			return false
		}
		if i++; i < len(text) && text[i] == '"' {
			value, ok := quoted(text, i)
			if !ok {
				return false // the line was cut
			}
			e.set(key.of(text), value)
			i = value.to + 1
		}
		for i < len(text) && text[i] != ',' && text[i] != '}' {
			i++
		}
		if i++; i >= len(text) {
			return text[len(text)-1] == '}' || len(trimRight(text)) < len(text)
		}
		if text[i-1] == '}' {
			return true
		}
	}
	return false
}

func (e *goEvent) set(key []byte, value bounds) {
	switch string(key) {
	case "Action":
		e.action = value
	case "Package":
		e.pkg = value
	case "Test":
		e.test = value
	case "Output":
		e.output = value
	}
}

// quoted returns the bounds of the string of JSON whose opening quote is at i.
func quoted(text []byte, i int) (bounds, bool) {
	from := i + 1
	for i = from; i < len(text); i++ {
		n := bytes.IndexAny(text[i:], `"\`)
		if n < 0 {
			break
		}
		if i += n; text[i] == '"' {
			return bounds{from, i}, true
		}
		i++ // what is escaped
	}
	return bounds{from, len(text)}, false
}
