package jsonscan

import (
	"iter"
	"math"
)

// A guess is what stood between two values of an object, key included: where it
// was in the document, from behind a value or '{' up to a value or behind '}'.
// Objects that follow each other in a list are written alike, and to compare with
// what stood there the last time is one step where white space, comma, key and
// colon are seven, of which most end where cannot be foreseen.
type guess struct {
	from, to   int32
	key, keyTo int32   // where the key was; 0, which no key is at, where the object ends
	next       guesses // what followed the key's value
	inner      guesses // what objects in the value begin with
}

// guesses are what stood in one place before, as numbers of guesses, 0 for none.
// The second one makes room when it is another thing again.
type guesses [2]int32

// A place is one where there are guesses: twice the number of a guess, and one more
// for what its value begins with.
type place int32

const (
	nowhere place = 0
	top     place = 1 // what the document begins with: guess 0 stands for it

	// maxGuesses bounds what a scanner remembers: some formats have two hundred
	// keys at different places.
	maxGuesses  = 1 << 10
	someGuesses = 64
	// maxGuessBytes are more than indentation and a key take.
	maxGuessBytes = 256
)

// Fields yields the keys of an object. The body must read the value, or leave
// it: what it leaves is stepped over. A null is an object without keys. The key
// is valid until the next one.
func (s *Scanner) Fields() iter.Seq[string] {
	return func(yield func(string) bool) {
		if s.Kind() == Null {
			s.literal()
			return
		}
		if !s.want('{') {
			return
		}
		own := s.here
		key, g := s.field(own, true)
		for key != nil {
			next := nowhere
			if s.here = nowhere; g != 0 {
				next, s.here = place(2*g), place(2*g+1)
			}
			at := s.pos
			more := yield(alias(key))
			if s.err == nil && s.pos == at {
				s.Skip()
			}
			if s.err != nil {
				return
			}
			s.path = s.path[:len(s.path)-1]
			if !more {
				s.leave('{')
				break
			}
			key, g = s.field(next, false)
		}
		s.here = own
	}
}

// field steps to the value of the next key, which it adds to the path and
// returns, with the number of the guess that is now right. At the end of the
// object, behind which it steps, and after an error it returns nil.
func (s *Scanner) field(at place, first bool) ([]byte, int32) {
	if at == nowhere || len(s.guesses) == 0 || len(s.path) >= MaxDepth {
		return s.fieldAnew(at, first)
	}
	for _, n := range *s.known(at) {
		if n == 0 {
			break
		}
		g := &s.guesses[n]
		text, rest := s.buf[g.from:g.to], s.buf[s.pos:]
		if len(text) > len(rest) || string(rest[:len(text)]) != string(text) {
			continue
		}
		s.pos += len(text)
		if g.key == 0 {
			return nil, 0
		}
		key := s.buf[g.key:g.keyTo]
		s.path = append(s.path, step{key: key})
		if s.pos < len(s.buf) && s.buf[s.pos] <= ' ' {
			s.space()
		}
		return key, n
	}
	return s.fieldAnew(at, first)
}

// fieldAnew is field where no guess is right, and remembers what it finds.
func (s *Scanner) fieldAnew(at place, first bool) ([]byte, int32) {
	start := s.pos
	switch c := s.peek(); {
	case first && c == '}', !first && c != ',':
		if s.want('}') {
			s.remember(at, start, 0, 0)
		}
		return nil, 0
	case !first:
		s.pos++
	}
	s.space()
	quote := s.pos
	key := s.key()
	plain := s.pos == quote+len(key)+2 // as it is written, without escapes
	if s.err != nil || !s.want(':') || !s.push(step{key: key}) {
		return nil, 0
	}
	if s.space(); !plain {
		return key, 0
	}
	return key, s.remember(at, start, quote+1, quote+1+len(key))
}

// known is what was seen in a place.
func (s *Scanner) known(at place) *guesses {
	g := &s.guesses[at/2]
	if at%2 == 0 {
		return &g.next
	}
	return &g.inner
}

// remember makes a guess of what was read since start and returns its number, 0
// where there is no room.
func (s *Scanner) remember(at place, start, key, keyTo int) int32 {
	if at == nowhere || s.pos-start > maxGuessBytes || s.pos > math.MaxInt32 {
		return 0
	}
	if len(s.guesses) == 0 {
		s.guesses = append(make([]guess, 0, someGuesses), guess{})
	}
	g := guess{from: int32(start), to: int32(s.pos), key: int32(key), keyTo: int32(keyTo)}
	known := s.known(at)
	for i := range known {
		if known[i] == 0 && len(s.guesses) < maxGuesses {
			n := int32(len(s.guesses))
			known[i] = n
			s.guesses = append(s.guesses, g)
			return n
		}
	}
	n := known[len(known)-1]
	if n != 0 {
		s.guesses[n] = g
	}
	return n
}
