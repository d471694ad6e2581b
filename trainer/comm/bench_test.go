//go:build unix

package comm

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
)

// benchmarkWorld times one operation over two ranks; b.N is what both do.
func benchmarkWorld(b *testing.B, comms []Comm, bytes int, run func(c Comm) func() error) {
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	var cpu float64
	errs := together(comms, func(c Comm) error {
		do := run(c)
		if err := errors.Join(do(), c.Barrier()); err != nil {
			return err
		}
		if c.Rank() == 0 {
			b.ResetTimer()
			cpu = cpuSeconds()
		}
		for range b.N {
			if err := do(); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric((cpuSeconds()-cpu)*1e3/float64(b.N), "cpu-ms/op")
}

// cpuSeconds is what this process has used: on a busy machine it says more
// than the clock.
func cpuSeconds() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func BenchmarkCollectives(b *testing.B) {
	worlds := map[string]func() []Comm{
		"local": func() []Comm { return Local(2, Limits{}) },
		"unix":  func() []Comm { return mustJoin(b, "unix", 2, nil) },
		"tcp":   func() []Comm { return mustJoin(b, "tcp", 2, nil) },
		// As between machines, where nobody reads another's memory.
		"framed": func() []Comm { return mustJoin(b, "tcp", 2, framed) },
	}
	for name, world := range worlds {
		for _, n := range []int{1 << 8, 4 << 20} {
			b.Run(fmt.Sprintf("%s/allreduce/%dB", name, n), func(b *testing.B) {
				benchmarkWorld(b, world(), n, func(c Comm) func() error {
					x := make([]float32, n/4)
					return func() error { return AllReduce(c, x) }
				})
			})
			b.Run(fmt.Sprintf("%s/alltoallv/%dB", name, n), func(b *testing.B) {
				benchmarkWorld(b, world(), n, func(c Comm) func() error {
					send, recv := [][]byte{make([]byte, n), make([]byte, n)}, [][]byte{make([]byte, n), make([]byte, n)}
					return func() error { return c.AllToAllV(send, recv) }
				})
			})
		}
	}
}
