package dataset

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/swerm/swerm/pipeline"
)

// Report is what Verify found.
type Report struct {
	URI    string        `json:"uri"`
	Kind   pipeline.Kind `json:"kind,omitempty"`
	Key    pipeline.Key  `json:"key,omitempty"`
	Files  int           `json:"files"`
	Bytes  int64         `json:"bytes"`
	Rows   int64         `json:"rows"`
	Faults []Fault       `json:"faults,omitempty"`
}

// A Fault is one thing that is not as the manifest or a law says.
type Fault struct {
	Path  string `json:"path"`
	Fault string `json:"fault"`
}

// OK reports whether nothing was found.
func (r *Report) OK() bool { return len(r.Faults) == 0 }

// Err lists the faults as one error, nil when there are none.
func (r *Report) Err() error {
	var errs []error
	for _, f := range r.Faults {
		errs = append(errs, fmt.Errorf("%s: %s", f.Path, f.Fault))
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("verify %s: %w", r.URI, errors.Join(errs...))
}

// maxFaults ends a report: a dataset that is all wrong needs no list of it.
const maxFaults = 200

func (r *Report) fault(p, format string, args ...any) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, Fault{p, fmt.Sprintf(format, args...)})
	}
}

// Verify recomputes every hash, decodes every row, asserts every law and names
// files that no manifest lists. A fault is part of the report; the error is
// for what kept Verify from looking.
func Verify(ctx context.Context, uri string) (Report, error) {
	r := Report{URI: uri}
	d, err := Open(ctx, uri)
	if errors.Is(err, ErrNone) {
		return r, fmt.Errorf("verify: %w", err)
	}
	if err != nil {
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		r.fault(manifestName, "%v", err)
		return r, nil
	}
	r.Kind, r.Key, r.Rows = d.Manifest.Kind, d.Manifest.Key, d.Manifest.Rows()
	if err := r.files(ctx, d); err != nil {
		return r, fmt.Errorf("verify: %w", err)
	}
	if r.OK() { // rows of a damaged file say nothing more
		r.content(ctx, d)
	}
	return r, ctx.Err()
}

// files checks that exactly the listed files are there, byte for byte.
func (r *Report) files(ctx context.Context, d *Dataset) error {
	listed := map[string]Part{}
	for _, p := range slices.Concat(d.Manifest.Parts, d.Manifest.Files) {
		listed[p.Path] = p
	}
	for e, err := range d.st.List(ctx, d.root) {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(strings.TrimPrefix(e.Path, d.root), "/")
		p, ok := listed[name]
		switch {
		case name == manifestName:
		case !ok:
			r.fault(name, "no manifest lists it")
		case e.Other:
			r.fault(name, "is no file")
			delete(listed, name)
		default:
			delete(listed, name)
			if err := r.hash(ctx, d, p); err != nil {
				return err
			}
		}
	}
	for _, name := range sortedKeys(listed) {
		r.fault(name, "the manifest lists it and it is missing")
	}
	return nil
}

func (r *Report) hash(ctx context.Context, d *Dataset, p Part) error {
	blob, err := d.open(ctx, p.Path)
	if err != nil {
		r.fault(p.Path, "%v", err)
		return ctx.Err()
	}
	defer blob.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, contextReader{ctx, io.NewSectionReader(blob, 0, blob.Size())})
	if err != nil {
		r.fault(p.Path, "%v", err)
		return ctx.Err()
	}
	r.Files++
	r.Bytes += n
	got := hex.EncodeToString(sum.Sum(nil))
	switch {
	case n != p.Bytes:
		r.fault(p.Path, "has %d bytes, the manifest says %d", n, p.Bytes)
	case got != p.SHA256:
		r.fault(p.Path, "hash is %s, the manifest says %s", got, p.SHA256)
	case p.Key != "" && !strings.HasPrefix(got, string(p.Key)):
		r.fault(p.Path, "key %s is not the head of its hash %s", p.Key, got)
	}
	return nil
}

// content checks that what the files say agrees.
func (r *Report) content(ctx context.Context, d *Dataset) {
	switch d.Manifest.Kind {
	case pipeline.KindTrajectories:
		check, end := r.trajectory(ctx, d)
		verifyRows(ctx, r, d, check)
		end()
	case pipeline.KindLabels:
		verifyRows[pipeline.Label](ctx, r, d, nil)
	case pipeline.KindView:
		verifyRows[pipeline.Selection](ctx, r, d, nil)
	case pipeline.KindTokens:
		verifyRows[pipeline.TokenRow](ctx, r, d, nil)
	case pipeline.KindScores:
		verifyRows[pipeline.Score](ctx, r, d, nil)
	default:
		return // an artifact: its files are all there is
	}
	r.rejects(ctx, d)
}

// verifyRows decodes every row, asserts the law of each, and that stats and
// card say what the rows say.
func verifyRows[T Row](ctx context.Context, r *Report, d *Dataset, more func(Located[T])) {
	for i, p := range d.Manifest.Parts {
		if want := partName(dataDir, i, p.Key); p.Path != want {
			r.fault(p.Path, "should be named %s", want)
		}
	}
	c, stats := codecOf[T](), Stats{}
	for l, err := range Read[T](ctx, d, ReadOptions{}) {
		if err != nil {
			r.fault(dataDir, "%v", err)
			return
		}
		if err := c.check(l.Value); err != nil {
			r.fault(d.Manifest.Parts[l.Part].Path, "row %d: %v", l.Row, err)
		}
		if more != nil {
			more(l)
		}
		stats.Rows++
		c.observe(l.Value, &stats)
	}
	r.summaries(ctx, d, &stats)
}

// summaries checks stats.json and the card against the rows.
func (r *Report) summaries(ctx context.Context, d *Dataset, stats *Stats) {
	told, err := Summarize(ctx, d)
	if err != nil {
		r.fault(statsName, "%v", err)
		return
	}
	if a, b := mustJSON(told), mustJSON(stats); a != b {
		r.fault(statsName, "says other than the rows: %s, not %s", a, b)
	}
	raw, err := d.readFile(ctx, cardName, maxSideBytes)
	if err == nil && string(raw) != string(card(&d.Manifest, len(d.Manifest.Parts), &told)) {
		err = errors.New("is not the card of this dataset")
	}
	if err != nil {
		r.fault(cardName, "%v", err)
	}
}

// trajectory returns the checks of one trajectory beyond its own law: that its
// id is what its content gives, and that the index says what the row says.
func (r *Report) trajectory(ctx context.Context, d *Dataset) (check func(Located[pipeline.Trajectory]), end func()) {
	next, stop := iter.Pull2(Scalars(ctx, d))
	broken := false
	check = func(l Located[pipeline.Trajectory]) {
		if id := l.Value.ComputeID(); id != l.Value.ID {
			r.fault(d.Manifest.Parts[l.Part].Path, "row %d: trajectory_id %s is not what its content gives, %s",
				l.Row, l.Value.ID, id)
		}
		if broken {
			return
		}
		i, err, ok := next()
		if broken = !ok || err != nil; broken {
			r.fault(indexDir, "ends before row %d of part %d: %v", l.Row, l.Part, err)
			return
		}
		want := *l.Value
		want.Messages, want.Tools, want.Patch, want.Claims = nil, nil, nil, nil
		if i.Part != l.Part || i.Row != l.Row || !reflect.DeepEqual(*i.Value, want) ||
			!reflect.DeepEqual(i.Facts, factsOf(l.Value)) {
			r.fault(partName(indexDir, l.Part, l.PartKey), "row %d says other than the part", l.Row)
		}
	}
	return check, func() {
		defer stop()
		if _, _, ok := next(); ok && !broken {
			r.fault(indexDir, "holds more rows than the parts, or cannot be read to its end")
		}
	}
}

// rejects checks that the rejects are what the counts say.
func (r *Report) rejects(ctx context.Context, d *Dataset) {
	got, err := countRejects(ctx, d)
	if err != nil {
		r.fault(rejectsName, "%v", err)
		return
	}
	c := d.Manifest.Counts
	want := map[string]int64{}
	for reason, n := range c.Dropped {
		want[string(reason)] = n
	}
	if c.Failed > 0 {
		want[pipeline.RejectFailed] = c.Failed
	}
	if !reflect.DeepEqual(got, want) {
		r.fault(rejectsName, "holds %v, the counts say %v", got, want)
	}
}

func countRejects(ctx context.Context, d *Dataset) (map[string]int64, error) {
	got := map[string]int64{}
	for rej, err := range Rejects(ctx, d) {
		if err != nil {
			return nil, err
		}
		got[rej.Reason]++
	}
	return got, nil
}

// maxRejectLine bounds one line of the rejects: an error is cut at
// maxRejectError, and a path has its own limit.
const maxRejectLine = 1 << 20

func rejectLines(ctx context.Context, d *Dataset, yield func(pipeline.Reject, error) bool) error {
	blob, err := d.open(ctx, rejectsName)
	if err != nil {
		return err
	}
	defer blob.Close()
	dec, err := zstd.NewReader(io.NewSectionReader(blob, 0, blob.Size()), zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return err
	}
	defer dec.Close()
	sc := bufio.NewScanner(contextReader{ctx, dec})
	sc.Buffer(nil, maxRejectLine)
	for sc.Scan() {
		var rej pipeline.Reject
		if err := json.Unmarshal(sc.Bytes(), &rej); err != nil {
			return fmt.Errorf("%s: %w", path.Join(d.URI, rejectsName), err)
		}
		if !yield(rej, nil) {
			return nil
		}
	}
	return sc.Err()
}

func mustJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // structs of numbers and strings
	}
	return string(raw)
}
