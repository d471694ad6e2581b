package report

import (
	"fmt"
	"math"
	"testing"

	"github.com/swerm/swerm/metrics"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{num(nil), absent}, {num(ref(math.NaN())), absent}, {num(ref(-0.25)), "−0.250"}, {num(ref(0)), "0.000"},
		{signed(nil), absent}, {signed(ref(0.1234)), "+0.123"}, {signed(ref(-0.1)), "−0.100"},
		{percent(nil), absent}, {percent(ref(0.834)), "83\u00a0%"}, {percent(ref(1)), "100\u00a0%"}, {percent(ref(0.998)), "99.8\u00a0%"}, {percent(ref(0.004)), "0.4\u00a0%"}, {percent(ref(0)), "0\u00a0%"},
		{span(nil, ref(1), num), absent}, {span(ref(0), ref(1), num), "[0.000,\u00a01.000]"},
		{within(metrics.Interval{}), ""}, {within(around(0.5)), "\u00a0[44,\u00a055]"},
		{count(0), "0"}, {count(999), "999"}, {count(1000), "1,000"}, {count(-1234567), "−1,234,567"},
		{compact(999), "999"}, {compact(1000), "1k"}, {compact(189376), "189.4k"}, {compact(1.2e9), "1.2G"},
		{plural(1, "run", "runs"), "1 run"}, {plural(2000, "run", "runs"), "2,000 runs"}, {percentOf(1, 0), absent},
		{clean("a\x00b\x1b[1m\u202ec\u200b\ufeff\xff\n"), "ab[1mc? "}, {named(" \u200b"), "(no name)"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestExcludesZero(t *testing.T) {
	for _, c := range []struct {
		lo, hi *float64
		want   bool
	}{{ref(0.1), ref(0.2), true}, {ref(-0.2), ref(-0.1), true}, {ref(-0.1), ref(0.1), false}, {ref(0), ref(0.1), false},
		{ref(1e-17), ref(2e-17), false}, {nil, ref(1), false}, {ref(1), nil, false}} {
		if got := excludesZero(c.lo, c.hi); got != c.want {
			t.Errorf("%s: %v", fmt.Sprint(num(c.lo), num(c.hi)), got)
		}
	}
}

// TestWilson holds two intervals from the literature's formula, computed by hand.
func TestWilson(t *testing.T) {
	for _, c := range []struct{ share, n, lo, hi float64 }{{0.5, 10, 0.2366, 0.7634}, {1, 5, 0.5655, 1}, {0, 5, 0, 0.4345}} {
		lo, hi := wilson(c.share, c.n)
		if math.Abs(lo-c.lo) > 1e-4 || math.Abs(hi-c.hi) > 1e-4 {
			t.Errorf("%g of %g: [%.4f, %.4f]", c.share, c.n, lo, hi)
		}
	}
}
