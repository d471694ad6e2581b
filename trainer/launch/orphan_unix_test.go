//go:build unix

package launch

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// A launcher that is killed takes its ranks with it.
func TestKilledLauncherLeavesNoOrphan(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envAct+"=orphan:"+dir, "RANK=")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, path := range awaitFiles(dir, "pid-*", 2) {
		for len(pids) < 2 {
			text, err := os.ReadFile(path)
			if pid, perr := strconv.Atoi(string(text)); err == nil && perr == nil {
				pids = append(pids, pid)
				break
			}
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for _, pid := range pids {
		for syscall.Kill(pid, 0) == nil { // the test's own time limit ends it otherwise
			time.Sleep(5 * time.Millisecond)
		}
	}
}
