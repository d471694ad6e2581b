//go:build unix

package launch

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps the terminal's signals from the ranks: the launcher tells
// them, once.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
