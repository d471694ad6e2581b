package trainer

import (
	"runtime/debug"
	"testing"
)

// TestGarbageIsBounded: the collector is set by what lives, and back when the last
// training ends.
func TestGarbageIsBounded(t *testing.T) {
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(77)
	defer debug.SetGCPercent(before)
	now := func() int {
		n := debug.SetGCPercent(50)
		debug.SetGCPercent(n)
		return n
	}
	first := collector.begin(10 * garbageBytes)
	if n := now(); n != 10 {
		t.Errorf("percent %d beside ten times the garbage", n)
	}
	second := collector.begin(1 << 40)
	if n := now(); n != 1 {
		t.Errorf("percent %d beside a terabyte", n)
	}
	first()
	second()
	if n := now(); n != 77 {
		t.Errorf("percent %d after the last", n)
	}
	t.Setenv("GOGC", "60")
	end := collector.begin(1 << 40)
	if n := now(); n != 77 {
		t.Errorf("percent %d against GOGC", n)
	}
	end()
}
