package jsonscan

import "iter"

// A guess is what stood between two values of an object, key included. Objects
// that follow each other in a list are written alike: to compare with what stood
// there the last time is one step where white space, comma, key and colon are
// seven, of which most end where cannot be foreseen.
type guess struct {
	text  []byte // of the document; behind a value or '{', up to a value or behind '}'
	key   []byte // in text, nil where the object ends
	next  guesses
	inner guesses // what objects in the key's value begin with
}

// guesses are what stood in one place before, the last of them anew when it is
// another thing again.
type guesses [2]*guess

const (
	// maxGuesses bounds what a scanner remembers: some formats have two hundred
	// keys at different places.
	maxGuesses = 1 << 10
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
			var next *guesses
			if s.here = nil; g != nil {
				s.here, next = &g.inner, &g.next
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
// returns. At the end of the object, behind which it steps, and after an error it
// returns nil.
func (s *Scanner) field(known *guesses, first bool) ([]byte, *guess) {
	if known == nil || len(s.path) >= MaxDepth {
		return s.fieldAnew(known, first)
	}
	rest := s.buf[s.pos:]
	for _, g := range known {
		if g == nil {
			break
		}
		if len(g.text) > len(rest) || string(rest[:len(g.text)]) != string(g.text) {
			continue
		}
		s.pos += len(g.text)
		if g.key == nil {
			return nil, nil
		}
		s.path = append(s.path, step{key: g.key})
		if s.pos < len(s.buf) && s.buf[s.pos] <= ' ' {
			s.space()
		}
		return g.key, g
	}
	return s.fieldAnew(known, first)
}

// fieldAnew is field where nothing is known, and remembers what it finds.
func (s *Scanner) fieldAnew(known *guesses, first bool) ([]byte, *guess) {
	start := s.pos
	switch c := s.peek(); {
	case first && c == '}', !first && c != ',':
		if s.want('}') {
			s.remember(known, start, nil)
		}
		return nil, nil
	case !first:
		s.pos++
	}
	s.space()
	quote := s.pos
	key := s.key()
	plain := s.pos == quote+len(key)+2 // as it is written, without escapes
	if s.err != nil || !s.want(':') || !s.push(step{key: key}) {
		return nil, nil
	}
	if s.space(); !plain {
		return key, nil
	}
	return key, s.remember(known, start, key)
}

// remember makes what was read since start a guess, nil where there is no room.
func (s *Scanner) remember(known *guesses, start int, key []byte) *guess {
	if known == nil || s.pos-start > maxGuessBytes {
		return nil
	}
	g := guess{text: s.buf[start:s.pos], key: key}
	for i := range known {
		if known[i] == nil && s.guessed < maxGuesses {
			s.guessed++
			known[i] = s.guesses.put(g)
			return known[i]
		}
	}
	last := known[len(known)-1]
	if last == nil {
		return nil
	}
	*last = g
	return last
}
