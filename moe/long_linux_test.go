package moe

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"syscall"
	"testing"
	"time"
)

// forgetPeak makes residentPeak count from now on.
func forgetPeak(t testing.TB) {
	t.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600); err != nil {
		t.Skipf("the peak of resident memory cannot be reset here: %v", err)
	}
}

// residentPeak returns the most memory that was resident since forgetPeak.
func residentPeak(t testing.TB) int64 {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no /proc: resident memory is read from there")
	}
	_, rest, _ := bytes.Cut(raw, []byte("VmHWM:"))
	var kb int64
	if _, err := fmt.Sscan(string(rest), &kb); err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// processorTime returns what all threads of the process have used.
func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLongScore answers one whole trajectory of 131,072 tokens, and some
// shorter: go test -run '^$' -bench LongScore -benchtime 1x -timeout 1h ./moe
func BenchmarkLongScore(b *testing.B) {
	c := benchConfig()
	c.MaxPositionEmbeddings = 1 << 17
	for _, n := range []int{1 << 13, 1 << 15, 1 << 17} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			forgetPeak(b)
			m, err := New(c, 1)
			if err != nil {
				b.Fatal(err)
			}
			p := m.NewPass(Options{})
			batch := randomBatch(rand.New(rand.NewPCG(1, 2)), c.VocabSize, n)
			b.SetBytes(int64(4 * n))
			before := processorTime(b)
			for b.Loop() {
				if _, err := p.Verdict(batch, Head{Yes: 3, No: 5}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((processorTime(b)-before).Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(float64(residentPeak(b))/(1<<20), "MiB-resident")
			reportTokens(b, n)
		})
	}
}
