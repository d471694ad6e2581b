package testlog

import "bytes"

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

// tally adds totals to those before.
func (l *line) tally(t Tally) {
	if before := l.log.Total; before != nil {
		for i, n := range before.By {
			t.By[i] += n
		}
		t.NoTests = t.NoTests && before.NoTests
	}
	t.At = l.all()
	l.log.Total = &t
}

// plainCounts are the words of most totals.
var plainCounts = []word{{[]byte("failed"), Failed}, {[]byte("passed"), Passed}, {[]byte("skipped"), Skipped}, {[]byte("todo"), Skipped}}

// add adds up the counts of a line of totals, `2 failed, 9 passed`, by the words
// that follow the numbers.
func (t *Tally) add(text []byte, sep string, words []word) {
	for part := range bytes.SplitSeq(text, []byte(sep)) {
		n, what, ok := number(bytes.TrimLeft(part, " "))
		if what = trimRight(what); !ok || len(what) < 2 {
			continue
		}
		for _, w := range words {
			if bytes.Equal(what[1:], w.text) {
				t.By[w.status] += n
			}
		}
	}
	t.NoTests = t.Ran() == 0
}

// rest gives to Passed what is left of all.
func (t *Tally) rest(all int64) {
	t.By[Passed] = 0
	t.By[Passed] = max(0, all-t.Ran())
	t.NoTests = all == 0
}

// add adds totals to those of the whole log.
func (l *Log) add(t *Tally) {
	sum := Tally{NoTests: t.NoTests, At: t.At}
	if l.Sum != nil {
		sum = *l.Sum
		sum.NoTests, sum.At.End = sum.NoTests && t.NoTests, t.At.End
	}
	for i := range sum.By {
		sum.By[i] += t.By[i]
	}
	l.Sum = &sum
}
