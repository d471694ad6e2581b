//go:build mpi

package comm

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/swerm/swerm/internal/testproc"
)

// mpiRank marks a process of this test that mpirun started.
const mpiRank = "SWERM_TEST_MPI_RANK"

// TestMPIConformance runs the suite under mpirun, once for every size: MPI
// starts once in a process, so every rank is a process of this binary.
func TestMPIConformance(t *testing.T) {
	if os.Getenv(mpiRank) != "" {
		t.Skip("this is a rank")
	}
	for _, way := range []string{"1", "2", "3", "4", "4 large"} {
		t.Run(way+" ranks", func(t *testing.T) {
			n, _ := strconv.Atoi(way[:1])
			out, err := testproc.UnderMPI(t, n, "TestMPIRank", mpiRank+"="+way).CombinedOutput()
			if passed := bytes.Count(out, []byte("--- PASS: TestMPIRank")); err != nil || passed != n {
				t.Fatalf("%d of %d ranks passed: %v\n%s", passed, n, err, out)
			}
		})
	}
}

// A rank that hangs is found and named by the others, also by one that waits in
// a group without it; one that computes for as long is waited for.
func TestMPIHang(t *testing.T) {
	if os.Getenv(mpiRank) != "" {
		t.Skip("this is a rank")
	}
	for way, want := range map[string]string{"hang": "rank 1 (in ", "compute": "--- PASS"} {
		out, err := testproc.UnderMPI(t, 3, "TestMPIRank", mpiRank+"="+way).CombinedOutput()
		if (err == nil) != (way == "compute") || !bytes.Contains(out, []byte(want)) || bytes.Contains(out, []byte(ErrSilent.Error())) != (way == "hang") {
			t.Errorf("%s: %v\n%s", way, err, out)
		}
	}
}

// hangOrCompute keeps rank 1 away from an operation for longer than a rank may
// be silent.
func hangOrCompute(c Comm, hang bool) error {
	if err := c.Barrier(); err != nil {
		return err
	}
	if c.Rank() == 1 {
		if hang {
			return syscall.Kill(os.Getpid(), syscall.SIGSTOP) // mpirun kills it
		}
		for until := time.Now().Add(3 * impatience); time.Now().Before(until); {
			runtime.Gosched()
		}
	}
	return AllReduce(c, []float64{1})
}

// impatience is how long ranks may be silent in these tests.
const impatience = 2 * time.Second

// TestMPIRank is one rank of it.
func TestMPIRank(t *testing.T) {
	if os.Getenv(mpiRank) == "" {
		t.Skip("run by TestMPIConformance")
	}
	way, limits := os.Getenv(mpiRank), Limits{}
	hangs := way == "hang" || way == "compute"
	if hangs {
		limits.Silence = impatience
	}
	c, err := JoinMPI(limits)
	if err != nil {
		t.Fatal(err)
	}
	if hangs {
		if err := errors.Join(hangOrCompute(c, way == "hang"), c.Close()); err != nil {
			t.Fatal(err)
		}
		return
	}
	if strings.HasSuffix(way, "large") { // every collective as large ones are
		c.(*mpiComm).large = 1
	}
	for _, e := range suite {
		if err := e.run(c); err != nil {
			t.Fatalf("rank %d: %s: %v", c.Rank(), e.name, err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Barrier(); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
