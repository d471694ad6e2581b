package dataset

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

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
	key := append(appendString(nil, f.Name), ':')
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
				if l.json, err = appendValue(l.json, a, i); err != nil {
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

// appendValue appends one value of any type that columns have.
func appendValue(dst []byte, a arrow.Array, i int) ([]byte, error) {
	if a.IsNull(i) {
		return append(dst, "null"...), nil
	}
	switch a := a.(type) {
	case *array.String:
		v := a.Value(i)
		if err := checkText("value", v); err != nil {
			return dst, err
		}
		return appendString(dst, v), nil
	case *array.Int32:
		return strconv.AppendInt(dst, int64(a.Value(i)), 10), nil
	case *array.Int64:
		return strconv.AppendInt(dst, a.Value(i), 10), nil
	case *array.Float64:
		return appendFloat(dst, a.Value(i))
	case *array.Boolean:
		return strconv.AppendBool(dst, a.Value(i)), nil
	case *array.List:
		return appendList(dst, a, i)
	case *array.Struct:
		return appendStruct(dst, a, i)
	}
	return dst, fmt.Errorf("%s has no form in JSON", a.DataType())
}

func appendList(dst []byte, a *array.List, i int) ([]byte, error) {
	lo, hi := a.ValueOffsets(i)
	items := a.ListValues()
	dst = append(dst, '[')
	for j := lo; j < hi; j++ {
		if j > lo {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendValue(dst, items, int(j)); err != nil {
			return dst, fmt.Errorf("[%d]: %w", j-lo, err)
		}
	}
	return append(dst, ']'), nil
}

func appendStruct(dst []byte, a *array.Struct, i int) ([]byte, error) {
	fields := a.DataType().(*arrow.StructType).Fields()
	dst = append(dst, '{')
	for n, f := range fields {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, f.Name), ':')
		var err error
		if dst, err = appendValue(dst, a.Field(n), i); err != nil {
			return dst, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return append(dst, '}'), nil
}

// appendFloat appends the shortest text that reads back as the same bits.
func appendFloat(dst []byte, v float64) ([]byte, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return dst, fmt.Errorf("%v is no number that JSON has", v)
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, 64), nil
}

const hexDigits = "0123456789abcdef"

// appendString appends a quoted string of valid UTF-8. Beside what JSON asks
// for it escapes what a terminal obeys or hides: the second row of control
// characters, direction marks, line separators.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !escaped(r) {
			i += n
			continue
		}
		dst = append(dst, s[from:i]...)
		switch r {
		case '"', '\\':
			dst = append(dst, '\\', byte(r))
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\r':
			dst = append(dst, '\\', 'r')
		default: // all are below U+10000
			dst = append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
		}
		i += n
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}

func escaped(r rune) bool {
	return r < ' ' || r == '"' || r == '\\' || r >= 0x7f && r < 0xa0 ||
		r == 0x061c || r == 0x200e || r == 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}
