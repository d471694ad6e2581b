package testlog

import (
	"regexp"
	"slices"
)

var counts = regexp.MustCompile(`\d+`)

// Word reports whether a parser takes a word for a status. Numbers in it may be
// any.
func Word(p Parser, name, text string, st Status) bool {
	if p.Name == "rspec" && text == name && st == Passed {
		return true // it stands there without a word, and the totals agree
	}
	text = counts.ReplaceAllString(text, "#")
	for _, w := range vocabulary[p.Name] {
		if string(w.text) == text && (w.status == st || w.status == 0) {
			return true
		}
	}
	return false
}

// vocabulary holds the words of every parser. One with status 0 stands for any.
var vocabulary = map[string][]word{
	"pytest":      words,
	"pytest-pane": words,
	"unittest":    append([]word{{skippedWord, Skipped}, {noseSkip, Skipped}, {[]byte("UNEXPECTED SUCCESS"), XPass}}, unitWords...),
	"sympy":       append([]word{{[]byte("_"), Failed}}, sympyEnds...),
	"ansible":     slices.Concat(words, ansibleFaults, []word{{[]byte("failed=#"), 0}}),
	"swift":       swiftWords,
	"gotest":      append([]word{{runningTests, Failed}}, goWords...),
	"gotest-json": append([]word{{runningTests, Failed}}, goActions...),
	"mocha":       mochaWords,
	"mocha-json":  mochaArrays,
	"cargo":       cargoWords,
	"maven": slices.Concat(mavenMarks, mavenBuilds, []word{{[]byte("Tests run: #, Failures: #, Errors: #, Skipped: #"), 0},
		{mavenElapsed, Passed}, {mavenCrashed, Error}, {[]byte("skipped"), Skipped}}),
	"gradle":     gradleWords,
	"ctest":      append([]word{{[]byte("Passed"), Passed}}, ctestWords...),
	"googletest": append([]word{{googleWords[1].text, Error}}, googleWords...),
	"catch2":     catchWords,
	"tap":        tapWords,
	"rspec":      rspecWords,
	"minitest":   append(minitestHeads, minitestWords...),
	"phpunit":    append(phpunitHeads, phpunitWords...),
	"junitxml":   junitWords,
	"jest":       append([]word{{jestBroken, Error}, {jestBullet, Failed}}, jestWords...),
	"vitest":     append([]word{{[]byte("FAIL"), 0}}, vitestWords...),
	"karma":      append([]word{{[]byte("(skipped)"), Skipped}, {[]byte("FAILED"), Failed}}, karmaWords...),
}

// Work counts what a machine was handed.
type Work struct{ Lines, Bytes int64 }

type counted struct {
	machine
	work *Work
}

func (c counted) line(l *line) {
	c.work.Lines++
	c.work.Bytes += int64(len(l.raw))
	c.machine.line(l)
}

// CountedReader counts the work of a reader.
func CountedReader(r Reader, w *Work) Reader {
	start := r.start
	r.start = func(l *Log) machine { return counted{start(l), w} }
	return r
}

// CountedParser counts the work of a parser.
func CountedParser(p Parser, w *Work) Parser {
	start := p.start
	p.start = func(l *Log) machine { return counted{start(l), w} }
	return p
}
