package dataset

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// Stats are counts and distributions over the rows of a dataset, taken in the
// order of the rows.
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

func (s *Stats) count(column, value string) {
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
	m[strings.Clone(value)]++ // what a map is given last is the key that it keeps
}

func (s *Stats) countOpt(column string, value *string) {
	if value == nil {
		s.count(column, unknownValue)
		return
	}
	s.count(column, *value)
}

func (s *Stats) measure(name string, v int64) { s.dist(name).add(v) }

func (s *Stats) dist(name string) *Distribution {
	if s.Dist == nil {
		s.Dist = map[string]*Distribution{}
	}
	if s.Dist[name] == nil {
		s.Dist[name] = &Distribution{}
	}
	return s.Dist[name]
}

func (d *Distribution) add(v int64) {
	if d.Count == 0 {
		d.Min, d.Max = v, v
	}
	d.Count++
	d.Sum += v
	d.Min, d.Max = min(d.Min, v), max(d.Max, v)
	from := bucketFrom(v)
	i, met := slices.BinarySearchFunc(d.Buckets, from, func(b Bucket, from int64) int { return cmp.Compare(b.From, from) })
	if !met {
		d.Buckets = slices.Insert(d.Buckets, i, Bucket{From: from})
	}
	d.Buckets[i].Count++
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

// clone returns a copy that shares nothing.
func (s *Stats) clone() Stats {
	c := Stats{Rows: s.Rows}
	for column, values := range s.By {
		if c.By == nil {
			c.By = map[string]map[string]int64{}
		}
		c.By[column] = maps.Clone(values)
	}
	for name, d := range s.Dist {
		v := *d
		v.Buckets = slices.Clone(v.Buckets)
		*c.dist(name) = v
	}
	return c
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
