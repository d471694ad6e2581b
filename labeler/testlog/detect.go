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

// A tell is a set of phrases of which the logs of one framework hold all.
type tell struct {
	parser  func() Parser
	phrases []string
}

// The tells of pytest: headings that it alone writes, and forms that others write
// too, which count where nothing else is known.
var (
	sureTells = []tell{
		{Pytest, []string{"= test session starts ="}},
		{Pytest, []string{"= short test summary info ="}},
	}
	weakTells = []tell{
		{Pytest, []string{".py::", " PASSED"}},
		{Pytest, []string{".py::", "PASSED "}},
		{Pytest, []string{".py::", "FAILED"}},
		{Pytest, []string{"collected ", " item"}},
	}
)

// Detect names the framework that a log is of, from a part of its text: pytest by
// its headings, else what [Guess] finds, else pytest by the form of its lines.
func Detect(sample []byte) (Parser, bool) {
	sure, isSure := told(sample, sureTells)
	if isSure && !ansibleAnywhere(sample) {
		return sure, true
	}
	guesses := Guess(sample)
	if len(guesses) > 0 && guesses[0].Name == Ansible().Name {
		return guesses[0], true // which runs pytest
	}
	if isSure {
		return sure, true
	}
	if len(guesses) > 0 {
		return guesses[0], true
	}
	return told(sample, weakTells)
}

func told(sample []byte, tells []tell) (Parser, bool) {
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
