package grade

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/swerm/swerm/labeler/testlog"
)

// index finds the last record of a name, outside of quoted output.
type index struct {
	log   *testlog.Log
	names naming
	whole map[string]int32 // nil: the log was read so that it finds names itself
	short map[string]int32 // of names with a space, cut there

	completed int // names that were found by what they begin with

	// Made when a prefix is asked for: names in order, and where each is met first.
	order []string
	first map[string]int32
}

func indexOf(l *testlog.Log, names naming) *index {
	if l.Marks != nil && names == cutNames {
		names = exact // a reader has cut them already
	}
	if l.Marks != nil && names != untimed {
		return &index{log: l, names: names}
	}
	ix := &index{log: l, names: names, whole: make(map[string]int32, len(l.Records))}
	var worst map[string]testlog.Status
	if len(l.Scopes) > 0 { // of tests that share a name, the one that ended worst
		worst = l.Statuses()
	}
	for i := range l.Records {
		r := &l.Records[i]
		if r.Part == testlog.Output || r.Fold > 0 || worst != nil && r.Status != worst[r.Name] {
			continue
		}
		ix.whole[ix.key(r.Name)] = int32(i)
		if head, _, ok := strings.Cut(r.Name, " "); ok && names == cutNames {
			if ix.short == nil {
				ix.short = map[string]int32{}
			}
			ix.short[head] = int32(i)
		}
	}
	return ix
}

// at returns the last record of a name, -1 where there is none.
func (ix *index) at(name string) int32 {
	if ix.whole == nil {
		return ix.log.Find(name)
	}
	if i, ok := ix.whole[name]; ok {
		return i
	}
	return -1
}

// all yields every name and its last record, in no order.
func (ix *index) all() iter.Seq2[string, int32] {
	if ix.whole != nil {
		return maps.All(ix.whole)
	}
	return func(yield func(string, int32) bool) {
		for i := range ix.log.Records {
			if !yield(ix.log.Records[i].Name, int32(i)) {
				return
			}
		}
	}
}

func (ix *index) len() int {
	if ix.whole == nil {
		return len(ix.log.Records)
	}
	return len(ix.whole)
}

func (ix *index) key(name string) string {
	if ix.names == untimed {
		return withoutTiming(name)
	}
	return name
}

// find returns the record of a required test, nil where the log has none.
func (ix *index) find(name string) *testlog.Record {
	name = ix.key(name)
	if i := ix.at(name); i >= 0 {
		return &ix.log.Records[i]
	}
	if i, ok := ix.short[name]; ok {
		return &ix.log.Records[i]
	}
	if ix.names == truncated && strings.Count(name, "[") > strings.Count(name, "]") {
		if r := ix.prefixed(name); r != nil {
			ix.completed++
			return r
		}
	}
	return nil
}

// prefixed returns the last record of the first test whose name begins so,
// where all such tests agree on whether they passed.
func (ix *index) prefixed(name string) *testlog.Record {
	ix.sort()
	at, _ := slices.BinarySearch(ix.order, name)
	var best *testlog.Record
	first := int32(len(ix.log.Records))
	for _, n := range ix.order[at:] {
		if !strings.HasPrefix(n, name) {
			break
		}
		r := &ix.log.Records[ix.at(n)]
		if best != nil && r.Status.Good() != best.Status.Good() {
			return nil
		}
		if best == nil || ix.first[n] < first {
			best, first = r, ix.first[n]
		}
	}
	return best
}

// sort makes the lists that prefixes are looked up in.
func (ix *index) sort() {
	if ix.order != nil {
		return
	}
	ix.order, ix.first = make([]string, 0, ix.len()), make(map[string]int32, ix.len())
	for i := range ix.log.Records {
		name := ix.key(ix.log.Records[i].Name)
		if ix.at(name) < 0 {
			continue
		}
		if _, ok := ix.first[name]; !ok {
			ix.first[name] = int32(i)
			ix.order = append(ix.order, name)
		}
	}
	slices.Sort(ix.order)
}

// timings are the forms in which runners put how long a test took into its name.
var timings = []func() *regexp.Regexp{
	lazy(`(?i)\s*\[\s*\d+(?:\.\d+)?\s*(?:ms|s)\s*\]\s*$`),
	lazy(`(?i)\s+in\s+\d+(?:\.\d+)?\s+(?:msec|sec)\b`),
	lazy(`(?i)\s*\(\s*\d+(?:\.\d+)?\s*(?:ms|s)\s*\)\s*$`),
}

func withoutTiming(name string) string {
	if strings.ContainsAny(name, "0123456789") {
		for _, re := range timings {
			name = re().ReplaceAllString(name, "")
		}
	}
	return strings.TrimSpace(name)
}

// status returns the last status of a name, with the harness's word where that
// is none of ours.
func (ix *index) status(i int32) string {
	if st := ix.log.Records[i].Status; st != 0 {
		return st.String()
	}
	return ix.log.Words[i]
}

// statuses returns every name and its last status.
func (ix *index) statuses() map[string]string {
	all := make(map[string]string, ix.len())
	for name, i := range ix.all() {
		all[name] = ix.status(i)
	}
	return all
}

// Statuses returns the log as a map from test to status, as a harness keeps it.
func Statuses(l *testlog.Log) map[string]string { return indexOf(l, exact).statuses() }

// hash covers every name and its status, in the order of names.
func (ix *index) hash() string {
	names := make([]string, 0, ix.len())
	for name := range ix.all() {
		names = append(names, name)
	}
	slices.Sort(names)
	sum := sha256.New()
	line := make([]byte, 0, 256)
	for _, name := range names {
		line = append(line[:0], name...)
		line = append(line, 0) // no name of a parser holds it: they strip control bytes
		line = append(line, ix.status(ix.at(name))...)
		sum.Write(append(line, '\n'))
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}
