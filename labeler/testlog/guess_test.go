package testlog_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/labeler/testlog"
)

// unmarked lists fixtures that end before the framework has said anything of
// its own, and what only a screen tells.
var unmarked = map[string]bool{
	"mocha/crash": true, "mocha/broken": true, "rspec/crash": true,
	"pytest-pane/crash": true, "pytest-pane/hang": true, "pytest-pane/narrow": true, "pytest-pane/standard": true, "pytest-pane/wide": true,
}

func TestGuessKnowsEveryFixture(t *testing.T) {
	logs, err := filepath.Glob("testdata/*/*.log")
	if err != nil || len(logs) == 0 {
		t.Fatalf("%d logs, %v", len(logs), err)
	}
	for _, file := range logs {
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parser := filepath.Base(filepath.Dir(file))
		name := parser + "/" + filepath.Base(file[:len(file)-len(".log")])
		var names []string
		for _, p := range testlog.Guess(log) {
			names = append(names, p.Name)
		}
		if p, ok := testlog.Detect(log); parser == "pytest" && ok { // told by its headings
			names = append(names, p.Name)
		}
		if unmarked[name] {
			if len(names) > 0 {
				t.Errorf("%s: %v", name, names)
			}
		} else if len(names) == 0 || names[0] != parser {
			t.Errorf("%s: %v", name, names)
		}
	}
}

func TestGuessLooksBetweenTheMarkers(t *testing.T) {
	log := "running 3 tests\n+ : '>>>>> Start Test Output'\n=== RUN   TestA\n+ : '>>>>> End Test Output'\nrunning 4 tests\n"
	if got := testlog.Guess([]byte(log)); len(got) != 1 || got[0].Name != "gotest" {
		t.Errorf("%+v", got)
	}
}

func TestGuessLooksAtBothEnds(t *testing.T) {
	filler := bytes.Repeat([]byte("nothing to see here, as in most lines\n"), 20000)
	for _, log := range [][]byte{append([]byte("=== RUN   TestA\n"), filler...), append(bytes.Clone(filler), "=== RUN   TestA\n"...)} {
		if got := testlog.Guess(log); len(got) != 1 || got[0].Name != "gotest" {
			t.Errorf("%+v", got)
		}
	}
	middle := append(append(bytes.Clone(filler), "=== RUN   TestA\n"...), filler...)
	if got := testlog.Guess(middle); len(got) != 0 {
		t.Errorf("%+v: the middle was read", got)
	}
}
