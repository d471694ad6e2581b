// Package testproc measures and starts processes for tests: the resident memory of
// this one, this test's binary as ranks under mpirun, and generators of assembly.
// What the machine does not offer makes a test skip and say so.
package testproc

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
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

// GeneratorAgrees runs the own test of a generator of tools/asmgen: that the
// committed assembly is what it writes. The generators are a module of their own,
// which takes a while to build and has to resolve.
func GeneratorAgrees(t *testing.T, generator string) {
	t.Helper()
	testpath.Soak(t)
	run := func(args ...string) ([]byte, error) {
		cmd := exec.Command("go", append(args, "./"+generator)...)
		cmd.Dir = filepath.Join(testpath.Root(), "tools", "asmgen")
		return cmd.CombinedOutput()
	}
	if out, err := run("list", "-deps"); err != nil {
		t.Skipf("the generator's module does not resolve here: %v\n%s", err, out)
	}
	if out, err := run("test", "-count=1"); err != nil { // the cache does not see files of another module
		t.Errorf("%v\n%s", err, out)
	}
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
