package jsonscan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"strconv"
	"unsafe"
)

// MaxDepth bounds nesting. Provider replies nest about ten deep; a deeper
// document is an attack or an accident.
const MaxDepth = 128

// MaxTextBytes bounds what one document may make a reader keep: its decoded
// strings, and elementBytes for each element of a list that is read. Documents
// are larger where they repeat themselves; what is stepped over costs nothing.
// The longest runs seen keep a few megabytes. Between a reader and a file on
// disk a record stands in memory several times over.
const (
	MaxTextBytes = 16 << 20
	elementBytes = 64
)

// Kind is what the next value is.
type Kind byte

// The kinds of value. None is the end of the document or a byte that begins
// no value.
const (
	None Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// String names the kind as error messages do.
func (k Kind) String() string {
	return [...]string{"nothing", "null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// Errors that callers tell apart.
var (
	// ErrTruncated is returned when the document ends inside a value.
	ErrTruncated = errors.New("the document ends here")
	// ErrDepth is returned past MaxDepth.
	ErrDepth = fmt.Errorf("nested deeper than %d", MaxDepth)
	// ErrText is returned past MaxTextBytes.
	ErrText = fmt.Errorf("more than %d bytes of text in one record", MaxTextBytes)
	// ErrDuplicate is returned by Fields' users through Fail: a known key twice.
	ErrDuplicate = errors.New("key appears twice")
)

// An Error is a fault in a document, with its place.
type Error struct {
	Path   string // as in messages[3].content; "" at the top
	Offset int
	Err    error
}

// Error names the path, the cause and the offset.
func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%v (byte %d)", e.Err, e.Offset)
	}
	return fmt.Sprintf("%s: %v (byte %d)", e.Path, e.Err, e.Offset)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

type step struct {
	key   []byte // nil for an element of a list
	index int
}

// A Scanner reads one document. It is for one goroutine; the document must not
// change while it is used.
type Scanner struct {
	buf  []byte
	pos  int
	err  *Error
	path []step
	text arena

	strings slab[string] // what optional values point to
	floats  slab[float64]
	ints    slab[int64]

	here    place // of the next object
	guesses []guess

	repaired int
	kept     int     // of MaxTextBytes
	fast     *kernel // how long texts are looked at, nil for byte by byte
}

// New returns a scanner over a document.
func New(doc []byte) *Scanner {
	s := &Scanner{fast: fastest}
	s.Reset(doc)
	return s
}

// NewIn is New with memory for the strings, nil for memory of their own.
func NewIn(lent *Memory, doc []byte) *Scanner {
	s := New(doc)
	s.text.lent = lent
	return s
}

// Reset begins another document. Strings handed out stay valid.
func (s *Scanner) Reset(doc []byte) {
	s.buf, s.pos, s.err, s.path, s.repaired, s.kept = doc, 0, nil, s.path[:0], 0, 0
	s.here, s.guesses = top, s.guesses[:0] // guesses are parts of the document before
	if bytes.HasPrefix(doc, []byte("\xef\xbb\xbf")) {
		s.pos = 3 // a byte order mark is not part of the document
	}
	s.text.expect(len(doc))
}

// Err returns the first error, nil while there is none.
func (s *Scanner) Err() error {
	if s.err == nil {
		return nil
	}
	return s.err
}

// Repaired is how many invalid sequences strings had so far.
func (s *Scanner) Repaired() int { return s.repaired }

// Kept is how many bytes of MaxTextBytes the document has taken so far.
func (s *Scanner) Kept() int { return s.kept }

// Count takes n bytes of MaxTextBytes for what a reader keeps of Raw values; past
// the limit it is the scanner's error, and false.
func (s *Scanner) Count(n int) bool { return s.err == nil && s.keep(n) }

// Fail makes err the scanner's error at the current path, unless there is one.
func (s *Scanner) Fail(err error) {
	if s.err == nil {
		s.err = &Error{Path: s.pathString(), Offset: s.pos, Err: err}
	}
}

func (s *Scanner) failf(format string, args ...any) { s.Fail(fmt.Errorf(format, args...)) }

func (s *Scanner) pathString() string {
	var b []byte
	for _, st := range s.path {
		if st.key == nil {
			b = append(b, '[')
			b = strconv.AppendInt(b, int64(st.index), 10)
			b = append(b, ']')
			continue
		}
		if len(b) > 0 {
			b = append(b, '.')
		}
		b = append(b, bytes.ToValidUTF8(st.key[:min(len(st.key), 64)], []byte("\uFFFD"))...)
	}
	return string(b)
}

// indent is eight spaces: documents for people are a quarter white space.
const indent = 0x2020202020202020

func (s *Scanner) space() {
	buf, p := s.buf, s.pos
	for p < len(buf) && (buf[p] == ' ' || buf[p] == '\n' || buf[p] == '\r' || buf[p] == '\t') {
		p++
		for p+8 <= len(buf) {
			other := binary.LittleEndian.Uint64(buf[p:]) ^ indent
			p += bits.TrailingZeros64(other) / 8 // 8 where all are spaces
			if other != 0 {
				break
			}
		}
	}
	s.pos = p
}

// peek returns the next byte that is not white space, 0 at the end.
func (s *Scanner) peek() byte {
	if s.pos < len(s.buf) && s.buf[s.pos] > ' ' && s.err == nil {
		return s.buf[s.pos]
	}
	return s.peekBehind()
}

// peekBehind is peek where there may be white space, so that peek is small.
func (s *Scanner) peekBehind() byte {
	if s.err != nil {
		return 0
	}
	s.space()
	if s.pos >= len(s.buf) {
		return 0
	}
	return s.buf[s.pos]
}

// kinds are what values begin with. Python writes NaN and Infinity.
var kinds = [256]Kind{
	'{': Object, '[': Array, '"': String, 'n': Null, 't': Bool, 'f': Bool, '-': Number, 'N': Number, 'I': Number,
	'0': Number, '1': Number, '2': Number, '3': Number, '4': Number, '5': Number, '6': Number, '7': Number, '8': Number, '9': Number,
}

// Kind says what the next value is without reading it.
func (s *Scanner) Kind() Kind { return kinds[s.peek()] }

// End checks that nothing but white space is left.
func (s *Scanner) End() {
	if s.space(); s.err == nil && s.pos < len(s.buf) {
		s.failf("more follows the end of the document")
	}
}

func (s *Scanner) want(c byte) bool {
	if s.peek() == c && s.err == nil {
		s.pos++
		return true
	}
	if s.err == nil {
		if s.pos >= len(s.buf) {
			s.Fail(ErrTruncated)
		} else {
			s.failf("%q where %q belongs", s.buf[s.pos], c)
		}
	}
	return false
}

func (s *Scanner) push(st step) bool {
	if len(s.path) >= MaxDepth {
		s.Fail(ErrDepth)
		return false
	}
	s.path = append(s.path, st)
	return true
}

// keep counts n bytes against MaxTextBytes.
func (s *Scanner) keep(n int) bool {
	if s.kept += n; s.kept > MaxTextBytes {
		s.Fail(ErrText)
		return false
	}
	return true
}

// Elements yields the indexes of a list, as Fields does with keys. A null is an
// empty list.
func (s *Scanner) Elements() iter.Seq[int] {
	return func(yield func(int) bool) {
		if s.Kind() == Null {
			s.literal()
			return
		}
		if !s.want('[') {
			return
		}
		if s.peek() == ']' {
			s.pos++
			return
		}
		for i := 0; s.err == nil; i++ {
			if !s.push(step{index: i}) || !s.keep(elementBytes) {
				return
			}
			s.space()
			at := s.pos
			more := yield(i)
			if s.err == nil && s.pos == at {
				s.Skip()
			}
			if s.err != nil {
				return
			}
			s.path = s.path[:len(s.path)-1]
			if !more {
				s.leave('[')
				return
			}
			if s.peek() == ',' {
				s.pos++
				continue
			}
			s.want(']')
			return
		}
	}
}

// leave steps over the rest of an object or list that a loop broke out of.
func (s *Scanner) leave(open byte) {
	if s.err == nil {
		s.balance(open)
	}
}

// key reads a key. Keys with escapes are rare; they are decoded like strings.
func (s *Scanner) key() []byte {
	if s.peek() != '"' {
		s.want('"')
		return nil
	}
	start := s.pos + 1
	p := start
	for p+8 <= len(s.buf) { // keys are short
		n := bits.TrailingZeros64(quotes(binary.LittleEndian.Uint64(s.buf[p:]))) / 8
		if p += n; n < 8 {
			break
		}
	}
	for p < len(s.buf) && s.buf[p] != '"' && s.buf[p] != '\\' {
		p++
	}
	if p == len(s.buf) {
		s.pos = p
		s.Fail(ErrTruncated)
		return nil
	}
	if s.buf[p] == '"' {
		s.pos = p + 1
		return s.buf[start:p]
	}
	key := []byte(s.Str())
	if key == nil {
		key = []byte{}
	}
	return key
}

// quotes marks the first quote or backslash of eight bytes: of the highest bits
// of all of them, the lowest that is set is that of the first.
func quotes(text uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, backslash := text^'"'*ones, text^'\\'*ones
	return ((quote-ones)&^quote | (backslash-ones)&^backslash) & highs
}

// Skip steps over one value.
func (s *Scanner) Skip() {
	if s.err != nil {
		return
	}
	switch s.Kind() {
	case String:
		s.skipString()
	case Object, Array:
		s.balance(0)
	case None:
		if s.pos >= len(s.buf) {
			s.Fail(ErrTruncated)
		} else {
			s.failf("%q begins no value", s.buf[s.pos])
		}
	default:
		s.literal()
	}
}

// Raw steps over one value and returns its bytes, which belong to the document.
func (s *Scanner) Raw() []byte {
	s.peek()
	start := s.pos
	s.Skip()
	if s.err != nil {
		return nil
	}
	return s.buf[start:s.pos]
}

// skipString steps over a string.
func (s *Scanner) skipString() {
	var p int
	if s.fast != nil {
		p = s.fast.endOfString(s.buf, s.pos)
	} else {
		p = endOfString(s.buf, s.pos)
	}
	if p < 0 {
		s.pos = len(s.buf)
		s.Fail(ErrTruncated)
		return
	}
	s.pos = p
}

// endOfString returns the place behind the string that opens at start: behind
// the first quote with an even number of backslashes before it; -1 without one.
func endOfString(buf []byte, start int) int {
	p := start + 1
	for {
		i := bytes.IndexByte(buf[p:], '"')
		if i < 0 {
			return -1
		}
		p += i + 1
		n := 0
		for q := p - 2; q > start && buf[q] == '\\'; q-- {
			n++
		}
		if n%2 == 0 {
			return p
		}
	}
}

// structural marks the bytes that balancing brackets looks at.
var structural = [256]bool{'"': true, '{': true, '}': true, '[': true, ']': true}

// balance steps over an object or a list by balancing brackets: the one that
// begins here, or what is left of one that outer has opened.
func (s *Scanner) balance(outer byte) {
	var open [MaxDepth]byte
	depth, room := 0, MaxDepth-len(s.path)
	if outer != 0 {
		open[0], depth = outer, 1
	}
	if s.fast != nil && s.close(uint64(outer>>5&1), depth, room) {
		return
	}
	buf, p := s.buf, s.pos
	for ; p < len(buf); p++ {
		c := buf[p]
		if !structural[c] {
			continue
		}
		switch c {
		case '"':
			if p = endOfString(buf, p); p < 0 {
				s.pos = len(buf)
				s.Fail(ErrTruncated)
				return
			}
			p--
		case '{', '[':
			if depth >= room {
				s.pos = p
				s.Fail(ErrDepth)
				return
			}
			open[depth] = c
			depth++
		default:
			if open[depth-1] != c-2 {
				s.pos = p
				s.failf("%q closes %q", c, open[depth-1])
				return
			}
			if depth--; depth == 0 {
				s.pos = p + 1
				return
			}
		}
	}
	s.pos = p
	s.Fail(ErrTruncated)
}

// literal reads a number, true, false or null and returns its bytes.
func (s *Scanner) literal() []byte {
	if n := plainLiteral(s.buf[s.pos:]); n > 0 {
		s.pos += n
		return s.buf[s.pos-n : s.pos]
	}
	start := s.pos
	for s.pos < len(s.buf) {
		c := s.buf[s.pos]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.' {
			s.pos++
			continue
		}
		break
	}
	lit := s.buf[start:s.pos]
	if !validLiteral(lit) {
		s.pos = start
		if start+len(lit) == len(s.buf) {
			s.Fail(ErrTruncated)
		} else {
			s.failf("%q is no value", clip(lit))
		}
		return nil
	}
	return lit
}

// ends marks what stands behind a literal.
var ends = [256]bool{',': true, '}': true, ']': true, ' ': true, '\n': true, '\r': true, '\t': true}

// plainLiteral returns the length of the literal that text begins with where it is
// null or a number without an exponent and something follows it, as nearly all are.
func plainLiteral(text []byte) int {
	n := 0
	if len(text) > 4 && string(text[:4]) == "null" {
		n = 4
	} else {
		n = digits(text)
		if n == 0 || text[0] == '0' && n > 1 {
			return 0
		}
		if n < len(text) && text[n] == '.' {
			behind := digits(text[n+1:])
			if behind == 0 {
				return 0
			}
			n += 1 + behind
		}
	}
	if n < len(text) && ends[text[n]] {
		return n
	}
	return 0
}

// digits counts those that b begins with.
func digits(b []byte) int {
	for i, c := range b {
		if c-'0' > 9 {
			return i
		}
	}
	return len(b)
}

func validLiteral(lit []byte) bool {
	switch alias(lit) {
	case "null", "true", "false", "NaN", "Infinity", "-Infinity":
		return true
	}
	return validNumber(lit)
}

// validNumber checks the grammar of a JSON number.
func validNumber(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte("-"))
	digits := func() int {
		n := 0
		for n < len(b) && b[n] >= '0' && b[n] <= '9' {
			n++
		}
		b = b[n:]
		return n
	}
	lead := len(b) > 0 && b[0] == '0'
	if n := digits(); n == 0 || lead && n > 1 {
		return false
	}
	if len(b) > 0 && b[0] == '.' {
		b = b[1:]
		if digits() == 0 {
			return false
		}
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		if digits() == 0 {
			return false
		}
	}
	return len(b) == 0
}

func clip(b []byte) []byte { return b[:min(len(b), 32)] }

// Mark is a place in the document, for Since.
func (s *Scanner) Mark() int { s.peek(); return s.pos }

// Since returns the bytes read since a mark. They belong to the document.
func (s *Scanner) Since(mark int) []byte {
	if s.err != nil {
		return nil
	}
	return s.buf[mark:s.pos]
}

// At reads once more, under its key, a value that begins at a mark and was
// stepped over: what it means may depend on keys behind it. Limits, repairs and
// errors are those of this document.
func (s *Scanner) At(mark int, key string, read func()) {
	if s.err != nil || !s.push(step{key: []byte(key)}) {
		return
	}
	pos, depth := s.pos, len(s.path)
	s.pos = mark
	read()
	if s.err == nil {
		s.pos, s.path = pos, s.path[:depth-1]
	}
}

// Inner reads a string that itself holds a document: read is given a scanner
// over it, whose first error and repairs become this scanner's. What is read
// counts on top of the string.
func (s *Scanner) Inner(read func(*Scanner)) {
	text := s.Str()
	if s.err != nil {
		return
	}
	in := &Scanner{fast: s.fast}
	in.Reset(unsafe.Slice(unsafe.StringData(text), len(text)))
	in.kept = s.kept - len(text)
	read(in)
	in.End()
	s.repaired += in.repaired
	s.kept = max(s.kept, in.kept)
	if in.err != nil {
		s.Fail(fmt.Errorf("in the JSON of this string: %w", in.err))
	}
}
