package testlog

import "bytes"

// ForRepo returns the parser for a repository whose framework is known.
func ForRepo(repo string) (Parser, bool) {
	family, ok := repos[repo]
	if !ok {
		return Parser{}, false
	}
	switch family {
	case FamilyDjango:
		return Unittest(), true
	case FamilySymPy:
		return SymPy(), true
	}
	return Pytest(), true
}

// A tell is a phrase that the logs of one framework hold. All phrases of a line
// must be there.
type tell struct {
	parser  func() Parser
	phrases []string
}

// tells are in the order in which they are tried: what is printed by one
// framework alone stands before what others print too, and a framework that runs
// others before these.
var tells = []tell{
	{Pytest, []string{"= test session starts ="}},
	{Pytest, []string{"= short test summary info ="}},
	{SymPy, []string{"= test process starts ="}},
	{GoTestJSON, []string{`"Action":"`, `"Package":"`}},
	{GoTest, []string{"=== RUN   "}},
	{GoTest, []string{"\n--- "}},
	{Cargo, []string{"\ntest result: "}},
	{GoogleTest, []string{"[==========] "}},
	{CTest, []string{"% tests passed, "}},
	{Gradle, []string{"\n> Task :"}},
	{Maven, []string{"Tests run: ", "[INFO] "}},
	{JUnitXML, []string{"<testsuite"}},
	{Vitest, []string{" Test Files  "}},
	{Jest, []string{"Test Suites: "}},
	{MochaJSON, []string{`"stats": {`, `"passes": `}},
	{Karma, []string{"Executed ", " of ", "secs"}},
	{PHPUnit, []string{"PHPUnit "}},
	{Minitest, []string{" runs, ", " assertions, "}},
	{RSpec, []string{" examples, ", " failure"}},
	{Mocha, []string{" passing ("}},
	{Swift, []string{"Test Suite '", "' started at "}},
	{Catch2, []string{"test cases: ", "assertions: "}},
	{Catch2, []string{"All tests passed (", " assertion"}},
	{TAP, []string{"TAP version "}},
	{TAP, []string{"\nok 1 ", "\n1.."}},
	{Unittest, []string{"\nRan ", " in ", "\n------"}},
	{Unittest, []string{" ... ok\n"}},
	{Pytest, []string{"collected ", " items"}},
	{Pytest, []string{".py::", "PASSED"}},
	{Pytest, []string{".py::", "FAILED"}},
}

// Detect names the framework that a log is of, from a part of its text.
func Detect(sample []byte) (Parser, bool) {
	for _, t := range tells {
		all := true
		for _, phrase := range t.phrases {
			all = all && bytes.Contains(sample, []byte(phrase))
		}
		if all {
			return t.parser(), true
		}
	}
	return Parser{}, false
}
