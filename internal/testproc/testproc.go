// Package testproc measures and starts processes for tests: resident memory and
// processor time of this process, and this test's binary as ranks under mpirun.
// What the machine does not offer makes a test skip and say so.
package testproc

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"testing"
)

// ForgetPeak gives back what is free and makes [ResidentPeak] count from now on.
func ForgetPeak(t testing.TB) {
	t.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600); err != nil {
		t.Skipf("the peak of resident memory cannot be reset here: %v", err)
	}
}

// ResidentPeak returns the most bytes that were resident since the process
// began, or since [ForgetPeak].
func ResidentPeak(t testing.TB) int64 {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no /proc: resident memory is read from there")
	}
	peak, err := peakOf(raw)
	if err != nil {
		t.Fatal(err)
	}
	return peak
}

// peakOf reads the line VmHWM, in KiB, of a process' status.
func peakOf(status []byte) (int64, error) {
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	var kib int64
	if _, err := fmt.Sscan(string(rest), &kib); err != nil {
		return 0, fmt.Errorf("VmHWM: %w", err)
	}
	return kib << 10, nil
}

// UnderMPI returns a command that runs one test of this binary, verbosely, on n
// ranks that have the given variables. Ranks may be more than processors are,
// and talk through shared memory and TCP only.
func UnderMPI(t testing.TB, n int, test string, env ...string) *exec.Cmd {
	t.Helper()
	mpirun, err := exec.LookPath("mpirun")
	if err != nil {
		t.Skip("mpirun is absent: install Open MPI (openmpi-bin, libopenmpi-dev)")
	}
	cmd := exec.Command(mpirun, "-n", strconv.Itoa(n), "--allow-run-as-root", "--oversubscribe",
		"--mca", "btl", "self,vader,tcp", "--mca", "mpi_yield_when_idle", "1",
		os.Args[0], "-test.run", "^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), env...)
	return cmd
}
