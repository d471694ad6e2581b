package moe

import (
	"testing"

	"pgregory.net/rapid"
)

// TestPlacesAreApart: whatever lives at one moment shares no number, lies in lent
// memory only before that is due, and no more is asked for than is used.
func TestPlacesAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []tenancy
		for range rapid.IntRange(0, 40).Draw(t, "arrays") {
			from := rapid.IntRange(1, 12).Draw(t, "from")
			list = append(list, tenancy{size: rapid.SampledFrom([]int{0, 1, 15, 16, 17, 100, 250}).Draw(t, "size"), from: from, to: from + rapid.IntRange(0, 6).Draw(t, "moments more")})
		}
		var lent []stretch
		base := 0
		for range rapid.IntRange(0, 6).Draw(t, "stretches") {
			n := rapid.IntRange(1, 300).Draw(t, "length")
			lent = append(lent, stretch{base, base + n, rapid.IntRange(0, 20).Draw(t, "due")})
			base += n
		}
		var s placing
		need, used := s.place(list, lent, base), 0
		for i, a := range list {
			if a.size == 0 {
				continue
			}
			end := a.at + a.size
			if a.at < 0 || a.at%placeAlign != 0 && a.at != base || a.at < base && end > base {
				t.Fatalf("array %d lies at %d to %d, base is %d", i, a.at, end, base)
			}
			used = max(used, end-base)
			for _, l := range lent {
				if a.at < l.hi && l.lo < end && l.due <= a.to {
					t.Fatalf("array %d lives to %d in a stretch that is due at %d", i, a.to, l.due)
				}
			}
			for j, b := range list[:i] {
				if b.size > 0 && a.from <= b.to && b.from <= a.to && a.at < b.at+b.size && b.at < end {
					t.Fatalf("arrays %d and %d live at one time in one place", j, i)
				}
			}
		}
		if need != max(0, used) {
			t.Fatalf("%d numbers asked for, %d used", need, used)
		}
	})
}

// TestGap puts arrays where they fit.
func TestGap(t *testing.T) {
	taken := []stretch{{lo: 0, hi: 30}, {lo: 20, hi: 40}, {lo: 100, hi: 110}, {lo: 160, hi: 200}}
	for _, test := range []struct{ size, base, want int }{
		{10, 0, 48}, {60, 0, 208}, {52, 0, 48}, {53, 0, 208}, // behind 30
		{10, 90, 80}, {18, 130, 112}, {20, 100, 80}, {60, 100, 208}, {60, 1000, 928},
	} {
		if got := gap(taken, test.size, test.base); got != test.want {
			t.Errorf("%d numbers beside base %d: at %d, want %d", test.size, test.base, got, test.want)
		}
	}
}
