package arrowjson_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/swerm/swerm/internal/arrowjson"
)

func FuzzString(f *testing.F) {
	f.Add("a\"\\\n\x1b\u2066\U0010ffff")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		var got string
		text := arrowjson.AppendString(nil, s)
		if err := json.Unmarshal(text, &got); err != nil || got != s {
			t.Errorf("%q is %s, read as %q (%v)", s, text, got, err)
		}
	})
}

func TestEveryType(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "u8", Type: arrow.PrimitiveTypes.Uint8}, {Name: "u64", Type: arrow.PrimitiveTypes.Uint64},
		{Name: "f32", Type: arrow.PrimitiveTypes.Float32}, {Name: "large", Type: arrow.BinaryTypes.LargeString},
		{Name: "bin", Type: arrow.BinaryTypes.Binary}, {Name: "day", Type: arrow.FixedWidthTypes.Date32},
		{Name: "at", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}},
		{Name: "map", Type: arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64)},
		{Name: "dict", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}},
		{Name: "list", Type: arrow.ListOf(arrow.FixedWidthTypes.Boolean)}, {Name: "null", Type: arrow.Null},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	b.Field(0).(*array.Uint8Builder).Append(200)
	b.Field(1).(*array.Uint64Builder).Append(math.MaxUint64)
	b.Field(2).(*array.Float32Builder).Append(0.1)
	b.Field(3).(*array.LargeStringBuilder).Append("text")
	b.Field(4).(*array.BinaryBuilder).Append([]byte{0xff, 0})
	b.Field(5).(*array.Date32Builder).Append(arrow.Date32FromTime(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)))
	b.Field(6).(*array.TimestampBuilder).Append(1_500_000)
	m := b.Field(7).(*array.MapBuilder)
	m.Append(true)
	m.KeyBuilder().(*array.StringBuilder).Append("k")
	m.ItemBuilder().(*array.Int64Builder).Append(-7)
	if err := b.Field(8).(*array.BinaryDictionaryBuilder).AppendString("few"); err != nil {
		t.Fatal(err)
	}
	l := b.Field(9).(*array.ListBuilder)
	l.Append(true)
	l.ValueBuilder().(*array.BooleanBuilder).AppendValues([]bool{true, false}, nil)
	b.Field(10).AppendNull()
	row, err := arrowjson.AppendRow(nil, b.NewRecordBatch(), 0, 1<<20)
	want := `{"u8":200,"u64":18446744073709551615,"f32":0.1,"large":"text","bin":"/wA=","day":"2024-02-29","at":"1970-01-01T00:00:01.5Z",` +
		`"map":{"k":-7},"dict":"few","list":[true,false],"null":null}`
	if err != nil || string(row) != want {
		t.Errorf("%v\ngot  %s\nwant %s", err, row, want)
	}
}

func TestWhatJSONHasNoFormFor(t *testing.T) {
	b := array.NewFloat64Builder(memory.DefaultAllocator)
	b.Append(math.NaN())
	if _, err := arrowjson.Append(nil, b.NewArray(), 0); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Error(err)
	}
	s := array.NewStringBuilder(memory.DefaultAllocator)
	s.Append("ok\xff")
	if _, err := arrowjson.Append(nil, s.NewArray(), 0); err == nil || !strings.Contains(err.Error(), "byte 2") {
		t.Error(err)
	}
	d := array.NewDurationBuilder(memory.DefaultAllocator, &arrow.DurationType{})
	d.Append(1)
	if _, err := arrowjson.Append(nil, d.NewArray(), 0); err == nil || !strings.Contains(err.Error(), "duration") {
		t.Error(err)
	}
}
