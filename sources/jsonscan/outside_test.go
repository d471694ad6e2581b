package jsonscan

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// What is stepped over must be held once both are decoded, without a repair.
// Texts are made of the pieces that could make it look so wrongly.
func TestSteppedOverTextIsHeld(t *testing.T) {
	pieces := []string{"n", "u", "d", "8", "0", "a", "\\\\", "\\n", "\\\"", "\\u0041", "\\ud83d", "\\ude00", "\\ud83d\\ude00", "é", "\xc3", "\xa9", "世", "<output>\\n"}
	rng := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		var b strings.Builder
		for range rng.IntN(n) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		return b.String()
	}
	within, without := 0, 0
	for range 60_000 {
		part := text(4)
		body := text(3) + part + text(3)
		if rng.IntN(3) == 0 {
			body = text(8)
		}
		whole := New([]byte(`"` + body + `"`))
		outer := whole.Str()
		if whole.Err() != nil || whole.Repaired() > 0 {
			continue // the caller offers no such text
		}
		s := New([]byte(`"` + part + `"`))
		got, held := s.OptStrOutside([]byte(`"` + body + `"`))
		if s.Err() != nil {
			t.Fatalf("%q outside %q: %v", part, body, s.Err())
		}
		again := New([]byte(`"` + part + `"`))
		want := again.Str()
		switch {
		case held && (!strings.Contains(outer, want) || again.Repaired() > 0):
			t.Fatalf("%q is not held by %q", part, body)
		case held:
			within++
		case got == nil || *got != want || s.Repaired() != again.Repaired():
			t.Fatalf("%q is read as %v", part, got)
		default:
			without++
		}
	}
	if within < 1000 || without < 1000 {
		t.Errorf("%d texts within and %d without try little", within, without)
	}
}

func TestStringsOutside(t *testing.T) {
	long := strings.Repeat("ab", 40)
	for _, c := range []struct {
		text, other string
		within      bool
	}{
		{`"out"`, `"<output>\nout\n</output>"`, true},
		{`"` + long + `c"`, `"ab` + long + `c"`, true},
		{`"` + long + `c"`, `"` + strings.Repeat(long, 40) + `c"`, false}, // too many places: read
		{`"n"`, `"a\nb"`, false},
		{`"\u006eo"`, `"no"`, false},
		{`null`, `"null"`, false},
		{`"x"`, ``, false},
		{`""`, `""`, true},
	} {
		s := New([]byte(c.text))
		text, within := s.OptStrOutside([]byte(c.other))
		if within != c.within || within && text != nil || s.Err() != nil {
			t.Errorf("%s outside %s: within %v, %v", c.text, c.other, within, s.Err())
		}
		s.End()
		if s.Err() != nil {
			t.Errorf("%s: %v", c.text, s.Err())
		}
	}
}
