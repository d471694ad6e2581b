package jsonscan

import "unsafe"

// A kernel is machine code that looks at long texts 64 bytes at a time. Without
// one the same is done byte by byte, in Go; tests hold all of them together.
type kernel struct {
	name string
	// least is how many bytes a text has that closingQuote and closingBracket
	// are given.
	least int

	// closingQuote returns the place of the first quote with an even number of
	// backslashes right before it, -1 without one.
	closingQuote func(text *byte, n int) int

	// plainText copies the inside of a string and resolves escapes of two bytes,
	// up to the closing quote, to an escape that is longer, rare or unknown, or to
	// where fewer than textStep of n bytes are left. high says that a byte that is
	// not ASCII was seen there or a little behind. It writes nothing beyond n
	// bytes.
	plainText func(dst, text *byte, n int) (read, wrote int, high bool)

	// closingBracket returns the place behind the bracket that closes the
	// outermost of depth open ones. Their kinds are the low bits of open, the
	// innermost lowest, 1 for '{'. It returns -1 where brackets do not match or
	// are deeper than room, which is below 64, where a backslash is outside a
	// string and where the text ends.
	closingBracket func(text *byte, n int, open uint64, depth, room int) int
}

// fastest is the kernel that scanners use, nil where the machine has none.
var fastest = func() *kernel {
	if ks := kernels(); len(ks) > 0 {
		return ks[0]
	}
	return nil
}()

// endOfString does what the function endOfString does.
func (k *kernel) endOfString(buf []byte, start int) int {
	body := buf[start+1:]
	if len(body) < k.least {
		return endOfString(buf, start)
	}
	i := k.closingQuote(unsafe.SliceData(body), len(body))
	if i < 0 {
		return -1
	}
	return start + 1 + i + 1
}

// maxWideDepth is how many open brackets fit in a word of bits.
const maxWideDepth = 63

// close moves behind what closes the outermost of depth open brackets. Where it
// returns false nothing has moved, and whoever looks byte by byte finds out why.
func (s *Scanner) close(open uint64, depth, room int) bool {
	rest := s.buf[s.pos:]
	if len(rest) < s.fast.least {
		return false
	}
	i := s.fast.closingBracket(unsafe.SliceData(rest), len(rest), open, depth, min(room, maxWideDepth))
	if i < 0 {
		return false
	}
	s.pos += i
	return true
}

// textStep is how many bytes plainText needs.
const textStep = 32

// wideText reads the string that begins here in one pass, into memory whose size
// is known to be enough without looking for the end first. Where there is no such
// memory, too little follows, or anything is wrong with the string, ok is false
// and nothing has moved: the way byte by byte finds out what it is.
func (s *Scanner) wideText() (text []byte, ascii, ok bool) {
	doc, dst := s.buf[s.pos+1:], s.text.spare()
	read, ascii, repaired := 0, true, s.repaired
	for {
		n := min(len(doc)-read, cap(dst)-len(dst))
		if n < textStep {
			break
		}
		r, w, high := s.fast.plainText(unsafe.SliceData(dst[len(dst):cap(dst)]), unsafe.SliceData(doc[read:]), n)
		read, dst, ascii = read+r, dst[:len(dst)+w], ascii && !high
		if read == len(doc) {
			break
		}
		if doc[read] == '"' {
			s.pos += read + 2
			return dst, ascii, true
		}
		if cap(dst)-len(dst) < textStep || !s.knownEscape(doc[read:]) {
			break
		}
		var rest []byte
		dst, rest = s.longEscape(dst, doc[read:])
		read, ascii = len(doc)-len(rest), false
	}
	s.repaired = repaired
	return nil, false, false
}

// knownEscape reports whether longEscape takes what text begins with.
func (s *Scanner) knownEscape(text []byte) bool {
	if len(text) < 2 || text[0] != '\\' {
		return false
	}
	switch text[1] {
	case 't', 'r', 'b', 'f':
		return true
	case 'u':
		_, n := hex4(text[2:])
		return n > 0
	}
	return false
}

// unescapeWide does what unescape does; ascii says that all bytes of body are.
func (s *Scanner) unescapeWide(dst, body []byte) (_ []byte, ascii bool) {
	ascii = true
	for len(body) >= textStep && s.err == nil {
		read, wrote, high := s.fast.plainText(unsafe.SliceData(dst[len(dst):cap(dst)]), unsafe.SliceData(body), len(body))
		dst, body, ascii = dst[:len(dst)+wrote], body[read:], ascii && !high
		if len(body) >= textStep {
			dst, body = s.longEscape(dst, body)
		}
	}
	if len(body) == 0 || s.err != nil {
		return dst, ascii
	}
	return s.unescape(dst, body), ascii && isASCII(body)
}

// isASCII is for texts of a few bytes.
func isASCII(b []byte) bool {
	var all byte
	for _, c := range b {
		all |= c
	}
	return all < 0x80
}
