//go:build mpi

package comm

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// mpiRank marks a process of this test that mpirun started.
const mpiRank = "SWERM_TEST_MPI_RANK"

// TestMPIConformance runs the suite under mpirun, once for every size: MPI
// starts once in a process, so every rank is a process of this binary.
func TestMPIConformance(t *testing.T) {
	if os.Getenv(mpiRank) != "" {
		t.Skip("this is a rank")
	}
	mpirun, err := exec.LookPath("mpirun")
	if err != nil {
		t.Skip("mpirun is absent")
	}
	for _, n := range []int{1, 2, 3, 4} {
		t.Run(fmt.Sprintf("%d ranks", n), func(t *testing.T) {
			cmd := exec.Command(mpirun, "-n", strconv.Itoa(n), "--allow-run-as-root", "--oversubscribe",
				"--mca", "btl", "self,vader,tcp", "--mca", "mpi_yield_when_idle", "1",
				os.Args[0], "-test.run", "^TestMPIRank$", "-test.v")
			cmd.Env = append(os.Environ(), mpiRank+"=1")
			out, err := cmd.CombinedOutput()
			if passed := bytes.Count(out, []byte("--- PASS: TestMPIRank")); err != nil || passed != n {
				t.Fatalf("%d of %d ranks passed: %v\n%s", passed, n, err, out)
			}
		})
	}
}

// TestMPIRank is one rank of it.
func TestMPIRank(t *testing.T) {
	if os.Getenv(mpiRank) == "" {
		t.Skip("run by TestMPIConformance")
	}
	c, err := JoinMPI(Limits{})
	if err != nil {
		t.Fatal(err)
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
