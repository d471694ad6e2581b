package jsonscan

import (
	"bytes"
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"
)

// fenced returns n bytes behind which no memory is.
func fenced(t *testing.T, n int) []byte {
	t.Helper()
	page := syscall.Getpagesize()
	whole := (n + page - 1) / page * page
	b, err := syscall.Mmap(-1, 0, whole+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(b) })
	if err := syscall.Mprotect(b[whole:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return b[whole-n : whole : whole]
}

// plainEscape is what an escape of two bytes stands for that machine code knows, 0
// for others.
func plainEscape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case '"', '\\', '/':
		return c
	}
	return 0
}

// TestPlainText holds machine code to one byte after the other, at the end of
// memory.
func TestPlainText(t *testing.T) {
	if fastest == nil {
		t.Skip("this machine reads byte by byte")
	}
	const most = 300
	r := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{`"`, "\\n\\t\\r\\/\\\"\\\\abcdefgnrt/\x00\xff\xc3\xa9", "\\", "abcdefghijklmnop"}
	text, dst := fenced(t, most), fenced(t, most)
	for range 200_000 {
		n := r.IntN(most)
		text, dst := text[most-n:], dst[most-n:]
		for i := range text {
			some := alphabet[min(r.IntN(40), len(alphabet)-1)]
			text[i] = some[r.IntN(len(some))]
		}
		read, wrote, high := fastest.plainText(unsafe.SliceData(dst), unsafe.SliceData(text), n)
		checkPlainText(t, text, dst[:wrote], read, high)
	}
}

func checkPlainText(t *testing.T, text, got []byte, read int, high bool) {
	t.Helper()
	var want []byte
	i := 0
	for i < read {
		switch c := text[i]; {
		case c == '"':
			t.Fatalf("%q: %d bytes are read, past a quote at %d", text, read, i)
		case c != '\\':
			want = append(want, c)
			i++
			continue
		}
		c := byte(0)
		if i+1 < len(text) {
			c = plainEscape(text[i+1])
		}
		if c == 0 {
			t.Fatalf("%q: %d bytes are read, past an escape at %d", text, read, i)
		}
		want = append(want, c)
		i += 2
	}
	left := text[read:]
	stops := len(left) < textStep || left[0] == '"' || left[0] == '\\' && plainEscape(left[1]) == 0
	if i != read || !stops || !bytes.Equal(got, want) {
		t.Fatalf("%q: %d bytes are read, %q is written, want %q", text, read, got, want)
	}
	for _, c := range text[:read] {
		if c >= 0x80 && !high {
			t.Fatalf("%q: a byte is not ASCII, and nobody says so", text)
		}
	}
}
