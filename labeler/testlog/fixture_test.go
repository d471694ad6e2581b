package testlog_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/labeler/testlog"
)

var update = flag.Bool("update", false, "rewrite what the fixtures are read as")

// TestFixtures reads what the frameworks themselves have printed: a folder for
// each parser, and beside each log what it says.
func TestFixtures(t *testing.T) {
	for _, p := range testlog.Parsers() {
		logs, err := filepath.Glob(filepath.Join("testdata", p.Name, "*.log"))
		if err != nil {
			t.Fatal(err)
		}
		if len(logs) == 0 {
			t.Errorf("%s has no fixture", p.Name)
		}
		for _, file := range logs {
			t.Run(strings.TrimSuffix(file[len("testdata/"):], ".log"), func(t *testing.T) { fixture(t, p, file) })
		}
	}
}

func fixture(t *testing.T, p testlog.Parser, file string) {
	log, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	l := p.Parse(log)
	check(t, log, l)
	bytewise, err := p.Read(context.Background(), iotest.OneByteReader(strings.NewReader(string(log))), testlog.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, l, bytewise)
	for _, p := range testlog.Parsers() { // none may stumble over the log of another
		check(t, log, p.Parse(log))
	}
	golden(t, strings.TrimSuffix(file, ".log")+".want", summary(l))
}

// summary writes a log as text: its records, scopes, events and totals.
func summary(l *testlog.Log) string {
	var b strings.Builder
	for i, s := range shown(l) {
		r := l.Records[i]
		if r.Scope > 0 {
			s += " in " + l.Scopes[r.Scope-1].Name
		}
		for _, p := range r.Pieces {
			s += fmt.Sprintf(" [%s]", r.Name[p.Start:p.End])
		}
		fmt.Fprintln(&b, s)
	}
	for _, s := range l.Scopes {
		if s.Status > 0 {
			fmt.Fprintf(&b, "scope %s: %v\n", s.Name, s.Status)
		}
	}
	for _, e := range l.Events {
		fmt.Fprintf(&b, "event %s at %d\n", []string{"", "started", "finished", "interrupted", "internal error", "usage error", "build error"}[e.Kind], e.At.Start)
	}
	if l.Total != nil {
		fmt.Fprintf(&b, "total")
		for _, s := range testlog.Statuses() {
			fmt.Fprintf(&b, " %d %v", l.Total.By[s], s)
		}
		fmt.Fprintln(&b)
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

// TestHostileLogsAreRead holds places in logs that were made to cost much.
func TestHostileLogsAreRead(t *testing.T) {
	for name, log := range hostile() {
		for _, p := range testlog.Parsers() {
			l := p.ParseLimited(log, testlog.Limits{NameBytes: 8 << 20})
			if len(l.Records) > 100 {
				l.Records = l.Records[:100]
			}
			check(t, log, l)
			if testing.Verbose() {
				t.Logf("%s, %s: %d records, %d lost", name, p.Name, len(l.Records), l.Lost)
			}
		}
	}
}
