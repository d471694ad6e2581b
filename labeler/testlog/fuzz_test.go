package testlog_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/swerm/swerm/labeler/testlog"
)

// FuzzParsers holds of every parser that nothing panics, that every status and
// every piece of a name stands in the log at the place given, and that reading
// in pieces reads the same.
func FuzzParsers(f *testing.F) {
	for _, form := range forms {
		f.Add([]byte(form.log))
	}
	f.Add([]byte("\x1b[PASSED a::b\x1b]\x1b(\x1b"))
	logs, err := filepath.Glob("testdata/*/*.log")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range logs {
		log, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(log[:min(len(log), 8<<10)])
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		for _, p := range testlog.Parsers() {
			limits := testlog.Limits{LineBytes: 200}
			readsTheSame(t, p, log, limits)
		}
	})
}

// readsTheSame checks a log, read at once and in pieces.
func readsTheSame(t testing.TB, p testlog.Parser, log []byte, limits testlog.Limits) {
	t.Helper()
	l := p.ParseLimited(log, limits)
	check(t, log, l)
	half, err := p.Read(context.Background(), iotest.HalfReader(bytes.NewReader(log)), limits)
	if err != nil {
		t.Fatal(err)
	}
	same(t, l, half)
}

// same holds that two readings agree.
func same(t testing.TB, a, b *testlog.Log) {
	t.Helper()
	x, y := *a, *b
	x.Parser, y.Parser = testlog.Parser{}, testlog.Parser{}
	if reflect.DeepEqual(x, y) {
		return
	}
	if d := cmp.Diff(a, b, cmpopts.IgnoreFields(testlog.Log{}, "Parser"), cmpopts.IgnoreUnexported(testlog.Log{}), cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("%s: %s", a.Parser.Name, d)
	}
}
