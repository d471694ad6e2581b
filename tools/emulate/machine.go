package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/swerm/swerm/tools/emulate/plan"
)

// clock is how many instructions make a second of the guest.
const clock = 200_000_000

// The machine: one processor whose clock counts instructions, so that a run
// does not depend on the load of this one. A fault that would stop Bochs with a
// question ends it, as does the triple fault by which the guest stops.
const machine = `
cpu: model=%s, count=1, ips=%d, reset_on_triple_fault=0, ignore_bad_msrs=1
memory: guest=%d, host=%d
romimage: file=%s, options=fastboot
vgaromimage: file=%s
pci: enabled=1, chipset=i440fx
clock: sync=none, time0=946684800
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=%s, status=inserted
ata1: enabled=0
boot: cdrom
com1: enabled=1, mode=file, dev=%s
mouse: enabled=0
log: %s
panic: action=fatal
error: action=report
info: action=report
debug: action=ignore
`

// emulate boots iso, copies what its serial console says to the standard
// output and returns an error unless every test of p passed.
func emulate(ctx context.Context, o options, p plan.Plan, iso, work string) error {
	var (
		firmware = filepath.Join(o.cache, "root/usr/share")
		config   = filepath.Join(work, "bochsrc")
		console  = filepath.Join(work, "console")
		log      = filepath.Join(work, "bochs.log")
	)
	text := fmt.Sprintf(machine, o.model, clock, o.memory, o.memory, filepath.Join(firmware, "bochs/BIOS-bochs-latest"),
		filepath.Join(firmware, "vgabios/vgabios.bin"), iso, console, log)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return err
	}
	if err := syscall.Mkfifo(console, 0o600); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	bochs := exec.CommandContext(ctx, filepath.Join(o.cache, "bochs"), "-q", "-f", config)
	bochs.Dir = work
	// Whatever ends this program ends the emulator, which would run on for nobody.
	// The signal follows the thread that starts it, hence the lock.
	runtime.LockOSThread()
	bochs.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	start := time.Now()
	// Opened for both directions it never waits for the emulator, nor ends with it.
	pipe, err := os.OpenFile(console, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	if err := bochs.Start(); err != nil {
		return err
	}
	go func() {
		err := bochs.Wait()
		_ = pipe.SetReadDeadline(time.Now().Add(time.Second))
		ended <- err
	}()
	verdict := listen(pipe, os.Stdout, cancel)
	<-ended // turning the power off ends Bochs with an error status
	fmt.Printf("emulate: %s, %.0f s\n", o.model, time.Since(start).Seconds())
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("the emulator was stopped: %w", err)
	}
	if err := verdict.judge(p); err != nil {
		if !verdict.done {
			err = errors.Join(err, fmt.Errorf("the guest did not end by itself; the end of Bochs's log:\n%s", tail(log)))
		}
		return err
	}
	return nil
}

// tail returns the last bytes of a file, or why there are none.
func tail(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-2000):])
}
