package testlog

import (
	"bytes"
	"slices"
)

// guessWindow is how much of a log's head, and of its tail, is looked at.
const guessWindow = 128 << 10

// Guess names the parsers whose framework has left its own marks in a log, the
// one with the most first. Tests that run another framework leave marks of both,
// and a log without any mark gives no parser. It looks at the head and the tail
// of the log only, and of them at what stands between the markers of a harness
// where there are any.
func Guess(log []byte) []Parser {
	g := guesser{counts: make([]int, len(signs()))}
	if len(log) <= 2*guessWindow {
		g.read(log)
	} else {
		g.read(log[:guessWindow])
		g.read(log[len(log)-guessWindow:])
	}
	return g.best()
}

// sign tells whether a line is one that a framework writes and hardly anything
// else does. The line is free of terminal sequences and of blanks at its end; it
// is not empty.
type sign struct {
	parser func() Parser
	is     func(text []byte) bool
}

// signs lists the sign of every parser that can be told by its lines. pytest-pane
// is none of them: only the width of a screen sets it apart.
func signs() []sign {
	return []sign{
		{SymPy, sympySign},
		{Unittest, unittestSign},
		{Ansible, ansibleSign},
		{GoTest, goTestSign},
		{GoTestJSON, goTestJSONSign},
		{Cargo, cargoSign},
		{Maven, mavenSign},
		{Gradle, gradleSign},
		{CTest, ctestSign},
		{GoogleTest, googleTestSign},
		{Catch2, catch2Sign},
		{TAP, tapSign},
		{RSpec, rspecSign},
		{Minitest, minitestSign},
		{PHPUnit, phpunitSign},
		{Mocha, mochaSign},
		{MochaJSON, mochaJSONSign},
		{JUnitXML, junitXMLSign},
		{Jest, jestSign},
		{Vitest, vitestSign},
		{Karma, karmaSign},
		{Swift, swiftSign},
	}
}

type guesser struct {
	counts []int
	line   line
}

func (g *guesser) read(window []byte) {
	all := signs()
	for raw := range bytes.SplitSeq(window, []byte{'\n'}) {
		if raw = bytes.TrimSuffix(raw, []byte{'\r'}); len(raw) == 0 {
			continue
		}
		if c := raw[0]; c == '+' || c == '>' {
			if bytes.Contains(raw, []byte(startMarker)) {
				clear(g.counts)
				continue
			}
			if bytes.Contains(raw, []byte(endMarker)) {
				return
			}
		}
		raw = raw[:min(len(raw), DefaultLineBytes)]
		g.line.set(raw, 0, bytes.IndexByte(raw, esc) >= 0)
		g.line.plain()
		text := trimRight(g.line.text)
		if len(text) == 0 {
			continue
		}
		for i := range all {
			if all[i].is(text) {
				g.counts[i]++
			}
		}
	}
}

func (g *guesser) best() []Parser {
	var found []int
	for i, n := range g.counts {
		if n > 0 {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(a, b int) int { return g.counts[b] - g.counts[a] })
	all := signs()
	parsers := make([]Parser, len(found))
	for i, f := range found {
		parsers[i] = all[f].parser()
	}
	return parsers
}

func hasAny(text []byte, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return has(text, p) })
}

func ends(text []byte, suffix string) bool { return bytes.HasSuffix(text, []byte(suffix)) }

func contains(text []byte, part string) bool { return bytes.Contains(text, []byte(part)) }

func ansibleSign(text []byte) bool {
	return has(text, "Running ") && (ends(text, " integration test role") || ends(text, " integration test script")) ||
		has(text, "Unit test ") && contains(text, " with Python ") || contains(text, " integration test(s) listed below (out of ")
}

// ansibleAnywhere reports whether text may hold a line that is Ansible's sign: it
// is cheaper to ask than to look at every line.
func ansibleAnywhere(text []byte) bool {
	return contains(text, " integration test") || contains(text, "Unit test ")
}

func goTestSign(text []byte) bool {
	if hasAny(text, "=== RUN ", "--- PASS: ", "--- FAIL: ", "--- SKIP: ", "    --- PASS: ", "    --- FAIL: ") {
		return true
	}
	w, ok := starts(text, goPackages)
	return ok && w.status > 0 && len(text) > len(w.text) && (text[len(w.text)] == '\t' || has(text[len(w.text):], "  \t"))
}

func goTestJSONSign(text []byte) bool {
	return text[0] == '{' && contains(text, `"Action":"`) && contains(text, `"Package":"`)
}

func cargoSign(text []byte) bool {
	return has(text, "test result: ") && contains(text, " passed; ") || has(text, "running ") && (ends(text, " tests") || ends(text, " test")) ||
		cargoTest(text) || has(text, "error: could not compile `")
}

// cargoTest knows `test a::b ... ok`, and not `test that it works ... ok`.
func cargoTest(text []byte) bool {
	const n0 = len("test ")
	if !has(text, "test ") {
		return false
	}
	_, n1 := field(text, n0)
	return bytes.HasPrefix(text[n1:], cargoDots) || has(text[n1:], " - should panic ... ") || has(text[n1:], " - ") && contains(text, " (line ")
}

func mavenSign(text []byte) bool {
	rest := text
	if level, ok := starts(text, mavenLevels); ok {
		rest = text[len(level.text):]
	}
	return has(rest, "Tests run: ") && contains(rest, ", Errors: ") || string(rest) == " T E S T S" || string(rest) == "BUILD SUCCESS" ||
		string(rest) == "BUILD FAILURE" || has(text, "[INFO] Scanning for projects")
}

func gradleSign(text []byte) bool {
	if hasAny(text, "> Task :", "BUILD SUCCESSFUL in ", "BUILD FAILED in ") {
		return true
	}
	n := gradleWordAt(text)
	_, ok := starts(text[n:][min(1, len(text)-n):], gradleWords)
	return ok && contains(text, " > ") && text[0] != ' '
}

func ctestSign(text []byte) bool {
	_, ok := ctestName(text)
	return ok || contains(text, "% tests passed, ") || has(text, "Test project ") || has(text, "No tests were found!!!")
}

func googleTestSign(text []byte) bool {
	_, ok := starts(text, googleWords)
	return ok || bytes.HasPrefix(text, googleRun) || bytes.HasPrefix(text, googleRule)
}

func catch2Sign(text []byte) bool {
	return bytes.Equal(text, catchRule) || bytes.Equal(text, catchDouble) || has(text, "All tests passed (") && contains(text, " in ") ||
		has(text, "test cases: ") && contains(text, " | ") || contains(text, " is a Catch")
}

func tapSign(text []byte) bool {
	if hasAny(text, "TAP version ", "Bail out!", "1..0 ", "Result: PASS", "Result: FAIL") {
		return true
	}
	w, ok := starts(text, tapWords)
	n := len(w.text) + 1
	return ok && n < len(text) && text[n-1] == ' ' && digits(text[n:]) > 0
}

func rspecSign(text []byte) bool {
	n := digits(text)
	return has(text, "rspec ./") || n > 0 && has(text[n:], " example") && contains(text, " failure")
}

func minitestSign(text []byte) bool {
	n := digits(text)
	if n > 0 && has(text[n:], " runs, ") && contains(text, " assertions, ") {
		return true
	}
	_, ok := starts(text[len(text)-1:], minitestWords)
	return string(text) == "# Running:" || ok && minitestTime(text[:len(text)-1]) >= 0
}

func phpunitSign(text []byte) bool {
	return has(text, "PHPUnit ") || has(text, "OK (") && contains(text, " assertion") || has(text, "Tests: ") && contains(text, ", Assertions: ")
}

func mochaSign(text []byte) bool {
	n := indent(text)
	d := digits(text[n:])
	return n == 2 && d > 0 && (has(text[n+d:], " passing (") || ends(text, " failing") || ends(text, " pending"))
}

func mochaJSONSign(text []byte) bool {
	return string(text) == `  "stats": {` || string(text) == `  "passes": [` || has(text, `      "fullTitle": "`)
}

func junitXMLSign(text []byte) bool {
	text = bytes.TrimLeft(text, " \t")
	return text[0] == '<' && (contains(text, "<testsuite") || contains(text, "<testcase "))
}

func jestSign(text []byte) bool {
	return contains(text, jestExit) || has(text, "Test Suites: ") && ends(text, " total") || has(text, "Tests: ") && ends(text, " total") ||
		hasAny(text, "PASS ", "FAIL ", " PASS ", " FAIL ") && !contains(text, "\t") && contains(text, ".test.") && !contains(text, " > ")
}

func vitestSign(text []byte) bool {
	return has(text, " RUN  v") || has(text, " Test Files  ") || has(text, " FAIL  ") && contains(text, " > ")
}

func karmaSign(text []byte) bool {
	return bytes.Contains(text, karmaConnected) || contains(text, "[karma-server]: ") || contains(text, "[karma]: ") || bytes.Contains(text, karmaExecuted)
}

func swiftSign(text []byte) bool {
	return has(text, swiftCase) || has(text, "Test Suite '") || hasAny(text, "◇ Test run started", "✔ Test ", "✘ Test ", "◇ Test ")
}
