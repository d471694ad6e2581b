package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The rank of these tests is this binary, told what to do by the environment.
const envAct = "SWERM_TEST_ACT"

func TestMain(m *testing.M) {
	if act := os.Getenv(envAct); act != "" {
		if os.Getenv("RANK") != "" {
			WithLauncher()
			os.Exit(rank(act))
		}
		os.Exit(launcher(act))
	}
	os.Exit(m.Run())
}

func rank(act string) int {
	kind, dir, _ := strings.Cut(act, ":")
	me := os.Getenv("RANK")
	switch kind {
	case "report":
		fmt.Printf("%s of %s over %.5s\n", me, os.Getenv("WORLD_SIZE"), os.Getenv("SWERM_COMM"))
		fmt.Fprintln(os.Stderr, "hello")
	case "fail":
		switch me {
		case "0":
			return 9 // told by rank 1, and faster
		case "1":
			time.Sleep(20 * time.Millisecond)
			return 7
		}
		time.Sleep(time.Minute)
	case "once": // fails until a file is there
		path := filepath.Join(dir, "tried")
		if _, err := os.Stat(path); err != nil && me == "0" {
			_ = os.WriteFile(path, nil, 0o644)
			return 1
		}
	case "interrupt":
		_ = os.WriteFile(filepath.Join(dir, "up-"+me), nil, 0o644)
		time.Sleep(time.Minute)
	case "orphan":
		_ = os.WriteFile(filepath.Join(dir, "pid-"+me), []byte(strconv.Itoa(os.Getpid())), 0o644)
		time.Sleep(time.Minute)
	}
	return 0
}

// launcher is a launcher that a test kills.
func launcher(act string) int {
	err := Run(context.Background(), Spec{Command: []string{os.Args[0]}, Ranks: 2, Stderr: os.Stderr, Stdout: os.Stdout, Log: slog.New(slog.DiscardHandler)})
	fmt.Fprintln(os.Stderr, act, err)
	return 1
}

func spec(t *testing.T, act string) (Spec, *bytes.Buffer, *bytes.Buffer) {
	t.Helper()
	t.Setenv(envAct, act)
	t.Setenv("RANK", "")
	var out, errs bytes.Buffer
	return Spec{Command: []string{os.Args[0]}, Ranks: 3, Grace: 200 * time.Millisecond, Stdout: &out, Stderr: &errs, Log: slog.New(slog.DiscardHandler)}, &out, &errs
}

func TestRanksKnowTheirPlace(t *testing.T) {
	s, out, errs := spec(t, "report")
	if err := Run(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	if out.String() != "0 of 3 over unix:\n" {
		t.Errorf("stdout %q", out)
	}
	for _, line := range []string{"hello\n", "rank 1: hello\n", "rank 2: hello\n"} {
		if !strings.Contains(errs.String(), line) {
			t.Errorf("stderr %q lacks %q", errs, line)
		}
	}
}

func TestOneFailureEndsAll(t *testing.T) {
	s, _, _ := spec(t, "fail")
	s.Told = []int{9}
	err := Run(context.Background(), s)
	var failed *ExitError
	if !errors.As(err, &failed) || failed.Rank != 1 || failed.Code != 7 {
		t.Fatalf("%v, want rank 1 with code 7", err)
	}
}

func TestRestarts(t *testing.T) {
	s, _, _ := spec(t, "once:"+t.TempDir())
	s.Restarts = 1
	if err := Run(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(s *Spec){
		"none allowed":      func(s *Spec) { s.Restarts = 0 },
		"a mistake of ours": func(s *Spec) { s.Final = []int{1} },
	} {
		s, _, _ := spec(t, "once:"+t.TempDir())
		s.Restarts = 1
		change(&s)
		if err := Run(context.Background(), s); err == nil {
			t.Errorf("%s: it was started again", name)
		}
	}
}

func TestInterruptReachesEveryRank(t *testing.T) {
	dir := t.TempDir()
	s, _, _ := spec(t, "interrupt:"+dir)
	s.Restarts = 5
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		awaitFiles(dir, "up-*", s.Ranks)
		cancel()
	}()
	if err := Run(ctx, s); err == nil {
		t.Error("interrupted ranks ended well")
	}
}

// awaitFiles waits for n files; the test's own time limit ends it otherwise.
func awaitFiles(dir, pattern string, n int) []string {
	for {
		if found, _ := filepath.Glob(filepath.Join(dir, pattern)); len(found) >= n {
			return found
		}
		time.Sleep(5 * time.Millisecond)
	}
}
