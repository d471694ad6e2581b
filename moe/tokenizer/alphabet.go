package tokenizer

import "strings"

// An alphabet is the one-letter-per-byte spelling that byte-level vocabularies
// use on disk: printable Latin-1 stands for itself, the rest for letters from
// U+0100 on, in byte order.
type alphabet struct {
	letter [256]rune
	order  [256]byte  // bytes in the order of their first ids: themselves, then the rest
	byteOf [512]int16 // letter -> byte; -1 = none
}

func newAlphabet() *alphabet {
	a := new(alphabet)
	n, shifted := 0, 0
	for b := range 256 {
		if printable(b) {
			a.letter[b] = rune(b)
			a.order[n] = byte(b)
			n++
		}
	}
	for b := range 256 {
		if !printable(b) {
			a.letter[b] = rune(256 + shifted)
			a.order[n] = byte(b)
			n++
			shifted++
		}
	}
	for r := range a.byteOf {
		a.byteOf[r] = -1
	}
	for b, r := range a.letter {
		a.byteOf[r] = int16(b)
	}
	return a
}

func printable(b int) bool {
	return b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae
}

// plain returns the bytes that a token of the file stands for; ok is false
// when it holds a letter of no byte.
func (a *alphabet) plain(token string) (string, bool) {
	var b strings.Builder
	b.Grow(len(token))
	for _, r := range token {
		if int(r) >= len(a.byteOf) || a.byteOf[r] < 0 {
			return "", false
		}
		b.WriteByte(byte(a.byteOf[r]))
	}
	return b.String(), true
}

// spell is the inverse of plain.
func (a *alphabet) spell(plain string) string {
	var b strings.Builder
	b.Grow(len(plain) + len(plain)/4)
	for i := range len(plain) {
		b.WriteRune(a.letter[plain[i]])
	}
	return b.String()
}
