package testlog

import "bytes"

// JUnitXML reads reports in the XML of JUnit, as a file or in the middle of a
// log.
func JUnitXML() Parser {
	return Parser{Name: "junitxml", Version: "1", Verified: true, chunk: true, start: func(*Log) machine { return &junitXML{} }}
}

// junitXML reads tags as they come, over the ends of lines and of chunks. It
// holds one tag and one test. Nothing is expanded: references stand for single
// characters, and a document type is passed over.
type junitXML struct {
	state    xmlState
	suites   []int32 // the open ones, as scopes; prose outside has no comments and no CDATA
	brackets int     // inside of a document type
	closing  []byte
	matched  int // how much of closing was met

	l     *line
	tag   xmlTag
	attr  []byte   // the name of the attribute that is being read
	value xmlValue // its value
	quote byte

	test xmlTest
}

// xmlState is where the next byte stands.
type xmlState uint8

const (
	xmlText xmlState = iota
	xmlOpened
	xmlDeclaration // after <!
	xmlSkip        // up to closing
	xmlDoctype
	xmlName
	xmlInside // between attributes
	xmlAttribute
	xmlEquals // between an attribute and its value
	xmlQuoted
)

// xmlValue is text that may run over the ends of chunks.
type xmlValue struct {
	text []byte
	at   Span
	lost bool // it is longer than a line may be
}

// xmlTag is what counts of a tag.
type xmlTag struct {
	name              xmlValue
	end, empty        bool
	class, title, run xmlValue
}

// xmlTest is an open test.
type xmlTest struct {
	open         bool
	class, title xmlValue
	status       Status
	at           Span
}

var junitWords = []word{
	{[]byte("testcase"), Passed}, {[]byte("testcase"), Skipped},
	{[]byte("failure"), Failed}, {[]byte("error"), Error}, {[]byte("skipped"), Skipped},
}

// maxXMLName bounds names of tags and attributes.
const maxXMLName = 64

func (x *junitXML) line(l *line) {
	x.l = l
	l.plain()
	text := l.text
	for i := 0; i < len(text); {
		switch x.state {
		case xmlText:
			n := bytes.IndexByte(text[i:], '<')
			if n < 0 {
				return
			}
			i += n + 1
			x.state = xmlOpened
		case xmlQuoted:
			i += x.quoted(text[i:], i)
		default:
			x.next(text[i], i)
			i++
		}
	}
	if bytes.IndexByte(l.raw, esc) >= 0 && x.state >= xmlName {
		x.state = xmlText // a terminal sequence may go on in the next chunk: that is no tag
	}
}

// quoted takes as much of a value as there is, and returns how much that is.
func (x *junitXML) quoted(text []byte, at int) int {
	n := bytes.IndexByte(text, x.quote)
	ended := n >= 0
	if !ended {
		n = len(text)
	}
	if wrong := bytes.IndexByte(text[:n], '<'); wrong >= 0 {
		x.state = xmlOpened // no value holds one: what seemed a tag was none
		return wrong + 1
	}
	if n > 0 {
		x.value.add(x.l, text[:n], at)
	}
	if !ended {
		return n
	}
	x.assign()
	x.state = xmlInside
	return n + 1
}

func (v *xmlValue) add(l *line, text []byte, at int) {
	if len(v.text)+len(text) > l.limits.LineBytes {
		v.lost = true
		return
	}
	span := l.span(at, at+len(text))
	if len(v.text) == 0 {
		v.at = span
	}
	v.text, v.at.End = append(v.text, text...), span.End
}

// assign keeps the attributes that matter.
func (x *junitXML) assign() {
	switch string(x.attr) {
	case "classname":
		x.tag.class = x.value
	case "name":
		x.tag.title = x.value
	case "status", "result":
		if s := string(x.value.text); s == "notrun" || s == "disabled" || s == "suppressed" || s == "skipped" {
			x.tag.run = x.value
		}
	}
	x.value = xmlValue{}
}

// next takes one byte outside of text and values.
func (x *junitXML) next(c byte, at int) {
	if c == '<' && x.state >= xmlName {
		x.state = xmlOpened
		return
	}
	switch x.state {
	case xmlOpened:
		x.opened(c, at)
	case xmlDeclaration:
		x.declaration(c)
	case xmlSkip:
		x.skip(c)
	case xmlDoctype:
		x.doctype(c)
	case xmlName:
		if isName(c) && len(x.tag.name.text) < maxXMLName {
			x.tag.name.add(x.l, x.l.text[at:at+1], at)
			return
		}
		x.state = xmlInside
		x.inside(c)
	case xmlInside:
		x.inside(c)
	case xmlAttribute:
		switch {
		case isName(c) && len(x.attr) < maxXMLName:
			x.attr = append(x.attr, c)
		case c == '=':
			x.state = xmlEquals
		case !blank(c):
			x.state = xmlText
		}
	case xmlEquals:
		if c == '"' || c == '\'' {
			x.quote, x.value, x.state = c, xmlValue{}, xmlQuoted
		} else if !blank(c) {
			x.state = xmlText
		}
	}
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == ':' || c == '.'
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// opened takes the byte after `<`.
func (x *junitXML) opened(c byte, at int) {
	x.tag = xmlTag{}
	switch {
	case c == '/':
		x.tag.end, x.state = true, xmlName
	case c == '?':
		x.until("?>")
	case c == '!':
		x.attr, x.state = x.attr[:0], xmlDeclaration
	case c == '<':
	case isName(c) && c > '9':
		x.state = xmlName
		x.tag.name.add(x.l, x.l.text[at:at+1], at)
	default:
		x.state = xmlText
	}
}

func (x *junitXML) until(closing string) {
	x.closing, x.matched, x.state = []byte(closing), 0, xmlSkip
}

// skip looks for the closing, which ends with `>`.
func (x *junitXML) skip(c byte) {
	switch {
	case c == x.closing[x.matched]:
		if x.matched++; x.matched == len(x.closing) {
			x.state = xmlText
		}
	case c == x.closing[0] && x.matched == len(x.closing)-1: // `--->`, `]]]>`
	case c == x.closing[0]:
		x.matched = 1
	default:
		x.matched = 0
	}
}

// declaration tells comments, CDATA and document types apart.
func (x *junitXML) declaration(c byte) {
	x.attr = append(x.attr, c)
	switch begun := string(x.attr); {
	case begun == "--" && len(x.suites) > 0:
		x.until("-->")
	case begun == "[CDATA[" && len(x.suites) > 0:
		x.until("]]>")
	case begun == "DOCTYPE":
		x.brackets, x.state = 0, xmlDoctype
	case !(has([]byte("--"), begun) || has([]byte("[CDATA["), begun) || has([]byte("DOCTYPE"), begun)):
		x.state = xmlText
	}
}

func (x *junitXML) doctype(c byte) {
	switch c {
	case '[':
		x.brackets++
	case ']':
		x.brackets--
	case '>':
		if x.brackets <= 0 {
			x.state = xmlText
		}
	}
}

// inside takes a byte between attributes.
func (x *junitXML) inside(c byte) {
	switch {
	case c == '>':
		x.state = xmlText
		x.element()
	case c == '/':
		x.tag.empty = true
	case isName(c):
		x.attr, x.state = append(x.attr[:0], c), xmlAttribute
	case !blank(c):
		x.state = xmlText
	}
}

// element acts on a tag that is complete.
func (x *junitXML) element() {
	switch string(x.tag.name.text) {
	case "testsuites", "testsuite":
		x.nest()
	case "testcase":
		if x.tag.end {
			x.close()
			return
		}
		x.test = xmlTest{true, x.tag.class, x.tag.title, Passed, x.tag.name.at}
		if len(x.tag.run.text) > 0 {
			x.test.status = Skipped
		}
		if x.tag.empty {
			x.close()
		}
	case "failure", "error", "skipped":
		x.outcome()
	}
}

// nest opens or closes a suite. One without a name belongs to that around it.
func (x *junitXML) nest() {
	n := len(x.suites)
	if x.tag.end {
		x.suites = x.suites[:max(0, n-1)]
		if n == 1 {
			x.l.event(Finished)
		}
		return
	}
	if x.tag.empty || n >= maxDepth {
		return
	}
	suite := x.suite()
	if t := &x.tag.title; !t.lost && len(t.text) > 0 && string(x.tag.name.text) == "testsuite" {
		suite = x.l.scope(t.cutting(), XML)
	}
	x.suites = append(x.suites, suite)
}

// suite returns the scope of the innermost suite.
func (x *junitXML) suite() int32 {
	if n := len(x.suites); n > 0 {
		return x.suites[n-1]
	}
	return 0
}

// outcome takes an element inside a test. What is worse counts.
func (x *junitXML) outcome() {
	if x.tag.end || !x.test.open {
		return
	}
	w, _ := starts(x.tag.name.text, junitWords[2:])
	if x.test.status == Passed || x.test.status == Skipped && w.status != Skipped {
		x.test.status, x.test.at = w.status, x.tag.name.at
	}
}

// close keeps the status of a test.
func (x *junitXML) close() {
	t := x.test
	x.test = xmlTest{}
	if !t.open || t.title.lost || t.class.lost || len(t.title.text) == 0 {
		return
	}
	var around []cutting
	if len(t.class.text) > 0 && !bytes.Equal(t.class.text, t.title.text) {
		around = []cutting{t.class.cutting()}
	}
	r := x.l.compose(t.status, Progress, "::", around, t.title.cutting(), t.at)
	r.Encoding, r.Scope = XML, x.suite()
	x.l.add(r)
}

func (v *xmlValue) cutting() cutting { return cutting{unquoteXML(v.text), v.at} }

func (x *junitXML) end() {}
