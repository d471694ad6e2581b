package yamlcfg

import (
	"errors"
	"fmt"
	"strings"
)

// An Error is one mistake in a config file, with its place.
type Error struct {
	File   string
	Line   int // from 1
	Column int // from 1, in characters
	Msg    string
	Source string // the line as written; "" where there is none to show
	cause  error
}

// Unwrap returns what the place was put to, nil for mistakes found here.
func (e *Error) Unwrap() error { return e.cause }

// Error gives file:line:column and the cause, then the line with a caret.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	}
	head := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
	if e.Source == "" {
		return head
	}
	gutter := fmt.Sprintf("%5d | ", e.Line)
	pad := strings.Repeat(" ", len(gutter)-2) + "| " + caretPad(e.Source, e.Column-1)
	return head + "\n" + gutter + e.Source + "\n" + pad + "^"
}

// caretPad keeps tabs so that the caret stands under its character.
func caretPad(line string, n int) string {
	var b strings.Builder
	for _, r := range line {
		if n--; n < 0 {
			break
		}
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// faults collects mistakes so that one reading lists them all.
type faults struct{ errs []error }

// maxFaults bounds the list: after this many a person reads no further.
const maxFaults = 20

func (f *faults) add(err error) {
	if err != nil && len(f.errs) < maxFaults {
		f.errs = append(f.errs, err)
	}
}

func (f *faults) err() error { return errors.Join(f.errs...) }

// Each returns the single faults of an error that Validate or Decode gave:
// the parts of joined errors, or the error itself.
func Each(err error) []error {
	if err == nil {
		return nil
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range j.Unwrap() {
			all = append(all, Each(e)...)
		}
		return all
	}
	return []error{err}
}
