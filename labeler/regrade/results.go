package regrade

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/testlog"
)

// Files in which harnesses keep the statuses that they read from a log.
const (
	outputName = "output.json"  // SWE-bench Pro: {"tests": [{"name", "status"}]}
	trialName  = "results.json" // Terminal-Bench: {"parser_results": {name: status}}
)

// resultsParser stands for the harness that read the log.
var resultsParser = testlog.Parser{Name: "results", Version: "1", Verified: true}

// Errors of files of results.
var (
	// ErrNoResults is returned for JSON that is no result of tests.
	ErrNoResults = errors.New("no results of tests")
	// ErrGaveUp is returned for a trial whose tests gave no result.
	ErrGaveUp = errors.New("the tests gave no result")
)

// ParseResults reads what a harness read from a log, as a log whose places are
// those of the file. The error wraps ErrNoResults for JSON of another kind.
func ParseResults(doc []byte) (*testlog.Log, error) {
	s := &jsonScan{text: string(doc)}
	r := results{jsonScan: s}
	err := s.object(r.member)
	if err == nil {
		err = s.end()
	}
	switch {
	case errors.Is(err, ErrNoReport): // a value of another type
		return nil, fmt.Errorf("%w: %w", ErrNoResults, err)
	case err != nil:
		return nil, err
	case !r.met:
		return nil, ErrNoResults
	case r.void:
		return nil, fmt.Errorf("%w: %.100s", ErrGaveUp, r.mode)
	}
	size := int64(len(doc))
	return &testlog.Log{Parser: resultsParser, Bytes: size, Region: testlog.Span{End: size}, Records: r.records}, nil
}

// results collects statuses from a document.
type results struct {
	*jsonScan
	records []testlog.Record
	met     bool   // there are results
	void    bool   // there would be, if the tests had got there
	mode    string // how a trial failed
}

func (r *results) member(key string) (err error) {
	switch key {
	case "tests":
		r.met = true
		return r.array(r.test)
	case "parser_results":
		r.met = true
		if r.void = r.null(); r.void {
			return nil
		}
		return r.object(func(name string) error {
			nameAt := r.key
			word, wordAt, err := r.place()
			if err != nil {
				return err
			}
			return r.keep(name, nameAt, word, wordAt)
		})
	case "failure_mode":
		if !r.null() {
			r.mode, err = r.string()
		}
		return err
	}
	return r.skip()
}

// test reads {"name": …, "status": …}.
func (r *results) test() error {
	name, word := "", ""
	var nameAt, wordAt testlog.Span
	err := r.object(func(key string) (err error) {
		switch key {
		case "name":
			name, nameAt, err = r.place()
		case "status":
			word, wordAt, err = r.place()
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.keep(name, nameAt, word, wordAt)
}

func (r *results) keep(name string, nameAt testlog.Span, word string, wordAt testlog.Span) error {
	var st testlog.Status
	if err := st.UnmarshalText([]byte(strings.ToUpper(word))); err != nil || name == "" {
		return fmt.Errorf("byte %d: test %.100q has the status %.100q: %w", nameAt.Start, name, word, ErrNoResults)
	}
	r.records = append(r.records, testlog.Record{Name: name, Status: st, NameAt: nameAt, StatusAt: wordAt, Encoding: testlog.JSON})
	return nil
}

// readResults reads the results of an attempt, and their hash.
func (a *Attempt) readResults() (*grade.Reading, error) {
	doc, err := a.Results.Read(MaxReportBytes)
	if err != nil {
		return nil, err
	}
	log, err := ParseResults(doc)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.Results.Path, err)
	}
	sum := sha256.Sum256(doc)
	return &grade.Reading{Book: log, Own: log, Hash: hex.EncodeToString(sum[:])}, nil
}

// resultsRules is the rule set of the harness that writes such a file.
func (a *Attempt) resultsRules() grade.RuleSet {
	if strings.HasSuffix(path.Base(a.Results.Path), outputName) {
		return grade.SWEBenchPro()
	}
	return grade.TerminalBench()
}
