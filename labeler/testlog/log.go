package testlog

import "slices"

// A Span is a range of bytes in a log, from Start up to End.
type Span struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

// Part says in which part of a log a line stands.
type Part uint8

// The parts of a log. A log may hold several suites, so parts may alternate.
const (
	Progress Part = iota // before and while tests run
	Output               // sections that quote what tests printed
	Summary              // the list that the framework writes at the end
)

// A Record is one status that the log states about one test.
type Record struct {
	Name     string // as printed, without terminal sequences
	Status   Status
	Part     Part
	Fold     int32 // > 0: stands for so many tests at one place in the source, and Name is that place
	NameAt   Span  // of the name; of its last piece where it has pieces
	StatusAt Span
	Encoding Encoding
	Pieces   []Piece // of a name that does not stand in the log in one piece, else nil
	Scope    int32   // > 0: Log.Scopes[Scope-1] is what the test belongs to
}

// records are lent to logs, so that few lists grow. A pool would be emptied by
// the collector every few logs.
var records = make(chan []Record, 16)

// maxLentRecords bounds a list that is kept for the next log.
const maxLentRecords = 1 << 12

// lent returns an empty list.
func lent() []Record {
	select {
	case r := <-records:
		return r
	default:
		return make([]Record, 0, 256)
	}
}

// Free gives the log's records back, to be used for another log. Whoever calls it
// knows that nobody looks at them any more.
func (l *Log) Free() {
	if n := cap(l.Records); n > 0 && n <= maxLentRecords {
		clear(l.Records)
		select {
		case records <- l.Records[:0]:
		default:
		}
	}
	l.Records = nil
}

// Title returns the last piece of a name: without the titles around it where it
// was put together, else all of it.
func (r *Record) Title() string {
	if n := len(r.Pieces); n > 0 {
		return r.Name[r.Pieces[n-1].Start:]
	}
	return r.Name
}

// An Event is something the framework said about the run as a whole.
type Event struct {
	Kind EventKind
	At   Span // of the line
}

// EventKind is a closed set.
type EventKind uint8

// What a framework says about a run.
const (
	Started       EventKind = iota + 1 // a session began
	Finished                           // a line of totals
	Interrupted                        // it stopped early, and says so
	InternalError                      // the framework itself failed
	UsageError                         // it did not understand what it was asked to run
	BuildError                         // what was to be tested, or a part of it, could not be built
)

// A Log is what a parser found.
type Log struct {
	Parser  Parser
	Bytes   int64 // length of the log
	Region  Span  // the bytes between the markers of the harness, else all of them
	Marked  bool  // whether there were markers
	Records []Record
	Scopes  []Scope
	Events  []Event
	Total   *Tally // the last line of totals; of frameworks that write one for each program or module, their sum
	Sum     *Tally // of all lines of totals that are not quoted; nil where a parser does not add them up

	// Of a [Reader] alone.
	Marks *Marks           // the marks of the harness, wherever they stand
	Words map[int32]string // what stands for a status in records whose Status is 0, by index

	byName nameTable

	LongLines int64 // lines of which only the first [Limits.LineBytes] were looked at
	Lost      int64 // records past [Limits.Records] or [Limits.NameBytes]: the log was not read to its end
}

// Ran reports whether any test is known to have run or to have been refused by
// the framework itself: a status outside of quoted output, or totals above
// nothing.
func (l *Log) Ran() bool {
	if l.Total != nil && l.Total.Ran() > 0 {
		return true
	}
	for i := range l.Records {
		if l.Records[i].Part != Output {
			return true
		}
	}
	return false
}

// Has returns the first event of a kind.
func (l *Log) Has(kind EventKind) (Event, bool) {
	for _, e := range l.Events {
		if e.Kind == kind {
			return e, true
		}
	}
	return Event{}, false
}

// Statuses returns how each named test ended. Where the log speaks of a test
// more than once, the last word counts: tear-down comes after the test, the
// summary after both. Of tests that share a name in several scopes, the one that
// ended worst counts, so that none hides another. Quoted output is left out.
func (l *Log) Statuses() map[string]Status {
	all := make(map[string]Status, len(l.Records))
	scope := make(map[string]int32)
	var shared map[string]map[int32]Status // of names in several scopes
	for i := range l.Records {
		r := &l.Records[i]
		if r.Part == Output || r.Fold > 0 {
			continue
		}
		before, known := all[r.Name]
		switch in := scope[r.Name]; {
		case shared[r.Name] != nil:
			shared[r.Name][r.Scope] = r.Status
		case known && in != r.Scope:
			if shared == nil {
				shared = map[string]map[int32]Status{}
			}
			shared[r.Name] = map[int32]Status{in: before, r.Scope: r.Status}
		case r.Scope > 0:
			scope[r.Name] = r.Scope
		}
		all[r.Name] = r.Status
	}
	for name, in := range shared {
		all[name] = worst(in)
	}
	return all
}

// worst returns the status that is furthest from passed.
func worst(in map[int32]Status) Status {
	found := Status(0)
	order := []Status{Passed, XFail, Skipped, XPass, Failed, Error}
	for _, s := range in {
		if slices.Index(order, s) > slices.Index(order, found) {
			found = s
		}
	}
	return found
}
