// Command guest is the first and only process of the emulated machine. It
// mounts what Go programs expect, runs the test binaries of its plan one after
// the other with their output on the serial console, and stops the machine.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/swerm/swerm/tools/emulate/plan"
)

func main() {
	if err := run(); err != nil {
		fmt.Println("emulate: guest:", err)
	}
	// What was printed leaves the serial port before the machine stops. A first
	// process that returned would make the kernel panic instead.
	const drain = 0x5409 // TCSBRK
	_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, os.Stdout.Fd(), drain, 1)
	_ = syscall.Reboot(syscall.LINUX_REBOOT_CMD_RESTART)
	select {}
}

func run() error {
	if err := mount(); err != nil {
		return err
	}
	raw, err := os.ReadFile(plan.Path)
	if err != nil {
		return err
	}
	var p plan.Plan
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("%s: %w", plan.Path, err)
	}
	fmt.Println(processor())
	for _, test := range p.Tests {
		fmt.Println(plan.Begin + test.Package)
		fmt.Printf("%s%s %d\n", plan.End, test.Package, start(test, p.Env))
	}
	fmt.Println(plan.Done)
	return nil
}

func mount() error {
	for _, m := range []struct{ kind, dir string }{{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}} {
		if err := syscall.Mount(m.kind, m.dir, m.kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m.dir, err)
		}
	}
	return nil
}

// start runs one test binary and returns its exit status, -1 where it had none.
func start(test plan.Test, env []string) int {
	cmd := exec.Command(test.Binary, test.Args...)
	cmd.Dir = test.Dir
	cmd.Env = append([]string{"HOME=/tmp", "TMPDIR=/tmp", "PATH=/"}, env...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Println("emulate: guest:", err)
		return -1
	}
	return cmd.ProcessState.ExitCode()
}

// processor names the machine and those of its abilities that tests are run
// here for, so that the output shows what they ran on.
func processor() string {
	raw, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "emulate: guest: " + err.Error()
	}
	model, abilities := "unknown processor", []string(nil)
	for line := range strings.Lines(string(raw)) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "model name":
			model = strings.TrimSpace(value)
		case "flags":
			for _, flag := range strings.Fields(value) {
				if strings.HasPrefix(flag, "avx512") || strings.HasPrefix(flag, "amx") {
					abilities = append(abilities, flag)
				}
			}
			return fmt.Sprintf("emulate: %s: %s", model, strings.Join(abilities, " "))
		}
	}
	return "emulate: " + model
}
