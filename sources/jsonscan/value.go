package jsonscan

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Str reads a string. A value of another kind is an error.
func (s *Scanner) Str() string {
	if k := s.Kind(); k != String {
		s.mismatch(k, String)
		return ""
	}
	start := s.pos
	var dst []byte
	valid, done := false, false
	if s.fast != nil {
		dst, valid, done = s.wideText()
	}
	if !done {
		s.stringBody()
	}
	n := s.pos - start - 2
	if s.err != nil || n == 0 || !s.keep(n) {
		return ""
	}
	if !done {
		dst, valid = s.bodyText(s.buf[start+1 : s.pos-1])
	}
	if !valid && !utf8.Valid(dst) {
		return s.repair(dst)
	}
	s.text.keep(len(dst))
	return alias(dst)
}

// bodyText resolves the escapes in the body of a string; valid says that it is
// certainly valid UTF-8.
func (s *Scanner) bodyText(body []byte) (text []byte, valid bool) {
	dst := s.text.room(len(body))
	if s.fast != nil {
		return s.unescapeWide(dst, body)
	}
	return s.unescape(dst, body), false
}

// RawText reads a value of any kind as the document writes it, as valid UTF-8.
func (s *Scanner) RawText() string {
	raw := s.Raw()
	if s.err != nil || !s.keep(len(raw)) {
		return ""
	}
	if !utf8.Valid(raw) {
		return s.repair(raw)
	}
	return string(raw)
}

// OptStr reads a string, or nil for null.
func (s *Scanner) OptStr() *string {
	if s.Kind() == Null {
		s.literal()
		return nil
	}
	v := s.Str()
	if s.err != nil {
		return nil
	}
	return s.strings.put(v)
}

// OptStrOutside reads a string like OptStr unless other, a string of the same
// document as it is written there, holds it: then it is stepped over, which
// costs a fraction, and within is true. It only says so where that is certain:
// text that is written in another way, or that decoding would repair, is read.
func (s *Scanner) OptStrOutside(other []byte) (text *string, within bool) {
	if len(other) >= 2 && s.Kind() == String {
		at := s.pos
		if body := s.stringBody(); s.err == nil && holds(other[1:len(other)-1], body) {
			return nil, true
		}
		if s.err != nil {
			return nil, false
		}
		s.pos = at
	}
	return s.OptStr(), false
}

const (
	// anchorBytes of a text are looked for first: what bytes.Index does at once.
	anchorBytes = 32
	// maxAnchors bounds the places that are compared: of texts that repeat
	// themselves there would be too many.
	maxAnchors = 8
)

// holds reports whether the valid body of a string holds another body, and
// certainly decodes to something that holds what that one decodes to.
func holds(body, part []byte) bool {
	if len(part) == 0 {
		return true
	}
	if !utf8.RuneStart(part[0]) || halfPair(part) || halfPair(part[max(0, len(part)-6):]) {
		return false
	}
	anchor := part[:min(len(part), anchorBytes)]
	from := 0
	for range maxAnchors {
		i := bytes.Index(body[from:], anchor)
		if i < 0 {
			return false
		}
		from += i
		end := from + len(part)
		if end > len(body) {
			return false
		}
		if bytes.Equal(body[from:end], part) && betweenRunes(body, from) && (end == len(body) || utf8.RuneStart(body[end])) {
			return true
		}
		from++
	}
	return false
}

// halfPair reports whether b begins with the escape of a surrogate, which
// means something else beside another one.
func halfPair(b []byte) bool {
	return len(b) >= 3 && b[0] == '\\' && b[1] == 'u' && b[2]|0x20 == 'd'
}

// betweenRunes reports whether at lies within no escape of a string's body.
func betweenRunes(body []byte, at int) bool {
	i := at - 1
	for ; i >= max(0, at-5) && body[i] != '\\'; i-- {
	}
	if i < 0 || body[i] != '\\' {
		return true
	}
	run := 1
	for run <= i && body[i-run] == '\\' {
		run++
	}
	if run%2 == 0 {
		return true // pairs, each of them one backslash
	}
	size := 2
	if i+1 < len(body) && body[i+1] == 'u' {
		size = 6
	}
	return i+size <= at
}

// OptFloat reads a finite number; null, NaN and the infinities are nil.
func (s *Scanner) OptFloat() *float64 {
	lit := s.number()
	if lit == nil {
		return nil
	}
	v, err := strconv.ParseFloat(string(lit), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return s.floats.put(v)
}

// maxDigits fit in an int64 whatever they are.
const maxDigits = 18

// OptInt reads a whole number within int64; null is nil, a fraction or a
// larger number is an error.
func (s *Scanner) OptInt() *int64 {
	at := s.pos
	lit := s.number()
	if lit == nil {
		return nil
	}
	if n := digits(lit); n == len(lit) && n <= maxDigits {
		v := int64(0)
		for _, c := range lit {
			v = 10*v + int64(c-'0')
		}
		return s.ints.put(v)
	}
	v, err := strconv.ParseInt(string(lit), 10, 64)
	if err != nil {
		f, ferr := strconv.ParseFloat(string(lit), 64)
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			s.pos = at
			s.failf("%q is not a whole number", clip(lit))
			return nil
		}
		v = int64(f)
	}
	return s.ints.put(v)
}

// OptBool reads a boolean, or nil for null.
func (s *Scanner) OptBool() *bool {
	k := s.Kind()
	if k != Bool && k != Null {
		s.mismatch(k, Bool)
		return nil
	}
	switch alias(s.literal()) {
	case "true":
		v := true
		return &v
	case "false":
		v := false
		return &v
	}
	return nil
}

func (s *Scanner) number() []byte {
	k := s.Kind()
	if k != Number && k != Null {
		s.mismatch(k, Number)
		return nil
	}
	lit := s.literal()
	if alias(lit) == "null" {
		return nil
	}
	return lit
}

func (s *Scanner) mismatch(got, want Kind) {
	switch {
	case s.err != nil:
	case s.pos >= len(s.buf):
		s.Fail(ErrTruncated)
	default:
		s.Fail(fmt.Errorf("%v where %v belongs", got, want))
	}
}

// stringBody steps over a string and returns what stands between its quotes.
func (s *Scanner) stringBody() []byte {
	start := s.pos + 1
	s.skipString()
	if s.err != nil {
		return nil
	}
	return s.buf[start : s.pos-1]
}

// unescape appends body with its escapes resolved. It never grows: every
// escape is longer than what it stands for.
func (s *Scanner) unescape(dst, body []byte) []byte {
	for s.err == nil {
		i := bytes.IndexByte(body, '\\')
		if i < 0 {
			return append(dst, body...)
		}
		dst = append(dst, body[:i]...)
		switch c := body[i+1]; c { // skipString saw a whole escape
		case 'n':
			dst, body = append(dst, '\n'), body[i+2:]
		case '"', '\\', '/':
			dst, body = append(dst, c), body[i+2:]
		default:
			dst, body = s.longEscape(dst, body[i:])
		}
	}
	return dst
}

// longEscape appends what the escape at the start of body stands for.
func (s *Scanner) longEscape(dst, body []byte) (_, rest []byte) {
	c := body[1]
	body = body[2:]
	switch c {
	case 't':
		return append(dst, '\t'), body
	case 'r':
		return append(dst, '\r'), body
	case 'b':
		return append(dst, '\b'), body
	case 'f':
		return append(dst, '\f'), body
	case 'u':
		r, n := hex4(body)
		if n == 0 {
			s.failf("\\u%s is no escape", clip(body[:min(len(body), 4)]))
			return dst, nil
		}
		body = body[4:]
		if utf16.IsSurrogate(r) {
			low, n := rune(0), 0
			if len(body) >= 6 && body[0] == '\\' && body[1] == 'u' {
				low, n = hex4(body[2:])
			}
			if pair := utf16.DecodeRune(r, low); n > 0 && pair != utf8.RuneError {
				r, body = pair, body[6:]
			} else {
				r = utf8.RuneError // half a pair: Python writes them for bytes it could not decode
				s.repaired++
			}
		}
		return utf8.AppendRune(dst, r), body
	}
	s.failf("\\%c is no escape", c)
	return dst, nil
}

func hex4(b []byte) (r rune, n int) {
	if len(b) < 4 {
		return 0, 0
	}
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, 0
		}
		r = r<<4 | rune(c)
	}
	return r, 4
}

// repair replaces each invalid byte by U+FFFD, which takes three, and counts it.
func (s *Scanner) repair(b []byte) string {
	n := 0
	for rest := b; len(rest) > 0; {
		r, k := utf8.DecodeRune(rest)
		if r == utf8.RuneError && k == 1 {
			n++
		}
		rest = rest[k:]
	}
	s.repaired += n
	grown := n * (utf8.RuneLen(utf8.RuneError) - 1)
	if !s.keep(grown) {
		return ""
	}
	out := make([]byte, 0, len(b)+grown)
	for len(b) > 0 {
		r, k := utf8.DecodeRune(b)
		if r == utf8.RuneError && k == 1 {
			out = utf8.AppendRune(out, utf8.RuneError)
		} else {
			out = append(out, b[:k]...)
		}
		b = b[k:]
	}
	return alias(out)
}

// An arena holds the text of one document in few allocations: a record's
// strings live and die together.
type arena struct {
	lent  *Memory // taken first, nil for none
	free  []byte
	next  int
	alone bool // the last room was an allocation of its own
}

// A Memory is lent to scanners for the strings that they decode, which are valid
// until it is used for something else.
type Memory struct{ free []byte }

// NewMemory lends what is behind the end of b.
func NewMemory(b []byte) *Memory { return &Memory{b[len(b):len(b):cap(b)]} }

const (
	minChunk = 4 << 10
	maxChunk = 64 << 10 // what is left of the last one is lost
)

// expect sizes the next chunk for a document.
func (a *arena) expect(n int) { a.free, a.next = nil, max(minChunk, min(n/8, maxChunk)) }

// room returns an empty slice that n bytes fit in.
func (a *arena) room(n int) []byte {
	a.alone = false
	if a.lent != nil && n <= cap(a.lent.free) {
		return a.lent.free[:0:n]
	}
	a.lent = nil // so that what room gave is what keep takes
	if n > cap(a.free) {
		if n > a.next/4 {
			a.alone = true
			return make([]byte, 0, n) // a large text gets its own
		}
		a.free = make([]byte, 0, a.next)
	}
	return a.free[:0:n]
}

// spare returns all memory that is lent and not taken, nil where there is none.
// What is kept of it is taken like room's.
func (a *arena) spare() []byte {
	a.alone = false
	if a.lent == nil {
		return nil
	}
	return a.lent.free
}

// keep takes the first n bytes that room or spare gave out of the arena.
func (a *arena) keep(n int) {
	switch {
	case a.lent != nil:
		a.lent.free = a.lent.free[n:cap(a.lent.free)][:0]
	case !a.alone:
		a.free = a.free[n:cap(a.free)][:0]
	}
}

func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
