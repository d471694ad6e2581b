package arrowjson

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// ErrTooLong says that a row has more bytes than it may. Lists of a hostile file
// may overlap, so that a few bytes make a row without end.
var ErrTooLong = errors.New("the row is too long")

// Append appends one value of an array. An error says what has no form in JSON:
// text that is not UTF-8, NaN, a type that is not listed.
func Append(dst []byte, a arrow.Array, i int) ([]byte, error) {
	return appendValue(dst, a, i, math.MaxInt)
}

// appendValue is Append up to the end, which dst passes by one number at most.
func appendValue(dst []byte, a arrow.Array, i, end int) ([]byte, error) {
	if len(dst) > end {
		return dst, ErrTooLong
	}
	if a.IsNull(i) {
		return append(dst, "null"...), nil
	}
	switch a := a.(type) {
	case *array.String:
		return appendText(dst, a.Value(i), end)
	case *array.LargeString:
		return appendText(dst, a.Value(i), end)
	case *array.StringView:
		return appendText(dst, a.Value(i), end)
	case *array.Boolean:
		return strconv.AppendBool(dst, a.Value(i)), nil
	case *array.Float16:
		return AppendFloat(dst, float64(a.Value(i).Float32()), 32)
	case *array.Float32:
		return AppendFloat(dst, float64(a.Value(i)), 32)
	case *array.Float64:
		return AppendFloat(dst, a.Value(i), 64)
	case *array.Struct:
		return appendStruct(dst, a, i, end)
	case *array.Dictionary:
		return appendValue(dst, a.Dictionary(), a.GetValueIndex(i), end)
	case *array.Map:
		return appendMap(dst, a, i, end)
	case array.ListLike:
		lo, hi := a.ValueOffsets(i)
		return appendList(dst, a.ListValues(), lo, hi, end)
	case *array.Null:
		return append(dst, "null"...), nil
	}
	if v, ok := integer(a, i); ok {
		return strconv.AppendInt(dst, v, 10), nil
	}
	return appendOther(dst, a, i, end)
}

// integer returns the value of an array of integers that int64 holds.
func integer(a arrow.Array, i int) (int64, bool) {
	switch a := a.(type) {
	case *array.Int32:
		return int64(a.Value(i)), true
	case *array.Int64:
		return a.Value(i), true
	case *array.Int8:
		return int64(a.Value(i)), true
	case *array.Int16:
		return int64(a.Value(i)), true
	case *array.Uint8:
		return int64(a.Value(i)), true
	case *array.Uint16:
		return int64(a.Value(i)), true
	case *array.Uint32:
		return int64(a.Value(i)), true
	}
	return 0, false
}

// appendOther appends what JSON has no type for: bytes in base64, times as
// RFC 3339, decimals as text.
func appendOther(dst []byte, a arrow.Array, i, end int) ([]byte, error) {
	switch a := a.(type) {
	case *array.Uint64:
		return strconv.AppendUint(dst, a.Value(i), 10), nil
	case *array.Binary:
		return appendBytes(dst, a.Value(i), end)
	case *array.LargeBinary:
		return appendBytes(dst, a.Value(i), end)
	case *array.BinaryView:
		return appendBytes(dst, a.Value(i), end)
	case *array.FixedSizeBinary:
		return appendBytes(dst, a.Value(i), end)
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		return AppendString(dst, a.Value(i).ToTime(unit).UTC().Format(time.RFC3339Nano)), nil
	case *array.Date32:
		return AppendString(dst, a.Value(i).ToTime().UTC().Format(time.DateOnly)), nil
	case *array.Date64:
		return AppendString(dst, a.Value(i).ToTime().UTC().Format(time.DateOnly)), nil
	case *array.Decimal128, *array.Decimal256:
		return AppendString(dst, a.ValueStr(i)), nil
	}
	return dst, fmt.Errorf("%s has no form in JSON", a.DataType())
}

// appendBytes appends bytes as text where they are, in base64 elsewhere.
func appendBytes(dst, v []byte, end int) ([]byte, error) {
	if len(v) > end-len(dst) {
		return dst, ErrTooLong
	}
	if utf8.Valid(v) {
		return AppendString(dst, string(v)), nil
	}
	return AppendString(dst, base64.StdEncoding.EncodeToString(v)), nil
}

func appendText(dst []byte, v string, end int) ([]byte, error) {
	if len(v) > end-len(dst) {
		return dst, ErrTooLong
	}
	if at := fault(v); at >= 0 {
		return dst, fmt.Errorf("value: not UTF-8 at byte %d", at)
	}
	return AppendString(dst, v), nil
}

func fault(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

func appendList(dst []byte, items arrow.Array, lo, hi int64, end int) ([]byte, error) {
	dst = append(dst, '[')
	for j := lo; j < hi; j++ {
		if j > lo {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendValue(dst, items, int(j), end); err != nil {
			return dst, fmt.Errorf("[%d]: %w", j-lo, err)
		}
	}
	return append(dst, ']'), nil
}

// appendMap appends an object where keys are text, a list of pairs elsewhere.
func appendMap(dst []byte, a *array.Map, i, end int) ([]byte, error) {
	lo, hi := a.ValueOffsets(i)
	keys, ok := a.Keys().(*array.String)
	if !ok {
		return appendList(dst, a.ListValues(), lo, hi, end)
	}
	dst = append(dst, '{')
	for j := lo; j < hi; j++ {
		if j > lo {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendText(dst, keys.Value(int(j)), end); err == nil {
			dst, err = appendValue(append(dst, ':'), a.Items(), int(j), end)
		}
		if err != nil {
			return dst, fmt.Errorf("[%q]: %w", keys.Value(int(j)), err)
		}
	}
	return append(dst, '}'), nil
}

func appendStruct(dst []byte, a *array.Struct, i, end int) ([]byte, error) {
	dst = append(dst, '{')
	for n, f := range a.DataType().(*arrow.StructType).Fields() {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, f.Name), ':')
		var err error
		if dst, err = appendValue(dst, a.Field(n), i, end); err != nil {
			return dst, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return append(dst, '}'), nil
}

// AppendRow appends row i of a batch as one object without a line end. A row of
// more than limit bytes is [ErrTooLong], found before it has grown to more than
// a value over.
func AppendRow(dst []byte, b arrow.RecordBatch, i, limit int) ([]byte, error) {
	end := len(dst) + limit
	dst = append(dst, '{')
	for n, f := range b.Schema().Fields() {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, f.Name), ':')
		var err error
		if dst, err = appendValue(dst, b.Column(n), i, end); err != nil {
			return dst, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return append(dst, '}'), nil
}

// AppendFloat appends the shortest text that reads back as the same number of
// that many bits.
func AppendFloat(dst []byte, v float64, bits int) ([]byte, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return dst, fmt.Errorf("%v is no number that JSON has", v)
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, bits), nil
}

const hexDigits = "0123456789abcdef"

// AppendString appends a quoted string of valid UTF-8. Beside what JSON asks
// for it escapes what a terminal obeys or hides: the second row of control
// characters, direction marks, line separators.
func AppendString(dst []byte, s string) []byte {
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
