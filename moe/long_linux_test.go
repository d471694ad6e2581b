package moe

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/swerm/swerm/internal/testproc"
)

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
			testproc.ForgetPeak(b)
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
			b.ReportMetric(float64(testproc.ResidentPeak(b))/(1<<20), "MiB-resident")
			reportTokens(b, n)
		})
	}
}
