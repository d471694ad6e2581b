package chat

import "github.com/swerm/swerm/sources/jsonscan"

// Seen finds a known key that appears twice: what such a document means depends
// on its reader, so it is refused.
type Seen uint64

// Once fails the scanner when it is called twice with one bit (0 to 63).
func (b *Seen) Once(s *jsonscan.Scanner, bit int) {
	if *b&(1<<bit) != 0 {
		s.Fail(jsonscan.ErrDuplicate)
	}
	*b |= 1 << bit
}
