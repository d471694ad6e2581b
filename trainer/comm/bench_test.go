//go:build unix

package comm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// operations are what is timed: each prepares its memory and returns one call.
var operations = []struct {
	name string
	make func(c Comm, bytes int) func() error
}{
	{"allreduce", func(c Comm, bytes int) func() error {
		x := make([]float32, bytes/4)
		return func() error { return AllReduce(c, x) }
	}},
	{"alltoallv", func(c Comm, bytes int) func() error {
		send, recv := make([][]byte, c.Size()), make([][]byte, c.Size())
		for r := range send {
			send[r], recv[r] = make([]byte, bytes), make([]byte, bytes)
		}
		return func() error { return c.AllToAllV(send, recv) }
	}},
}

var benchBytes = []int{1 << 8, 4 << 20}

// follower is a rank that runs what rank 0 asks for: operation, bytes, times.
func follower(c Comm) error {
	for {
		ask := make([]int64, 3)
		if err := c.Broadcast(Bytes(ask), 0); err != nil || ask[2] == 0 {
			return err
		}
		do := operations[ask[0]].make(c, int(ask[1]))
		if err := c.Barrier(); err != nil {
			return err
		}
		for range ask[2] {
			if err := do(); err != nil {
				return err
			}
		}
	}
}

// BenchmarkCollectives times two ranks: in one process, and in two that meet
// over sockets. cpu-ms/op is this process's time, both ranks' for local: on a
// busy machine it says more than the clock.
func BenchmarkCollectives(b *testing.B) {
	b.Run("local", func(b *testing.B) {
		comms := Local(2, Limits{})
		go follower(comms[1])
		benchmarkAll(b, comms[0])
	})
	for _, how := range []string{"unix", "tcp", "tcp-framed"} {
		b.Run(how, func(b *testing.B) { benchmarkAll(b, beside(b, how)) })
	}
}

func benchmarkAll(b *testing.B, c Comm) {
	for op := range operations {
		for _, n := range benchBytes {
			b.Run(fmt.Sprintf("%s/%dB", operations[op].name, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				b.ReportAllocs()
				err := c.Broadcast(Bytes([]int64{int64(op), int64(n), int64(b.N)}), 0)
				do := operations[op].make(c, n)
				err = errors.Join(err, c.Barrier())
				b.ResetTimer()
				cpu := cpuSeconds()
				for i := 0; i < b.N && err == nil; i++ {
					err = do()
				}
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric((cpuSeconds()-cpu)*1e3/float64(b.N), "cpu-ms/op")
			})
		}
	}
	if err := c.Broadcast(Bytes(make([]int64, 3)), 0); err != nil {
		b.Fatal(err)
	}
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// benchRank tells a process of this binary how and where rank 0 waits.
const benchRank = "SWERM_TEST_BENCH_RANK"

// beside joins as rank 0 with another process of this binary as rank 1.
func beside(b *testing.B, how string) Comm {
	b.Helper()
	address := socketDir(b)
	if how != "unix" {
		address = freePort(b)
	}
	other := exec.Command(os.Args[0], "-test.run", "^TestBenchRank$")
	other.Env = append(os.Environ(), benchRank+"="+how+" "+address)
	other.Stderr = os.Stderr
	if err := other.Start(); err != nil {
		b.Fatal(err)
	}
	c, err := joinBench(0, how, address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := other.Wait(); err != nil {
			b.Error(err)
		}
	})
	return c
}

func joinBench(rank int, how, address string) (Comm, error) {
	network, _, framed := strings.Cut(how, "-")
	return Join(context.Background(), World{Rank: rank, Size: 2, Network: network, Address: address, Token: testToken,
		Wait: 20 * time.Second, Framed: framed})
}

// TestBenchRank is rank 1 of BenchmarkCollectives.
func TestBenchRank(t *testing.T) {
	how, address, ok := strings.Cut(os.Getenv(benchRank), " ")
	if !ok {
		t.Skip("run by BenchmarkCollectives")
	}
	c, err := joinBench(1, how, address)
	if err == nil {
		err = follower(c)
	}
	if err != nil {
		t.Fatal(err)
	}
}
