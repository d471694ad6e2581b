package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/swerm/swerm/tools/emulate/plan"
)

// The kernel's command line: a serial console, no defences against attacks
// that no emulator suffers, and the frequency of the clock, which would be
// taken from what the processor says of itself.
//
// What is switched off: moves that are fast when short, since the kernel's use
// of them takes for granted what Bochs does not have; ACPI, whose firmware
// does not run here. The guest stops by a triple fault.
var commandLine = strings.Join([]string{
	"console=ttyS0,115200", "quiet", "panic=-1", "rdinit=/init",
	"mitigations=off", "nokaslr", "random.trust_cpu=on",
	fmt.Sprintf("tsc_early_khz=%d", clock/1000), "tsc=reliable", "no_timer_check",
	"clearcpuid=fsrm", "acpi=off", "reboot=t",
}, " ")

// pack writes a bootable image with the kernel, the guest's first process, the
// test binaries of p and the files that they read, and returns its path.
func pack(ctx context.Context, o options, p plan.Plan, work string) (string, error) {
	disk := filepath.Join(work, "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		return "", err
	}
	if err := initramfs(o, p, work, filepath.Join(disk, "initrd")); err != nil {
		return "", err
	}
	loader := "DEFAULT linux\nPROMPT 0\nLABEL linux\nKERNEL vmlinuz\nINITRD initrd\nAPPEND " + commandLine + "\n"
	if err := os.WriteFile(filepath.Join(disk, "isolinux.cfg"), []byte(loader), 0o644); err != nil {
		return "", err
	}
	root := filepath.Join(o.cache, "root")
	for name, from := range map[string]string{
		"vmlinuz":      "vmlinuz",
		"isolinux.bin": "usr/lib/ISOLINUX/isolinux.bin",
		"ldlinux.c32":  "usr/lib/syslinux/modules/bios/ldlinux.c32",
	} {
		raw, err := os.ReadFile(filepath.Join(root, from))
		if err != nil {
			return "", err
		}
		// The writer of the image patches the loader in place.
		if err := os.WriteFile(filepath.Join(disk, name), raw, 0o644); err != nil {
			return "", err
		}
	}
	iso := filepath.Join(work, "boot.iso")
	cmd := exec.CommandContext(ctx, filepath.Join(root, "usr/bin/genisoimage"), "-quiet", "-o", iso, "-b", "isolinux.bin", "-c", "boot.cat",
		"-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", disk)
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Join(root, "usr/lib/x86_64-linux-gnu"))
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("genisoimage: %w", err)
	}
	return iso, nil
}

// initramfs writes the guest's whole file system. It is not compressed: to
// unpack it takes the emulator longer than to read it.
func initramfs(o options, p plan.Plan, work, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	buffer := bufio.NewWriter(file)
	a := newArchive(buffer)
	for _, dir := range []string{"/proc", "/sys", "/dev", "/tmp"} {
		a.dir(dir)
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	a.file(plan.Path, 0o644, raw)
	a.copy("/init", filepath.Join(work, "init"))
	for _, test := range p.Tests {
		a.copy(test.Binary, filepath.Join(work, filepath.Base(test.Binary)))
		a.dir(test.Dir)
		a.tree(filepath.Join(test.Dir, "testdata"))
	}
	for _, extra := range o.files {
		if !filepath.IsAbs(extra) {
			extra = filepath.Join(o.root, extra)
		}
		if _, err := os.Stat(extra); err != nil {
			return err
		}
		a.tree(extra)
	}
	if err := a.close(); err != nil {
		return err
	}
	if err := buffer.Flush(); err != nil {
		return err
	}
	return file.Close()
}

// tree adds the file or folder at path, at the same path; where there is none
// it adds nothing.
func (a *archive) tree(path string) {
	err := filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil
		case err != nil:
			return err
		case d.IsDir():
			a.dir(path)
		case d.Type().IsRegular():
			a.copy(path, path)
		}
		return nil
	})
	a.fail(err)
}
