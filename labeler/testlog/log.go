package testlog

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
	NameAt   Span
	StatusAt Span
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
)

// A Tally is a line of totals.
type Tally struct {
	By      [XPass + 1]int64 // by Status; 0 where the line is silent
	NoTests bool             // the line says that nothing ran
	At      Span
}

// Ran returns how many tests the line speaks of.
func (t *Tally) Ran() int64 {
	var n int64
	for _, s := range Statuses() {
		n += t.By[s]
	}
	return n
}

// A Log is what a parser found.
type Log struct {
	Parser  Parser
	Bytes   int64 // length of the log
	Region  Span  // the bytes between the markers of the harness, else all of them
	Marked  bool  // whether there were markers
	Records []Record
	Events  []Event
	Total   *Tally // the last line of totals

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
// summary after both. Quoted output is left out.
func (l *Log) Statuses() map[string]Status {
	all := make(map[string]Status, len(l.Records))
	for i := range l.Records {
		if r := &l.Records[i]; r.Part != Output && r.Fold == 0 {
			all[r.Name] = r.Status
		}
	}
	return all
}
