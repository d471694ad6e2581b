package testlog_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/swerm/swerm/labeler/testlog"
)

func BenchmarkPytest(b *testing.B) {
	run := func(name string, log []byte) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			for b.Loop() {
				testlog.Pytest().Parse(log)
			}
		})
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
