package testlog

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Parser reads the logs of one framework. Version rises whenever a log would
// be read differently. A parser is verified when the fixtures it is tested on
// were printed by the framework itself; the others follow documentation only,
// and no verdict should rest on them unless somebody asks for it.
type Parser struct {
	Name     string
	Version  string
	Verified bool

	start func(*Log) machine
	chunk bool // the machine takes long lines in pieces of Limits.LineBytes
}

// machine takes the lines of one log in order, and then the end of what counts.
type machine interface {
	line(*line)
	end()
}

// Pytest reads pytest at any verbosity, with and without xdist.
func Pytest() Parser {
	return Parser{Name: "pytest", Version: "1", Verified: true, start: func(l *Log) machine { return newPytest(l) }}
}

// Parsers lists every parser there is.
func Parsers() []Parser {
	return []Parser{
		Pytest(),
		Unittest(),
		SymPy(),
		PytestPane(),
		Ansible(),
		GoTest(),
		GoTestJSON(),
		Cargo(),
		Maven(),
		Gradle(),
		CTest(),
		GoogleTest(),
		Catch2(),
		TAP(),
		RSpec(),
		Minitest(),
		PHPUnit(),
		Mocha(),
		MochaJSON(),
		JUnitXML(),
		Jest(),
		Vitest(),
		Karma(),
		Swift(),
	}
}

// Find returns the parser of a name.
func Find(name string) (Parser, error) {
	all := Parsers()
	if i := slices.IndexFunc(all, func(p Parser) bool { return p.Name == name }); i >= 0 {
		return all[i], nil
	}
	var known []string
	for _, p := range all {
		known = append(known, p.Name)
	}
	return Parser{}, fmt.Errorf("testlog: no parser is named %q; there are: %s", name, strings.Join(known, ", "))
}

// Limits bound what one log may cost. A zero field means its default.
type Limits struct {
	LineBytes int   // of a line that are looked at
	Records   int   // kept of one log
	NameBytes int64 // of all names together
}

// Defaults of [Limits].
const (
	// DefaultLineBytes: the longest parametrised id seen has under 4 KiB.
	DefaultLineBytes = 64 << 10
	// DefaultRecords: the largest suites print some hundred thousand lines.
	DefaultRecords = 1 << 20
	// DefaultNameBytes bounds the text that records hold.
	DefaultNameBytes = 128 << 20
	// maxEvents bounds a log of nothing but headings.
	maxEvents = 1000
)

func (l Limits) withDefaults() Limits {
	if l.LineBytes <= 0 {
		l.LineBytes = DefaultLineBytes
	}
	if l.Records <= 0 {
		l.Records = DefaultRecords
	}
	if l.NameBytes <= 0 {
		l.NameBytes = DefaultNameBytes
	}
	return l
}

// Parse reads a log that is in memory. Names do not alias it.
func (p Parser) Parse(log []byte) *Log { return p.ParseLimited(log, Limits{}) }

// ParseLimited is Parse under other limits.
func (p Parser) ParseLimited(log []byte, limits Limits) *Log {
	s := newScanner(p, limits)
	s.log.Records = lent()
	s.feed(log, true)
	return s.end()
}

// Read reads a log as a stream, in memory that does not grow with it except by
// what it says. The error is of r or ctx.
func (p Parser) Read(ctx context.Context, r io.Reader, limits Limits) (*Log, error) {
	s := newScanner(p, limits)
	if err := pump(ctx, r, 2*s.limits.LineBytes, s.feed); err != nil {
		return nil, err
	}
	return s.end(), nil
}
