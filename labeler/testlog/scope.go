package testlog

// A Scope is what a framework runs tests in: a package, a file, a module, a
// program. Names of tests may repeat in another scope.
type Scope struct {
	Name     string
	Status   Status // of the whole, 0 where the log is silent
	NameAt   Span
	StatusAt Span // the zero span without a status
	Encoding Encoding
}

// maxScopes bounds how many scopes are kept; tests beyond belong to none.
const maxScopes = 1 << 16

// scope returns the number of a scope, which it opens where it is new.
func (l *line) scope(c cutting, e Encoding) int32 {
	if id, ok := l.scopes[c.text]; ok {
		return id
	}
	if l.names += int64(len(c.text)); len(l.log.Scopes) >= maxScopes || l.names > l.limits.NameBytes {
		return 0
	}
	if l.scopes == nil {
		l.scopes = map[string]int32{}
	}
	l.log.Scopes = append(l.log.Scopes, Scope{Name: c.text, NameAt: c.at, Encoding: e})
	id := int32(len(l.log.Scopes))
	l.scopes[c.text] = id
	return id
}

// judge says how a scope ended, by the word at text[s0:s1].
func (l *line) judge(scope int32, st Status, s0, s1 int) {
	if scope > 0 {
		s := &l.log.Scopes[scope-1]
		s.Status, s.StatusAt = st, l.span(s0, s1)
	}
}
