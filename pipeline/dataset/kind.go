package dataset

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/swerm/swerm/pipeline"
)

// Row is a record that a dataset holds.
type Row interface {
	pipeline.Trajectory | pipeline.Label | pipeline.Selection | pipeline.TokenRow | pipeline.Score
}

// Row groups and parts close at these sizes. They decide bytes on disk, so
// they are constants and not options.
const (
	// groupBytes closes a row group: what is decoded at once to read one row,
	// what is held of the rows being written, and how far back text may be that
	// comes again. Attempts at one task, and at tasks of one repository, repeat
	// each other.
	groupBytes = 64 << 20
	// textGroupRows closes a row group of small texts earlier, so that reading one
	// chosen row does not decode thousands.
	textGroupRows = 1024
	// narrowGroupRows closes a row group of rows without text.
	narrowGroupRows = 128 << 10

	// partBytes closes a part: about 60 MB of file, small enough to copy, hash
	// and redo after a kill, large enough that a terabyte is 4,000 files.
	partBytes = 256 << 20
	// textPartRows closes a part of tiny rows: its index is held until it ends.
	textPartRows = 32 * textGroupRows
	// narrowPartRows closes a part of narrow rows: 16 row groups.
	narrowPartRows = 16 * narrowGroupRows

	// MaxRowBytes bounds one row. Arrow counts the bytes of a column with 31
	// bits, and readers hold a row twice.
	MaxRowBytes = 512 << 20
)

// A codec is everything the package knows about one kind.
type codec[T Row] struct {
	kind      pipeline.Kind
	columns   []column[T]
	schema    *arrow.Schema
	groupRows int64
	partRows  int64
	weight    func(*T) int64 // bytes a row counts for when groups and parts close
	law       func(*T) error // what must hold of a row besides its text being text
	observe   func(*T, *Stats)
	hasText   bool // has an index, since scanning the rows themselves is dear
}

func newCodec[T Row](kind pipeline.Kind, columns []column[T]) *codec[T] {
	return &codec[T]{kind: kind, columns: columns, schema: schemaOf(columns),
		groupRows: narrowGroupRows, partRows: narrowPartRows}
}

func schemaOf[E any](columns []column[E]) *arrow.Schema {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = c.field
	}
	return arrow.NewSchema(fields, nil)
}

func fewOf[E any](columns []column[E]) []string {
	var paths []string
	for _, c := range columns {
		paths = append(paths, c.few...)
	}
	return paths
}

// codecOf returns the codec of T.
func codecOf[T Row]() *codec[T] {
	var c any
	switch any(new(T)).(type) {
	case *pipeline.Trajectory:
		c = trajectoryCodec()
	case *pipeline.Label:
		c = labelCodec()
	case *pipeline.Selection:
		c = selectionCodec()
	case *pipeline.TokenRow:
		c = tokenCodec()
	case *pipeline.Score:
		c = scoreCodec()
	}
	return c.(*codec[T])
}

func trajectoryCodec() *codec[pipeline.Trajectory] {
	c := newCodec(pipeline.KindTrajectories, trajectoryColumns())
	c.groupRows, c.partRows, c.hasText = textGroupRows, textPartRows, true
	c.weight = func(t *pipeline.Trajectory) int64 {
		n := t.TextBytes() + 512 // the scalar columns
		for i := range t.Messages {
			n += 48 + 32*int64(len(t.Messages[i].ToolCalls))
		}
		return n
	}
	c.law = func(t *pipeline.Trajectory) error { return needID(t.ID) }
	c.observe = observeTrajectory
	return c
}

func labelCodec() *codec[pipeline.Label] {
	c := newCodec(pipeline.KindLabels, labelColumns())
	c.weight = func(l *pipeline.Label) int64 {
		n := int64(100 + len(l.Reason))
		for _, f := range l.Findings {
			n += int64(len(f))
		}
		return n
	}
	c.law = func(l *pipeline.Label) error {
		if !l.Verdict.Valid() {
			return fmt.Errorf("verdict %q is not one of %v", l.Verdict, pipeline.Verdicts())
		}
		return needID(l.TrajectoryID)
	}
	c.observe = func(l *pipeline.Label, s *Stats) {
		s.count("verdict", string(l.Verdict))
		s.count("reason", l.Reason)
		s.count("rules", l.Rules)
	}
	return c
}

func selectionCodec() *codec[pipeline.Selection] {
	c := newCodec(pipeline.KindView, selectionColumns())
	c.weight = func(*pipeline.Selection) int64 { return 100 }
	c.law = func(s *pipeline.Selection) error {
		switch {
		case s.Count < 1:
			return fmt.Errorf("count %d is below 1", s.Count)
		case s.Part == "" || s.Row < 0:
			return fmt.Errorf("part %q row %d is no place", s.Part, s.Row)
		case !s.Verdict.Valid():
			return fmt.Errorf("verdict %q is not one of %v", s.Verdict, pipeline.Verdicts())
		}
		return needID(s.TrajectoryID)
	}
	c.observe = func(r *pipeline.Selection, s *Stats) {
		s.count("split", r.Split)
		s.count("source", r.Source)
		s.count("policy", r.Policy)
		s.count("scaffold", r.Scaffold)
		s.count("verdict", string(r.Verdict))
		s.measure("count", int64(r.Count))
	}
	return c
}

func tokenCodec() *codec[pipeline.TokenRow] {
	c := newCodec(pipeline.KindTokens, tokenColumns())
	c.weight = func(r *pipeline.TokenRow) int64 { return 100 + 4*int64(len(r.IDs)) }
	c.law = func(r *pipeline.TokenRow) error { return needID(r.TrajectoryID) }
	c.observe = func(r *pipeline.TokenRow, s *Stats) {
		s.count("overflow", r.Overflow)
		s.measure("tokens", int64(len(r.IDs)))
		s.measure("tokens_full", int64(r.TokensFull))
		s.measure("tokens_elided", int64(r.TokensElided))
	}
	return c
}

func scoreCodec() *codec[pipeline.Score] {
	c := newCodec(pipeline.KindScores, scoreColumns())
	c.weight = func(*pipeline.Score) int64 { return 100 }
	c.law = func(s *pipeline.Score) error {
		scored := s.LogitYes != nil && s.LogitNo != nil && s.Score != nil
		silent := s.LogitYes == nil && s.LogitNo == nil && s.LogitRest == nil && s.Score == nil
		if s.Reason == "" && !scored {
			return errors.New("no score and no reason")
		}
		if s.Reason != "" && !silent {
			return fmt.Errorf("a score and a reason why there is none (%s)", s.Reason)
		}
		return needID(s.TrajectoryID)
	}
	c.observe = func(r *pipeline.Score, s *Stats) {
		s.count("reason", r.Reason)
		s.measure("tokens_read", int64(r.TokensRead))
	}
	return c
}

func needID(id string) error {
	if id == "" {
		return errors.New("trajectory_id is empty")
	}
	return nil
}

// check refuses a row that must not be written.
func (c *codec[T]) check(row *T) error {
	if n := c.weight(row); n > MaxRowBytes {
		return fmt.Errorf("row of %d bytes, above the limit of %d", n, int64(MaxRowBytes))
	}
	for _, col := range c.columns {
		if err := col.check(row); err != nil {
			return err
		}
	}
	return c.law(row)
}

// rowsOf decodes the positions that the spans cover. Columns that the batch
// does not have stay zero; a column of another type is an error.
func rowsOf[E any](columns []column[E], batch arrow.RecordBatch, spans []span) ([]E, error) {
	n := 0
	for _, s := range spans {
		n += s.to - s.from
	}
	rows := make([]E, n)
	ptrs := make([]*E, n)
	for i := range rows {
		ptrs[i] = &rows[i]
	}
	for _, c := range columns {
		at := batch.Schema().FieldIndices(c.name())
		if len(at) == 0 {
			continue
		}
		if err := c.loadColumn(batch.Column(at[0]), spans, ptrs); err != nil {
			return nil, err
		}
	}
	return rows, nil
}
