package dataset

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/swerm/swerm/internal/arrowjson"
	"github.com/swerm/swerm/pipeline"
)

// Lines streams every row of a dataset of any kind as one JSON object without
// a newline, in the order of Read. Keys are the names on disk in their order
// there, null is null, and lists and structs are nested, since the objects are
// made from the columns themselves and not from Go structs. Control and
// direction characters are escaped, so a line may be shown as it is. A line
// belongs to its receiver.
//
// The first error says what cannot be asked for: a kind that holds no rows or
// a column that is not there.
func Lines(ctx context.Context, d *Dataset, o ReadOptions) (iter.Seq2[[]byte, error], error) {
	s, err := newLineScan(d, o)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return func(yield func([]byte, error) bool) {
		for b := range s.run(ctx, s.all(ctx, d.Manifest.Parts)) {
			if b.err != nil {
				yield(nil, fmt.Errorf("dataset: %w", b.err))
				return
			}
			for i := range b.rows {
				if !yield(b.rows[i].object(), nil) {
					return
				}
			}
		}
	}, nil
}

func newLineScan(d *Dataset, o ReadOptions) (*scan[line], error) {
	switch d.Manifest.Kind {
	case pipeline.KindTrajectories:
		return lineScan[pipeline.Trajectory](d, o)
	case pipeline.KindLabels:
		return lineScan[pipeline.Label](d, o)
	case pipeline.KindView:
		return lineScan[pipeline.Selection](d, o)
	case pipeline.KindTokens:
		return lineScan[pipeline.TokenRow](d, o)
	case pipeline.KindScores:
		return lineScan[pipeline.Score](d, o)
	}
	return nil, fmt.Errorf("%s: a %s has no rows", d.URI, d.Manifest.Kind)
}

// lineScan is the scan that Read makes with other receivers of the same columns.
func lineScan[T Row](d *Dataset, o ReadOptions) (*scan[line], error) {
	typed, err := newScan[T](d, o)
	if err != nil {
		return nil, err
	}
	s := &scan[line]{d: d, names: typed.names, workers: typed.workers, batch: min(typed.batch, lineBatchRows)}
	for _, c := range typed.columns {
		s.columns = append(s.columns, lineColumn(c.field))
	}
	return s, nil
}

// lineBatchRows is smaller than for rows in memory: text of numbers is longer
// than numbers, and lines are printed one by one.
const lineBatchRows = 512

// A line is the JSON object of a row while its columns are appended.
type line struct{ json []byte }

func (l *line) object() []byte {
	if len(l.json) == 0 {
		return []byte("{}")
	}
	return append(l.json, '}')
}

// lineColumn appends a column to every row's line.
func lineColumn(f arrow.Field) column[line] {
	key := append(arrowjson.AppendString(nil, f.Name), ':')
	return column[line]{field: f, load: func(a arrow.Array, spans []span, es []*line) error {
		k := 0
		for _, s := range spans {
			for i := s.from; i < s.to; i++ {
				l := es[k]
				k++
				if len(l.json) == 0 {
					l.json = append(l.json, '{')
				} else {
					l.json = append(l.json, ',')
				}
				l.json = append(slices.Grow(l.json, len(key)+lengthOf(a, i, i+1)), key...)
				var err error
				if l.json, err = arrowjson.Append(l.json, a, i); err != nil {
					return err
				}
			}
		}
		return nil
	}}
}

// lengthOf estimates the JSON of the values [from, to), so that a line of
// megabytes does not grow by copying.
func lengthOf(a arrow.Array, from, to int) int {
	if from == to {
		return 0
	}
	const scalar = 12
	n := (to - from) * scalar
	switch a := a.(type) {
	case *array.String:
		size := int(a.ValueOffset64(to-1)) + a.ValueLen(to-1) - int(a.ValueOffset64(from))
		return n + size + size/16 // some is escaped
	case *array.List:
		lo, _ := a.ValueOffsets(from)
		_, hi := a.ValueOffsets(to - 1)
		return n + lengthOf(a.ListValues(), int(lo), int(hi))
	case *array.Struct:
		for i, f := range a.DataType().(*arrow.StructType).Fields() {
			n += (to-from)*len(f.Name) + lengthOf(a.Field(i), from, to)
		}
	}
	return n
}
