package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/internal/yamlcfg"
	"github.com/swerm/swerm/pipeline"
)

var update = flag.Bool("update", false, "write the goldens and the schemas")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"swerm": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Cmds:          commands(),
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
			env.Setenv("TERM", "dumb")
			return nil
		},
	})
}

func TestSchemasAreFresh(t *testing.T) {
	a := &app{stages: stages()}
	names := []string{"run"}
	for _, s := range a.stages {
		names = append(names, s.Name)
	}
	dir := filepath.Join(testpath.Root(), "configs", "schema")
	if *update {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		text, err := a.schema(name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name+".schema.json")
		if *update {
			if err := os.WriteFile(path, text, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, text) {
			t.Errorf("%s is not what the config structs say: run `go generate ./cmd/swerm`", path)
		}
	}
}

// TestShownDefaultsAreTheDefaults holds that what `config show` prints can be put in
// a file and gives the same config.
func TestShownDefaultsAreTheDefaults(t *testing.T) {
	for _, s := range stages() {
		want := s.NewConfig()
		text, err := yamlcfg.Show(want)
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		doc, err := yamlcfg.Parse(s.Name, text)
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		got := s.NewConfig()
		if err := doc.Decode(got); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		a, errA := pipeline.CanonicalJSON(want)
		b, errB := pipeline.CanonicalJSON(got)
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: shown and read back: %s (%v); want %s (%v)", s.Name, b, errB, a, errA)
		}
		if len(text) < 4 {
			t.Errorf("%s: shows %q", s.Name, text)
		}
	}
}

// commands are what the scripts can use beside testscript's own.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits":     exits,
		"interrupt": interrupt,
		"waitfor":   waitFor,
	}
}

// exits CODE swerm ARGS… runs swerm and wants that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS…")
	}
	err := ts.Exec(args[1], args[2:]...)
	if got := codeOf(err); fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

func codeOf(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

// interrupt PATTERN SIGNAL COMMAND ARGS… starts a command, waits until a path
// matches the pattern, sends the signal and writes the exit code to stdout.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: interrupt PATTERN SIGNAL COMMAND ARGS…")
	}
	path, err := exec.LookPath(args[2])
	ts.Check(err)
	cmd := exec.Command(path, args[3:]...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+ts.Getenv("XDG_CACHE_HOME"), "TERM=dumb")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	ts.Check(cmd.Start())
	ts.Defer(func() { _ = cmd.Process.Kill() })
	waitFor(ts, false, args[:1])
	signals := map[string]os.Signal{"INT": os.Interrupt, "KILL": os.Kill}
	ts.Check(cmd.Process.Signal(signals[args[1]]))
	err = cmd.Wait()
	fmt.Fprintf(ts.Stdout(), "exit code %d\n%s", codeOf(err), out.String())
}

// waitfor PATTERN waits until a path matches.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor PATTERN")
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		found, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		if len(found) > 0 {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("nothing matched %s", args[0])
		}
	}
}
