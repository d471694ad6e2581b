package lzma2_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ulikunitz/xz/lzma"

	"github.com/swerm/swerm/internal/archive/lzma2"
)

func pack(t testing.TB, data []byte, cfg lzma.Writer2Config) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := cfg.NewWriter2(&b)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(data); i += 30_000 { // flushes make chunks of all kinds
		if _, err := w.Write(data[i:min(len(data), i+30_000)]); err != nil {
			t.Fatal(err)
		}
		if i%90_000 == 0 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unpack(packed []byte) ([]byte, error) {
	d := lzma2.New(bufio.NewReader(bytes.NewReader(packed)))
	var out []byte
	for {
		var err error
		if out, err = d.Append(out); err == io.EOF {
			return out, nil
		} else if err != nil {
			return out, err
		}
		if len(out) > 64<<20 {
			return out, fmt.Errorf("more than was packed")
		}
	}
}

// material is what a decoder meets: text that repeats, noise, runs.
func material(n int) map[string][]byte {
	noise := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(noise)
	var mixed bytes.Buffer
	g := rand.New(r)
	for mixed.Len() < n {
		switch g.IntN(4) {
		case 0:
			mixed.Write(noise[:g.IntN(500)])
		case 1:
			mixed.WriteString(strings.Repeat("ab", g.IntN(400)))
		case 2:
			at := g.IntN(max(mixed.Len(), 1))
			mixed.Write(bytes.Clone(mixed.Bytes()[at:min(mixed.Len(), at+g.IntN(900))]))
		default:
			fmt.Fprintf(&mixed, "def test_%d():\n    assert value(%d) == %d\n", g.IntN(100), g.IntN(9), g.IntN(9))
		}
	}
	return map[string][]byte{"noise": noise, "zeros": make([]byte, n), "mixed": mixed.Bytes(), "empty": {}, "one": {7}}
}

func TestUnpacksWhatWasPacked(t *testing.T) {
	for name, data := range material(200_000) {
		for _, p := range []lzma.Properties{{LC: 3, PB: 2}, {LC: 0, LP: 2, PB: 0}, {LC: 1, LP: 3, PB: 4}} {
			packed := pack(t, data, lzma.Writer2Config{Properties: &p, DictCap: 1 << 16})
			got, err := unpack(packed)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s %+v: %d bytes of %d, %v", name, p, len(got), len(data), err)
			}
		}
	}
}

func TestCutAndChangedInputIsAnError(t *testing.T) {
	data := material(20_000)["mixed"]
	packed := pack(t, data, lzma.Writer2Config{})
	for i := 0; i < len(packed); i += 23 {
		if _, err := unpack(packed[:i]); err == nil {
			t.Fatalf("cut at %d of %d: no error", i, len(packed))
		}
		changed := bytes.Clone(packed)
		changed[i] ^= 0x40
		if got, err := unpack(changed); err == nil && len(got) == len(data) && bytes.Equal(got, data) && i > 6 {
			t.Logf("byte %d decides nothing", i)
		}
	}
}

func FuzzDecoder(f *testing.F) {
	for _, data := range material(3000) {
		f.Add(pack(f, data, lzma.Writer2Config{DictCap: 4096}))
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		got, err := unpack(packed)
		if err != nil {
			return
		}
		r, err := lzma.Reader2Config{DictCap: 1 << 20}.NewReader2(bytes.NewReader(packed))
		if err != nil {
			return
		}
		want, err := io.ReadAll(io.LimitReader(r, 64<<20))
		if err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, the reference reads %d", len(got), len(want))
		}
	})
}

func BenchmarkDecoder(b *testing.B) {
	data := material(4 << 20)["mixed"]
	packed := pack(b, data, lzma.Writer2Config{})
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := unpack(packed); err != nil {
			b.Fatal(err)
		}
	}
}
