// Package knownsum spares hashing the same bytes twice. A raw file is hashed for
// the key of what is made of it, and a moment later its record names it by the
// same hash; what tells that nothing has changed in between is a print of the
// bytes themselves, which is made at several times the speed of the hash.
//
// A print is a universal hash: sums of carry-less products of the text and a key
// that is drawn when a [Memo] is made and never leaves it. Whatever two texts
// are, chosen by whomever, their prints are equal with a probability below 2^-63
// over the choice of the key. Size, times and names of a file, which a writer can
// keep while bytes change, play no part.
//
// Where the machine has no carry-less multiplication nothing is remembered, and
// everything hashed again. Memory is bounded: what comes after the first files is
// hashed again too.
package knownsum

//go:generate go run -C ../../tools/asmgen ./knownsum -dir ../../internal/knownsum
