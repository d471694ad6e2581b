package testlog

import "bytes"

// A MarkKind is one of the lines that harnesses of the SWE-bench family write
// around what the tests print.
type MarkKind uint8

// The closed set of marks.
const (
	_                 MarkKind = iota
	MarkStart                  // Start Test Output
	MarkEnd                    // End Test Output
	MarkExitCode               // Test Exit Code: N, written behind the end
	MarkAppliedPred            // Applied Patch (pred), of 1.x
	MarkAppliedTest            // Applied Patch (test), of 1.x
	MarkApplied                // Applied Patch, of any other kind
	MarkApplyFailed            // Patch Apply Failed
	MarkResetFailed            // Reset Failed
	MarkTestsErrored           // Tests Errored
	MarkTimedOut               // Tests Timed Out
	MarkInstallFailed          // Init Failed, of 1.x
	MarkTestsPassed            // All Tests Passed, of 1.x
	MarkTestsFailed            // Some Tests Failed, of 1.x
	MarkStopped                // Timeout error: N seconds exceeded, as the last line
	marks
)

// markLead begins every mark, markText what follows it. Longer texts stand
// before those that they begin with.
var (
	markLead = []byte(">>>>> ")
	markText = []struct {
		text []byte
		kind MarkKind
	}{
		{[]byte("Start Test Output"), MarkStart}, {[]byte("End Test Output"), MarkEnd}, {[]byte("Test Exit Code"), MarkExitCode},
		{[]byte("Applied Patch (pred)"), MarkAppliedPred}, {[]byte("Applied Patch (test)"), MarkAppliedTest},
		{[]byte("Applied Patch"), MarkApplied}, {[]byte("Patch Apply Failed"), MarkApplyFailed},
		{[]byte("Reset Failed"), MarkResetFailed}, {[]byte("Tests Errored"), MarkTestsErrored},
		{[]byte("Tests Timed Out"), MarkTimedOut}, {[]byte("Init Failed"), MarkInstallFailed},
		{[]byte("All Tests Passed"), MarkTestsPassed}, {[]byte("Some Tests Failed"), MarkTestsFailed},
	}
)

// stoppedText is what a harness writes at the end of a log that it cut off.
var stoppedText = []byte("Timeout error: ")

// Marks counts the marks of a log and keeps the first of each kind.
type Marks struct {
	count [marks]int64
	first [marks]Span

	// The first exit code that is written, wherever that is, and how many differ
	// from it.
	ExitCode  *int64
	OtherExit int64
}

// Count returns how often a mark stands in the log.
func (m *Marks) Count(kind MarkKind) int64 { return m.count[kind] }

// First returns the place of the first mark of a kind.
func (m *Marks) First(kind MarkKind) (Span, bool) { return m.first[kind], m.count[kind] > 0 }

// note keeps the mark that text begins with, where it is one, and returns its
// length.
func (m *Marks) note(text []byte, at int64) (MarkKind, int) {
	rest, ok := bytes.CutPrefix(text, markLead)
	if !ok {
		return 0, 0
	}
	for _, t := range markText {
		after, ok := bytes.CutPrefix(rest, t.text)
		if !ok {
			continue
		}
		n := len(markLead) + len(t.text)
		if m.count[t.kind]++; m.count[t.kind] == 1 {
			m.first[t.kind] = Span{at, at + int64(n)}
		}
		if t.kind == MarkExitCode {
			m.exit(after)
		}
		return t.kind, n
	}
	return 0, 0
}

// stopped notes the line of a harness that ended the run.
func (m *Marks) stopped(at Span) {
	m.count[MarkStopped]++
	m.first[MarkStopped] = at
}

// forget drops a line of that kind which is not the last one of the log.
func (m *Marks) forget(size int64) {
	if m.count[MarkStopped] > 0 && m.first[MarkStopped].End+2 < size {
		m.count[MarkStopped] = 0
	}
}

// exit reads `: 1`.
func (m *Marks) exit(after []byte) {
	after, ok := bytes.CutPrefix(after, []byte(":"))
	if !ok {
		return
	}
	after = bytes.TrimLeft(after, " \t")
	after, negative := bytes.CutPrefix(after, []byte("-"))
	var n int64
	digits := 0
	for digits < len(after) && digits < 9 && after[digits] >= '0' && after[digits] <= '9' {
		n = n*10 + int64(after[digits]-'0')
		digits++
	}
	if digits == 0 {
		return
	}
	if negative {
		n = -n
	}
	switch {
	case m.ExitCode == nil:
		m.ExitCode = &n
	case *m.ExitCode != n:
		m.OtherExit++
	}
}
