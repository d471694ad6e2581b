package testlog

import (
	"context"
	"fmt"
	"io"
)

// A Reader reads a log as one generation of a harness does, faults included, so
// that what the harness said can be reproduced and be disagreed with. Version is
// that generation. A reader knows no quoted output and strips no terminal
// sequences unless its harness does. What it reports stands in the log like what
// a [Parser] reports; a name is [Reader.Normal] of the bytes at its place.
//
// Of several statuses of one name it keeps the last, at the place of the first, as
// a dict does.
//
// Where the first word of a line merely begins with a status (`ERROR:`), the
// harness takes the word for one. Such a record has Status 0, and [Log.Words]
// keeps the word.
type Reader struct {
	Name    string
	Version string

	start  func(*Log) machine
	normal func([]byte) string
}

// Normal returns the name that the reader makes of the bytes at a name's place.
func (r Reader) Normal(raw []byte) string {
	if r.normal == nil {
		return string(raw)
	}
	return r.normal(raw)
}

// A Cut says which bytes of a log a harness looks at.
type Cut uint8

// The cuts of the harnesses.
const (
	Whole      Cut = iota // all of it
	Between               // from the first start mark up to the next mark of start or end
	Traced                // the same, where the marks are those of `bash -x`; a second start does not end it
	AfterPatch            // behind the last `>>>>> Applied Patch (pred)`
)

// Parse reads a log that is in memory.
func (r Reader) Parse(log []byte, cut Cut) *Log { return r.ParseLimited(log, cut, Limits{}) }

// ParseLimited is Parse under other limits.
func (r Reader) ParseLimited(log []byte, cut Cut, limits Limits) *Log {
	s := newReading(r, cut, limits)
	s.log.Records = lent()
	s.feed(log, true)
	return s.finish()
}

// Read reads a log as a stream, in memory that does not grow with it except by
// what it says. The error is of src or ctx.
func (r Reader) Read(ctx context.Context, src io.Reader, cut Cut, limits Limits) (*Log, error) {
	s := newReading(r, cut, limits)
	if err := pump(ctx, src, 2*(s.limits.LineBytes+markTail), s.feed); err != nil {
		return nil, err
	}
	return s.finish(), nil
}

// pump hands a stream to feed in blocks. Feed returns how much of one is done
// with; the rest comes again, with more behind it.
func pump(ctx context.Context, src io.Reader, size int, feed func(block []byte, final bool) (used int)) error {
	buf, at := make([]byte, 0, size), int64(0)
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("testlog: %w", err)
		}
		n, err := src.Read(buf[len(buf):cap(buf)])
		buf, at = buf[:len(buf)+n], at+int64(n)
		if err != nil && err != io.EOF {
			return fmt.Errorf("testlog: byte %d: %w", at, err)
		}
		used := feed(buf, err == io.EOF)
		buf = buf[:copy(buf, buf[used:])]
		if err == io.EOF {
			return nil
		}
	}
}
