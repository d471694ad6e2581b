package kernel

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestSoftmaxCycles counts the vector instructions in the loops of machine code,
// for 32 rows of 32 scores forward and 16 pairs of rows back.
func TestSoftmaxCycles(t *testing.T) {
	text := codeOfTiles(t)
	between := func(from, to string) int {
		_, rest, found := strings.Cut(text, from)
		body, _, ends := strings.Cut(rest, to)
		if !found || !ends {
			t.Fatalf("no %q before %q", from, to)
		}
		return vectorOperations(body)
	}
	for parts, want := range map[string]int{"One": softmaxCyclesOne, "Two": softmaxCyclesTwo} {
		forward, back := "tileSoftmax"+parts+"_", "tileSoftmaxBackward"+parts+"_"
		maxima := between(forward+"max:", "JMP "+forward+"max") / 2 // of two steps
		rows := between(forward+"keys:", "JNZ "+forward+"keys")
		pairs := between(back+"pairfalse:", "JNZ "+back+"pairfalse")
		if got := (32*(maxima+rows) + 16*pairs) / 2; got != want {
			t.Errorf("%s: %d cycles, want %d", parts, got, want)
		}
	}
}

// codeOfTiles is the machine code for AMX as text.
func codeOfTiles(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("amx_amd64.s")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("runs where the sources are")
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var vectorLine = regexp.MustCompile(`(?m)^\t(?:(V\w+)|BYTE.*// (vcvt\w+))`)

// vectorOperations counts what takes one of the two units of 512 bits: moves take
// none, and two instructions take it twice.
func vectorOperations(body string) (n int) {
	for _, m := range vectorLine.FindAllStringSubmatch(body, -1) {
		switch op := m[1] + m[2]; {
		case strings.HasPrefix(op, "VMOV"):
		case op == "VSCALEFPS" || op == "vcvtne2ps2bf16":
			n += 2
		default:
			n++
		}
	}
	return n
}

func TestAttentionShare(t *testing.T) {
	for _, c := range []struct {
		f     Family
		parts Parts
		c     int
		want  float64
	}{
		{AVX2, OnePart, 64, 0.6}, {Generic, 0, 128, 0.6}, {AMX, 0, 64, 0.6},
		{AMX, OnePart, 32, 0.35}, {AMX, OnePart, 64, 0.52}, {AMX, OnePart, 128, 0.69},
		{AMX, OnePart, 33, 0.27}, // as slow as 64
		{AMX, TwoParts, 64, 0.66}, {AMX, TwoParts, 128, 0.80},
	} {
		if got := c.f.AttentionShare(c.parts, c.c); math.Abs(got-c.want) > 0.006 {
			t.Errorf("%s, %d parts, heads of %d: %.3f, want %.2f", c.f, c.parts, c.c, got, c.want)
		}
	}
}
