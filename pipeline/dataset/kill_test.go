//go:build unix

package dataset

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/swerm/swerm/internal/testpath"
)

// envVictim names the dataset that a child of TestKill9 writes.
const envVictim = "SWERM_TEST_VICTIM"

// TestKill9 kills a writing process at random instants, many times over, until
// it has finished in spite of that, and compares the result with an
// undisturbed one.
func TestKill9(t *testing.T) {
	rows := newGen(50).trajectories(1500)
	if uri := os.Getenv(envVictim); uri != "" {
		fmt.Println("begun")
		build(t, uri, smallParts(2), rows)
		return
	}
	testpath.Soak(t)
	whole := filepath.Join(t.TempDir(), "ds")
	build(t, whole, smallParts(2), rows)
	want := tree(t, whole)
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	kills := 0
	for range 6 {
		uri := filepath.Join(t.TempDir(), "ds")
		for limit := 60; ; limit += 5 { // grows, so that the end is reached
			killed := victim(t, uri, time.Duration(rng.IntN(limit))*time.Millisecond)
			if _, err := os.Stat(uri); err == nil {
				mustVerify(t, uri) // whole from the instant it is there
				if killed {
					kills++
				}
				break
			}
			kills++
		}
		same(t, "after all kills", tree(t, uri), want)
	}
	t.Logf("%d kills", kills)
}

func victim(t *testing.T, uri string, life time.Duration) (killed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKill9$")
	cmd.Env = append(os.Environ(), envVictim+"="+uri)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	bufio.NewScanner(out).Scan() // "begun"
	time.Sleep(life)
	_ = cmd.Process.Signal(syscall.SIGKILL)
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode() != 0
}
