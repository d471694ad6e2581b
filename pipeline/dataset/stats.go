package dataset

import (
	"context"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// Stats are counts and distributions over the rows of a dataset. They add up:
// the stats of two parts merge into the stats of both.
type Stats struct {
	Rows int64                       `json:"rows"`
	By   map[string]map[string]int64 `json:"by,omitempty"`   // column → value → rows
	Dist map[string]*Distribution    `json:"dist,omitempty"` // measure → its distribution
}

// Distribution describes one measured number. Buckets are exact below 16 and
// an eighth of an octave wide above, so a quantile is known within 13 percent.
type Distribution struct {
	Count   int64    `json:"count"`
	Sum     int64    `json:"sum"`
	Min     int64    `json:"min"`
	Max     int64    `json:"max"`
	Buckets []Bucket `json:"buckets"`
}

// A Bucket counts the values from From up to the next bucket.
type Bucket struct {
	From  int64 `json:"from"`
	Count int64 `json:"count"`
}

const (
	// maxValues bounds the distinct values counted per column. Policies and
	// sources are dozens; hostile input must not make stats.json grow for ever.
	maxValues = 4096
	// otherValues collects what came after them.
	otherValues = "(other)"
	// unknownValue stands for null.
	unknownValue = "(unknown)"
	// maxValueBytes cuts a counted value; a name is shorter.
	maxValueBytes = 200
)

func (s *Stats) count(column, value string) { s.countN(column, value, 1) }

func (s *Stats) countN(column, value string, n int64) {
	if s.By == nil {
		s.By = map[string]map[string]int64{}
	}
	m := s.By[column]
	if m == nil {
		m = map[string]int64{}
		s.By[column] = m
	}
	if len(value) > maxValueBytes {
		value = strings.ToValidUTF8(value[:maxValueBytes], "") + "…"
	}
	if _, met := m[value]; !met && len(m) >= maxValues {
		value = otherValues
	}
	m[value] += n
}

func (s *Stats) countOpt(column string, value *string) {
	if value == nil {
		s.count(column, unknownValue)
		return
	}
	s.count(column, *value)
}

func (s *Stats) measure(name string, v int64) {
	d := s.dist(name)
	d.add(Distribution{Count: 1, Sum: v, Min: v, Max: v, Buckets: []Bucket{{bucketFrom(v), 1}}})
}

func (s *Stats) dist(name string) *Distribution {
	if s.Dist == nil {
		s.Dist = map[string]*Distribution{}
	}
	if s.Dist[name] == nil {
		s.Dist[name] = &Distribution{}
	}
	return s.Dist[name]
}

// add merges another distribution into d.
func (d *Distribution) add(o Distribution) {
	if o.Count == 0 {
		return
	}
	if d.Count == 0 {
		d.Min, d.Max = o.Min, o.Max
	}
	d.Count += o.Count
	d.Sum += o.Sum
	d.Min, d.Max = min(d.Min, o.Min), max(d.Max, o.Max)
	for _, b := range o.Buckets {
		i, ok := slices.BinarySearchFunc(d.Buckets, b.From, func(x Bucket, from int64) int {
			switch {
			case x.From < from:
				return -1
			case x.From > from:
				return 1
			}
			return 0
		})
		if ok {
			d.Buckets[i].Count += b.Count
		} else {
			d.Buckets = slices.Insert(d.Buckets, i, b)
		}
	}
}

// Quantile returns the lower edge of the bucket that holds the q-th value,
// within [Min, Max]. An empty distribution gives 0.
func (d *Distribution) Quantile(q float64) int64 {
	if d == nil || d.Count == 0 {
		return 0
	}
	rank := int64(q * float64(d.Count-1))
	for _, b := range d.Buckets {
		if rank -= b.Count; rank < 0 {
			return max(d.Min, min(d.Max, b.From))
		}
	}
	return d.Max
}

// Mean is Sum / Count; an empty distribution gives 0.
func (d *Distribution) Mean() float64 {
	if d == nil || d.Count == 0 {
		return 0
	}
	return float64(d.Sum) / float64(d.Count)
}

// bucketFrom is the lower edge of v's bucket: the four leading bits of v.
func bucketFrom(v int64) int64 {
	if v < 16 {
		return max(v, 0)
	}
	shift := bits.Len64(uint64(v)) - 4
	return v >> shift << shift
}

// merge adds the stats of later rows.
func (s *Stats) merge(o *Stats) {
	s.Rows += o.Rows
	for column, values := range o.By {
		for _, v := range sortedKeys(values) { // which values become "(other)" must not depend on map order
			s.countN(column, v, values[v])
		}
	}
	for name, d := range o.Dist {
		s.dist(name).add(*d)
	}
}

func observeTrajectory(t *pipeline.Trajectory, s *Stats) {
	s.count("source", t.Source)
	s.count("policy", t.Policy)
	s.count("scaffold", t.Scaffold)
	s.countOpt("language", t.Language)
	s.countOpt("exit_status", t.ExitStatus)
	s.count("format", t.Origin.Format)
	s.measure("text_bytes", t.TextBytes())
	s.measure("messages", int64(len(t.Messages)))
	turns := int64(0)
	for i := range t.Messages {
		if t.Messages[i].Role == pipeline.RoleAssistant {
			turns++
		}
	}
	s.measure("turns", turns)
	if t.Patch != nil {
		s.measure("patch_bytes", int64(len(*t.Patch)))
	}
	if t.Claims != nil {
		s.count("claims", "present")
	} else {
		s.count("claims", "absent")
	}
}

// Summarize reads the stats that a dataset carries.
func Summarize(ctx context.Context, d *Dataset) (Stats, error) {
	raw, err := d.readFile(ctx, statsName, maxSideBytes)
	if err != nil {
		return Stats{}, err
	}
	var s Stats
	if err := json.Unmarshal(raw, &s); err != nil {
		return Stats{}, fmt.Errorf("%s/%s: %w", d.URI, statsName, err)
	}
	return s, nil
}
