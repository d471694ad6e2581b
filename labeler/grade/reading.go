package grade

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/swerm/swerm/labeler/testlog"
)

// A Reading is one log, read in the ways that grading needs.
type Reading struct {
	Book *testlog.Log // as the harness of the rule set reads it
	Own  *testlog.Log // as this project does; Book where nothing else knows the log

	// SuiteRan says that the log shows, in one of the forms that SWE-bench 5
	// knows, that tests ran. It is looked for where no test is named.
	SuiteRan bool

	// Phases are the logs of Multi-SWE-bench before the fix, nil where they are
	// not at hand; Own is the log of the fix.
	Phases *Phases

	Cause     string // of [Signatures], looked for where no test is named
	CauseTier Tier
	Crash     *Crash // the last traceback, looked for there too; nil without one
	Hash      string // SHA-256 of the log, hex; "" of an unhashed one

	unhashed bool
}

func (l *Reading) count(kind testlog.MarkKind) int64 {
	if l.Book.Marks == nil {
		return 0
	}
	return l.Book.Marks.Count(kind)
}

// between reports whether the log has both marks around the tests.
func (l *Reading) between() bool {
	return l.count(testlog.MarkStart) > 0 && l.count(testlog.MarkEnd) > 0
}

// stopped reports whether the harness says that it did not get to the end.
func (l *Reading) stopped() bool {
	return l.count(testlog.MarkApplyFailed)+l.count(testlog.MarkResetFailed)+
		l.count(testlog.MarkTestsErrored)+l.count(testlog.MarkTimedOut) > 0
}

// exitAtOdds reports whether the suite ended with an error of which the log
// names no failure.
func (l *Reading) exitAtOdds() bool {
	if l.Book.Marks == nil || l.Book.Marks.ExitCode == nil || *l.Book.Marks.ExitCode == 0 || len(l.Book.Records) == 0 {
		return false
	}
	for i := range l.Book.Records {
		if st := l.Book.Records[i].Status; st == testlog.Failed || st == testlog.Error {
			return false
		}
	}
	return true
}

// A Log is a log that can be read more than once, and what is known of where it
// comes from. It remembers what it was read as, so that several rule sets share
// one reading; it belongs to one goroutine.
type Log struct {
	Open   func() (io.ReadCloser, error)
	Repo   string // owner/name; "" where nobody knows
	Parser string // the name of a parser; "" chooses one by the repository and the text

	// Unhashed says that nobody asks for the hashes, of the log and of its
	// statuses: they are a good part of what reading costs.
	Unhashed bool

	small []byte // all of it, where that is little
	sized bool   // whether small was tried
	lent  *[]byte
	own   *testlog.Log
	books map[string]*testlog.Log
	hash  string
	signs *signs
}

// Text makes a log of text that is in memory.
func Text(text []byte, repo string) *Log {
	return &Log{Repo: repo, small: text, sized: true}
}

// smallBytes is what is kept in memory, so that it is read from its file once.
const smallBytes = 4 << 20

// buffers are lent to logs, one for each that is in hand.
var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// open begins to read the log from its start.
func (l *Log) open() (io.ReadCloser, error) {
	if !l.sized {
		if err := l.load(); err != nil {
			return nil, err
		}
	}
	if l.small != nil {
		return io.NopCloser(bytes.NewReader(l.small)), nil
	}
	return l.Open()
}

// load takes a small log into memory.
func (l *Log) load() error {
	l.sized = true
	r, err := l.Open()
	if err != nil {
		return err
	}
	l.lent = buffers.Get().(*[]byte)
	n, err := fill(l.lent, r)
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	if n <= smallBytes {
		l.small = (*l.lent)[:n]
	}
	return nil
}

// fill reads into a buffer, which grows as it must, until the end or past
// smallBytes.
func fill(buf *[]byte, r io.Reader) (n int, err error) {
	for n <= smallBytes {
		if n == len(*buf) {
			*buf = append(*buf, make([]byte, len(*buf))...)
		}
		m, err := r.Read((*buf)[n:])
		if n += m; err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
	return n, nil
}

// Release gives back the memory that the text and the records were read into. No
// [Reading] of the log may be looked at any more; results stay.
func (l *Log) Release() {
	for _, book := range l.books {
		book.Free()
	}
	if l.own != nil {
		l.own.Free()
	}
	if l.lent != nil {
		buffers.Put(l.lent)
	}
	open := func() (io.ReadCloser, error) { return nil, errReleased }
	*l = Log{Open: open, Repo: l.Repo, Parser: l.Parser}
}

// As is the log as another parser reads it. It shares the text that is in memory
// already, and ends with l.
func (l *Log) As(parser string) *Log {
	c := *l
	c.Parser, c.own, c.lent = parser, nil, nil
	return &c
}

var errReleased = errors.New("the log was released")

// each reads the log once.
func (l *Log) each(read func(io.Reader) error) error {
	r, err := l.open()
	if err != nil {
		return err
	}
	return errors.Join(read(r), r.Close())
}

// Errors of a log that nothing here reads.
var (
	// ErrNoParser is returned for a log of a framework that no parser knows.
	ErrNoParser = errors.New("no parser knows this log")
	// ErrUnverified is returned for a log whose parser was never held against
	// its framework, unless the log names that parser.
	ErrUnverified = errors.New("the parser for this log is not verified")
)

// Read reads the log as the rule set asks for it. The error is of the log's
// reader, of ctx, or ErrNoParser.
func (r RuleSet) Read(ctx context.Context, l *Log, limits testlog.Limits) (*Reading, error) {
	own, err := l.readOwn(ctx, limits)
	if err != nil {
		return nil, err
	}
	out := &Reading{Own: own, Book: own, Hash: l.hash, unhashed: l.Unhashed}
	if reader, ok := r.reader(l, own); ok {
		if out.Book, err = l.readBook(ctx, reader, r.cut, limits); err != nil {
			return nil, err
		}
	}
	if len(out.Book.Records) == 0 || !own.Ran() {
		if err := l.readSigns(ctx); err != nil {
			return nil, err
		}
		out.SuiteRan, out.Cause, out.CauseTier, out.Crash = l.signs.ran, l.signs.cause, l.signs.tier, l.signs.crash
	}
	return out, nil
}

// reader returns the harness's reader for a log, by its repository or else by
// its framework.
func (r RuleSet) reader(l *Log, own *testlog.Log) (testlog.Reader, bool) {
	if r.dialect == 0 {
		return testlog.Reader{}, false
	}
	family, ok := testlog.FamilyOf(r.dialect, l.Repo)
	if !ok {
		if family, ok = families[own.Parser.Name]; !ok {
			return testlog.Reader{}, false
		}
	}
	reader, err := testlog.NewReader(r.dialect, family)
	return reader, err == nil
}

// families says which of the harnesses' functions is meant for a framework.
var families = map[string]testlog.Family{
	testlog.Pytest().Name: testlog.FamilyPytest, testlog.Unittest().Name: testlog.FamilyDjango, testlog.SymPy().Name: testlog.FamilySymPy,
}

// readBook reads the log as a harness does, once for each way.
func (l *Log) readBook(ctx context.Context, reader testlog.Reader, cut testlog.Cut, limits testlog.Limits) (*testlog.Log, error) {
	key := fmt.Sprint(reader.Name, cut)
	if book := l.books[key]; book != nil {
		return book, nil
	}
	book, err := l.pass(ctx, reader, cut, limits)
	if err == nil && cut == testlog.Between && len(book.Records) == 0 {
		// Results outside of the marks count where there are none inside.
		marked := book.Marked
		book.Free()
		if book, err = l.pass(ctx, reader, testlog.Whole, limits); err == nil {
			book.Marked = marked
		}
	}
	if err != nil {
		return nil, err
	}
	if l.books == nil {
		l.books = map[string]*testlog.Log{}
	}
	l.books[key] = book
	return book, nil
}

func (l *Log) pass(ctx context.Context, reader testlog.Reader, cut testlog.Cut, limits testlog.Limits) (book *testlog.Log, err error) {
	err = l.each(func(r io.Reader) error {
		if l.small != nil {
			book = reader.ParseLimited(l.small, cut, limits)
			return ctx.Err()
		}
		book, err = reader.Read(ctx, r, cut, limits)
		return err
	})
	return book, err
}

// readOwn reads the log with a parser of this project, and hashes it.
func (l *Log) readOwn(ctx context.Context, limits testlog.Limits) (*testlog.Log, error) {
	if l.own != nil {
		return l.own, nil
	}
	parser, err := l.parser()
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	var own *testlog.Log
	err = l.each(func(r io.Reader) error {
		if l.small != nil {
			if !l.Unhashed {
				sum.Write(l.small)
			}
			own = parser.ParseLimited(l.small, limits)
			return ctx.Err()
		}
		if !l.Unhashed {
			r = io.TeeReader(r, sum)
		}
		own, err = parser.Read(ctx, r, limits)
		return err
	})
	if err != nil {
		return nil, err
	}
	if l.own = own; !l.Unhashed {
		l.hash = hex.EncodeToString(sum.Sum(nil))
	}
	return own, nil
}

// parser chooses the parser for the log.
func (l *Log) parser() (testlog.Parser, error) {
	if l.Parser != "" {
		return testlog.Find(l.Parser)
	}
	if p, ok := testlog.ForRepo(l.Repo); ok {
		return p, nil
	}
	p, ok := testlog.Parser{}, false
	err := l.each(func(r io.Reader) error {
		if l.small != nil {
			p, ok = testlog.Detect(l.small)
			return nil
		}
		block, kept := make([]byte, sampleBytes), 0
		for !ok {
			n, err := io.ReadFull(r, block[kept:])
			if p, ok = testlog.Detect(block[:kept+n]); ok || err == io.EOF || err == io.ErrUnexpectedEOF {
				return nil
			}
			if err != nil {
				return err
			}
			kept = copy(block, block[len(block)-sampleOverlap:])
		}
		return nil
	})
	switch {
	case err != nil:
	case !ok:
		err = ErrNoParser
	case !p.Verified:
		err = fmt.Errorf("%w: %s", ErrUnverified, p.Name)
	}
	return p, err
}

// A long log is searched for its framework in pieces that overlap.
const (
	sampleBytes   = 1 << 20
	sampleOverlap = 1 << 10
)
