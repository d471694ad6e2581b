package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/swerm/swerm/tools/emulate/plan"
)

// options is what the flags say.
type options struct {
	cache   string        // folder of the emulator and its kernel
	root    string        // root of the module that is tested
	model   string        // processor, by Bochs's name
	memory  int           // MiB
	limit   time.Duration // of the emulation, as this machine counts time
	run     string        // -test.run of every binary
	verbose bool
	env     []string
	files   []string
	pkgs    []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, parse()); err != nil {
		fmt.Fprintln(os.Stderr, "emulate:", err)
		os.Exit(1)
	}
}

func parse() options {
	var o options
	home, _ := os.UserCacheDir()
	flag.StringVar(&o.cache, "cache", filepath.Join(home, "swerm", "emulate"), "`folder` that keeps the emulator and its kernel")
	flag.StringVar(&o.root, "root", "..", "root `folder` of the module whose packages are tested")
	flag.StringVar(&o.model, "cpu", "sapphire_rapids", "processor `model`, by Bochs's name for it")
	flag.IntVar(&o.memory, "memory", 1536, "`MiB` of memory of the guest")
	flag.DurationVar(&o.limit, "limit", time.Hour, "longest `time` that the emulator may run")
	flag.StringVar(&o.run, "run", "", "run only tests that match this `pattern`")
	flag.BoolVar(&o.verbose, "v", true, "list each test")
	env := flag.String("env", "", "`KEY=VALUE ...` for the environment of the tests")
	files := flag.String("files", "", "further `paths ...` (from the module's root) that the tests read")
	flag.Parse()
	o.env, o.files, o.pkgs = strings.Fields(*env), strings.Fields(*files), flag.Args()
	return o
}

func run(ctx context.Context, o options) error {
	if len(o.pkgs) == 0 {
		return errors.New("name at least one package, like ./moe/kernel")
	}
	root, err := filepath.Abs(o.root)
	if err != nil {
		return err
	}
	o.root = root
	fetch := exec.CommandContext(ctx, "emulate/fetch.sh", o.cache)
	fetch.Stdout, fetch.Stderr = os.Stderr, os.Stderr
	if err := fetch.Run(); err != nil {
		return fmt.Errorf("fetch.sh: %w", err)
	}
	work, err := os.MkdirTemp("", "swerm-emulate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)

	p, err := build(ctx, o, work)
	if err != nil {
		return err
	}
	iso, err := pack(ctx, o, p, work)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	return emulate(ctx, o, p, iso, work)
}

// build compiles the first process of the guest and the test binaries into
// work, and plans their runs.
func build(ctx context.Context, o options, work string) (plan.Plan, error) {
	p := plan.Plan{Env: o.env}
	if err := compile(ctx, ".", "build", "-ldflags=-s -w", "-o", filepath.Join(work, "init"), "./emulate/guest"); err != nil {
		return p, err
	}
	for i, pkg := range o.pkgs {
		name := fmt.Sprintf("%d.test", i)
		if err := compile(ctx, o.root, "test", "-c", "-ldflags=-s -w", "-o", filepath.Join(work, name), pkg); err != nil {
			return p, err
		}
		if _, err := os.Stat(filepath.Join(work, name)); err != nil {
			return p, fmt.Errorf("%s has no tests", pkg)
		}
		test := plan.Test{Package: pkg, Binary: "/" + name, Dir: filepath.Join(o.root, pkg), Args: []string{"-test.timeout=0"}}
		if o.verbose {
			test.Args = append(test.Args, "-test.v")
		}
		if o.run != "" {
			test.Args = append(test.Args, "-test.run="+o.run)
		}
		p.Tests = append(p.Tests, test)
	}
	return p, nil
}

func compile(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return nil
}
