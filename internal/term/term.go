// Package term makes text of unknown origin safe to show on a terminal and
// says whether a file is one.
//
// Trajectories, file names and config lines can carry control sequences that
// move the cursor, retitle a window, or reverse the reading direction. [Text]
// and [Line] take them out; what a person reads is otherwise unchanged; [JSON]
// escapes them instead. It does not escape for HTML or shells.
package term

import (
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/vbauerster/mpb/v8/cwriter"
)

// IsTerminal reports whether f is a terminal that takes cursor movement.
func IsTerminal(f *os.File) bool {
	return os.Getenv("TERM") != "dumb" && cwriter.IsTerminal(int(f.Fd()))
}

// Text removes control sequences and control characters but keeps newlines
// and tabs. Bytes that are not UTF-8 become U+FFFD.
func Text(s string) string { return clean(s, true) }

// Line is Text on one line: newlines become spaces too.
func Line(s string) string { return clean(s, false) }

// JSON escapes what a terminal would act upon in a JSON document, so that it
// says the same and can be shown. Encoders escape the controls of ASCII
// themselves.
func JSON(doc []byte) []byte {
	var out []byte // nil while there is nothing to escape
	from := 0
	for i := 0; i < len(doc); {
		if doc[i] < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(doc[i:])
		if r >= 0x7f && r < 0xa0 || hidden(r) {
			out = fmt.Appendf(append(out, doc[from:i]...), `\u%04x`, r)
			from = i + size
		}
		i += size
	}
	if out == nil {
		return doc
	}
	return append(out, doc[from:]...)
}

func clean(s string, multi bool) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == 0x1b:
			i += escape(s[i:])
			continue
		case r == 0x9b: // CSI as one character
			i += size + csi(s[i+size:])
			continue
		case r == 0x90 || r == 0x9d || r == 0x98 || r == 0x9e || r == 0x9f:
			i += size + str(s[i+size:])
			continue
		case r == utf8.RuneError && size == 1:
			b.WriteRune(utf8.RuneError)
		case r == '\t':
			b.WriteByte('\t')
		case r == '\n' && multi:
			b.WriteByte('\n')
		case r == '\n':
			b.WriteByte(' ')
		case r < ' ' || r >= 0x7f && r < 0xa0 || hidden(r):
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// plain reports whether s is printable ASCII with tabs: the usual case.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' && c != '\t') || c >= 0x7f {
			return false
		}
	}
	return true
}

// hidden characters change how their neighbours are read: bidirectional
// overrides and isolates, line separators.
func hidden(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 ||
		r == 0x200e || r == 0x200f || r == 0x061c || r == 0x2028 || r == 0x2029
}

// maxString bounds an unterminated string sequence: a lone opener does not
// swallow the text after it.
const maxString = 4096

// escape returns the length of the sequence that begins with ESC (ECMA-48).
func escape(s string) int {
	if len(s) == 1 {
		return 1
	}
	switch c := s[1]; {
	case c == '[':
		return 2 + csi(s[2:])
	case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_':
		return 2 + str(s[2:])
	case c >= 0x20 && c <= 0x2f: // intermediates, then one final byte
		i := 1
		for i < len(s) && s[i] >= 0x20 && s[i] <= 0x2f {
			i++
		}
		if i < len(s) && s[i] >= 0x30 && s[i] <= 0x7e {
			i++
		}
		return i
	case c >= 0x30 && c <= 0x7e:
		return 2
	}
	return 1
}

// csi returns the length of parameters, intermediates and the final byte.
func csi(s string) int {
	i := 0
	for i < len(s) && s[i] >= 0x20 && s[i] <= 0x3f {
		i++
	}
	if i < len(s) && s[i] >= 0x40 && s[i] <= 0x7e {
		i++
	}
	return i
}

// str returns the length of a string up to and with its end: BEL, ESC \ or ST.
// Without an end in reach it is 0, and only the opener is taken out.
func str(s string) int {
	for i := 0; i < len(s) && i < maxString; i++ {
		switch {
		case s[i] == 0x07:
			return i + 1
		case s[i] == 0x1b && i+1 < len(s) && s[i+1] == '\\':
			return i + 2
		case s[i] == 0xc2 && i+1 < len(s) && s[i+1] == 0x9c:
			return i + 2
		}
	}
	return 0
}
