package testlog_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/labeler/testlog"
)

func BenchmarkPytest(b *testing.B) {
	run := func(name string, log []byte) {
		b.Run(name, func(b *testing.B) { parse(b, testlog.Pytest(), log) })
	}
	run("small", []byte(forms[2].log))
	run("verbose", append([]byte(head), bytes.Repeat([]byte("tests/test_a.py::test_something[a-b] PASSED              [ 66%]\n"), 1000)...))
	run("output", append([]byte(head), bytes.Repeat([]byte("E   some line of a traceback with std::names and text in it, as they come\n"), 10000)...))
	run("dense", bytes.Repeat([]byte("PASSED [::"), 100000))
	run("reasons", bytes.Repeat([]byte("x::y "+strings.Repeat(" SKIPPED (", 6000)+")\n"), 20))
	run("names", bytes.Repeat([]byte("FAILED x::y[["+strings.Repeat("] - ", 15000)+"\n"), 20))
	run("escapes", bytes.Repeat([]byte("\x1b]\x1b["), 200000))
	run("summaries", bytes.Repeat([]byte("=== short test summary info ===\nPASSED a::b\n"), 20000))
	run("returns", bytes.Repeat([]byte("\r\r\r\r\r"), 100000))
}

func parse(b *testing.B, p testlog.Parser, log []byte) {
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(log)
	}
}

// BenchmarkFixtures reads, for each parser, what its framework has printed, again
// and again up to a megabyte.
func BenchmarkFixtures(b *testing.B) {
	for _, p := range testlog.Parsers() {
		files, err := filepath.Glob(filepath.Join("testdata", p.Name, "*.log"))
		if err != nil {
			b.Fatal(err)
		}
		var log []byte
		for len(files) > 0 && len(log) < 1<<20 {
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					b.Fatal(err)
				}
				log = append(log, text...)
			}
		}
		if len(log) > 0 {
			b.Run(p.Name, func(b *testing.B) { parse(b, p, log) })
		}
	}
}

// hostile lists what would cost time that grows with the square, if something
// were looked for again and again.
func hostile() map[string][]byte {
	deep := &bytes.Buffer{}
	for i := 1; i < 60; i++ {
		deep.WriteString("\n" + strings.Repeat("  ", i) + strings.Repeat("t", 60000))
	}
	deep.Write(bytes.Repeat([]byte("\n"+strings.Repeat("  ", 60)+"✔ x"), 5000))
	return map[string][]byte{
		"deep":    deep.Bytes(),
		"quotes":  bytes.Repeat([]byte("✔ Test \""+strings.Repeat("\" passed", 8000)+"\n"), 20),
		"tags":    bytes.Repeat([]byte("<testcase name=\"<"), 60000),
		"suites":  bytes.Repeat([]byte("<testsuite name='a'>"), 60000),
		"cdata":   append([]byte("<testsuite><![CDATA["), bytes.Repeat([]byte("]]"), 500000)...),
		"objects": bytes.Repeat([]byte(`{"Action":"`+strings.Repeat(`\"`, 30000)+"\n"), 20),
		"sharps":  bytes.Repeat([]byte("ok 1 - "+strings.Repeat(" # skip", 8000)+"\n"), 20),
		"stars":   bytes.Repeat([]byte("1/1 Test #1: a ..."+strings.Repeat("***", 20000)+"\n"), 20),
		"rules":   bytes.Repeat([]byte(strings.Repeat("-", 79)+"\na\n"), 20000),
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, log := range hostile() {
		for _, p := range testlog.Parsers() {
			b.Run(name+"/"+p.Name, func(b *testing.B) { parse(b, p, log) })
		}
	}
}

func BenchmarkGuess(b *testing.B) {
	log := bytes.Repeat([]byte("some line of output that says nothing about tests at all, as most do\n"), 20000)
	b.SetBytes(int64(len(log)))
	for b.Loop() {
		testlog.Guess(log)
	}
}

func BenchmarkRealLogs(b *testing.B) {
	pairs := pytestPairs(b)
	var n int64
	for _, p := range pairs {
		n += int64(len(p.log))
	}
	b.SetBytes(n)
	for b.Loop() {
		for _, p := range pairs {
			testlog.Pytest().Parse(p.log)
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(pairs))/b.Elapsed().Seconds(), "logs/s")
}
