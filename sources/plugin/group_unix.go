//go:build unix

package plugin

import (
	"errors"
	"os/exec"
	"syscall"
)

// ownGroup starts a program in a group of its own, so that what it starts ends
// with it, and so that Ctrl-C is the import's to handle.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(c *exec.Cmd) { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }

// killed reports whether a program ended by our hand.
func killed(exit error) bool {
	var e *exec.ExitError
	if !errors.As(exit, &e) {
		return false
	}
	st, ok := e.Sys().(syscall.WaitStatus)
	return ok && st.Signaled() && st.Signal() == syscall.SIGKILL
}
