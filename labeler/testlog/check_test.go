package testlog_test

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/swerm/swerm/labeler/testlog"
)

// check holds every place against the log.
func check(t testing.TB, log []byte, l *testlog.Log) {
	t.Helper()
	if l.Bytes != int64(len(log)) {
		t.Fatalf("%d bytes of %d", l.Bytes, len(log))
	}
	c := checker{t, log, l}
	for i := range l.Records {
		c.record(&l.Records[i])
	}
	for i := range l.Scopes {
		c.scope(&l.Scopes[i])
	}
	for _, e := range l.Events {
		c.within(e.At)
	}
	if l.Total != nil {
		c.within(l.Total.At)
	}
}

type checker struct {
	t   testing.TB
	log []byte
	l   *testlog.Log
}

func (c checker) within(at testlog.Span) {
	c.t.Helper()
	if at.Start < c.l.Region.Start || at.End > c.l.Region.End || at.Start > at.End {
		c.t.Fatalf("%s: %v is outside of %v", c.l.Parser.Name, at, c.l.Region)
	}
}

// text decodes a place without the package's own decoders for JSON and XML.
func (c checker) text(at testlog.Span, e testlog.Encoding) string {
	c.t.Helper()
	c.within(at)
	raw := string(testlog.Strip(c.log[at.Start:at.End]))
	switch e {
	case testlog.JSON:
		var s string
		if json.Unmarshal([]byte(`"`+raw+`"`), &s) == nil {
			return s
		}
	case testlog.XML:
		var v struct {
			A string `xml:"a,attr"`
		}
		if !strings.ContainsAny(raw, "\"<\t") && xml.Unmarshal([]byte(`<v a="`+raw+`"/>`), &v) == nil {
			return v.A
		}
		return e.Decode([]byte(raw))
	}
	return raw
}

func (c checker) record(r *testlog.Record) {
	c.t.Helper()
	leaf := r.Name
	end := 0
	for i, p := range r.Pieces {
		if p.Start < end || p.End > len(r.Name) || p.Start > p.End {
			c.t.Fatalf("%+v: piece %d overlaps", r, i)
		}
		if i == 0 && p.Start != 0 {
			c.t.Fatalf("%+v: its name begins with no piece", r)
		}
		if i > 0 && !joints[r.Name[end:p.Start]] {
			c.t.Fatalf("%+v: %q joins two pieces", r, r.Name[end:p.Start])
		}
		end, leaf = p.End, r.Name[p.Start:p.End]
		if got := c.text(p.At, r.Encoding); got != leaf {
			c.t.Fatalf("%+v: the log has %q for %q", r, got, leaf)
		}
	}
	if len(r.Pieces) > 0 && end != len(r.Name) || leaf != r.Title() || r.Name == "" {
		c.t.Fatalf("%+v: its name is not made of its pieces", r)
	}
	if got := c.text(r.NameAt, r.Encoding); got != leaf {
		c.t.Fatalf("%+v: the log has %q", r, got)
	}
	c.within(r.StatusAt)
	word := string(testlog.Strip(c.log[r.StatusAt.Start:r.StatusAt.End]))
	if !testlog.Word(c.l.Parser, leaf, word, r.Status) {
		c.t.Fatalf("%s: %+v: the log has %q", c.l.Parser.Name, r, word)
	}
	if int(r.Scope) > len(c.l.Scopes) {
		c.t.Fatalf("%+v: there are %d scopes", r, len(c.l.Scopes))
	}
}

// joints are what may stand between two pieces of a name.
var joints = map[string]bool{"": true, " ": true, " > ": true, " | ": true, "::": true, ".": true, " › ": true}

func (c checker) scope(s *testlog.Scope) {
	c.t.Helper()
	if got := c.text(s.NameAt, s.Encoding); got != s.Name {
		c.t.Fatalf("%+v: the log has %q", s, got)
	}
	if s.Status > 0 {
		c.within(s.StatusAt)
	}
}
