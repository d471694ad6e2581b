package columnar

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// parseSchema reads a flattened schema as people write it: "name repetition
// type" per element, indented by depth.
func parseSchema(t *testing.T, text string) []format.SchemaElement {
	t.Helper()
	out := []format.SchemaElement{{Name: "schema"}}
	parents := []int{0}
	for line := range strings.Lines(strings.Trim(text, "\n")) {
		depth := strings.Count(line[:len(line)-len(strings.TrimLeft(line, "\t"))], "\t")
		f := strings.Fields(line)
		e := format.SchemaElement{Name: f[0]}
		switch f[1] {
		case "required":
			e.RepetitionType = thrift.New(format.Required)
		case "optional":
			e.RepetitionType = thrift.New(format.Optional)
		case "repeated":
			e.RepetitionType = thrift.New(format.Repeated)
		}
		annotate(t, &e, f[2:])
		parents = append(parents[:depth+1], len(out))
		out = append(out, e)
		p := &out[parents[depth]]
		p.NumChildren = thrift.New(p.NumChildren.V + 1)
	}
	return out
}

func annotate(t *testing.T, e *format.SchemaElement, words []string) {
	t.Helper()
	for _, w := range words {
		switch w {
		case "group":
		case "LIST":
			e.ConvertedType = thrift.New(deprecated.List)
		case "MAP":
			e.ConvertedType = thrift.New(deprecated.Map)
		case "int32":
			e.Type = thrift.New(format.Int32)
		case "int64":
			e.Type = thrift.New(format.Int64)
		case "int96":
			e.Type = thrift.New(format.Int96)
		case "bytes":
			e.Type = thrift.New(format.ByteArray)
		case "UTF8":
			e.ConvertedType = thrift.New(deprecated.UTF8)
		case "JSON":
			e.LogicalType = format.LogicalType{Value: &format.JsonType{}}
		case "DECIMAL":
			e.ConvertedType = thrift.New(deprecated.Decimal)
		case "TIMESTAMP":
			e.LogicalType = format.LogicalType{Value: &format.TimestampType{Unit: format.TimeUnit{Value: &format.MicroSeconds{}}}}
		case "INT16":
			e.LogicalType = format.LogicalType{Value: &format.IntType{BitWidth: 16, IsSigned: true}}
		case "DATE":
			e.LogicalType = format.LogicalType{Value: &format.DateType{}}
		case "MILLIS":
			e.ConvertedType = thrift.New(deprecated.TimestampMillis)
		case "UINT64":
			e.ConvertedType = thrift.New(deprecated.Uint64)
		case "UINT32":
			e.LogicalType = format.LogicalType{Value: &format.IntType{BitWidth: 32}}
		default:
			t.Fatalf("schema word %q", w)
		}
	}
}

// emptyFile has a schema and no rows.
func emptyFile(t *testing.T, schema []format.SchemaElement) []byte {
	t.Helper()
	return withFooter([]byte(magic), marshal(t, &format.FileMetaData{Version: 2, Schema: schema}))
}

// Every shape that writers have given lists becomes the list that it means.
func TestSchemas(t *testing.T) {
	for _, tc := range []struct{ name, in, want, skipped string }{
		{"standard list", `
l optional group LIST
	list repeated group
		element optional bytes UTF8`, "l: list<item: utf8, nullable> nullable", ""},
		{"any names", `
l required group LIST
	bag repeated group
		array_element required int32`, "l: list<item: int32>", ""},
		{"two levels", `
l optional group LIST
	element repeated int32`, "l: list<item: int32> nullable", ""},
		{"struct as repeated group", `
l optional group LIST
	element repeated group
		a required int32
		b optional int64`, "l: list<item: struct<a: int32, b: int64 nullable>> nullable", ""},
		{"array", `
l optional group LIST
	array repeated group
		a required int32`, "l: list<item: struct<a: int32>> nullable", ""},
		{"tuple", `
l optional group LIST
	l_tuple repeated group
		a required int32`, "l: list<item: struct<a: int32>> nullable", ""},
		{"repeated inside", `
l optional group LIST
	list repeated group
		a repeated int32`, "l: list<item: struct<a: list<item: int32>>> nullable", ""},
		{"bare repeated", `
r repeated bytes UTF8
g repeated group
	x optional int64`, "r: list<item: utf8>, g: list<item: struct<x: int64 nullable>>", ""},
		{"list of lists", `
l optional group LIST
	list repeated group
		element optional group LIST
			list repeated group
				element required int64`, "l: list<item: list<item: int64>, nullable> nullable", ""},
		{"bytes and text", `
b required bytes
j optional bytes JSON
s required int32 INT16`, "b: binary, j: utf8 nullable, s: int32", ""},
		{"days, instants and counts", `
a required int64 TIMESTAMP
d optional int32 DATE
u required int32 UINT32
w required int64 UINT64
o optional int64 MILLIS`, "a: timestamp[us], d: date32 nullable, u: uint32, w: uint64, o: timestamp[ms, tz=UTC] nullable", ""},
		{"maps", `
m optional group MAP
	key_value repeated group
		key required bytes UTF8
		value optional int32`, "m: map<utf8, int32, items_nullable> nullable", ""},
		{"others are skipped", `
a required int32 TIMESTAMP
s required group
	d required bytes DECIMAL
	x required int32
m optional group MAP
	key_value repeated group
		key required bytes UTF8
		value optional int96
z required int96
ok required int64`, "s: struct<x: int32>, m: list<item: struct<key: utf8>> nullable, ok: int64",
			"a (INT32 of another logical type), s.d (BYTE_ARRAY of converted type 5), m.value (INT96), z (INT96)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			data := emptyFile(t, parseSchema(t, tc.in))
			f, err := OpenFile(bytes.NewReader(data), int64(len(data)), OpenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range f.Schema().Fields() {
				s := c.Name + ": " + c.Type.String()
				if c.Nullable {
					s += " nullable"
				}
				got = append(got, s)
			}
			if s := strings.Join(got, ", "); s != tc.want {
				t.Errorf("want %s\n got %s", tc.want, s)
			}
			if s := strings.Join(f.Skipped(), ", "); s != tc.skipped {
				t.Errorf("skipped: want %s\n got %s", tc.skipped, s)
			}
		})
	}
}

// A file with columns that are not read says so when all of it is asked for,
// and gives the others when they are named.
func TestSkippedColumns(t *testing.T) {
	data := emptyFile(t, parseSchema(t, "when required int96\nn required int64"))
	for _, tc := range []struct {
		columns []string
		want    string
	}{
		{nil, "has columns of types that are not read: when (INT96); name the columns to read"},
		{[]string{"when"}, "column when is of a type that is not read"},
		{[]string{"n"}, ""},
	} {
		_, err := readBatches(data, OpenOptions{}, Select{Columns: tc.columns})
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: %v", tc.columns, err)
		}
	}
}

func TestBadSchemas(t *testing.T) {
	deep := ""
	for i := range 200 {
		deep += strings.Repeat("\t", i) + fmt.Sprintf("g%d optional group\n", i)
	}
	deep += strings.Repeat("\t", 200) + "x required int32"
	leaf := format.SchemaElement{Name: "x", Type: thrift.New(format.Int32)}
	group := func(n int32) format.SchemaElement {
		return format.SchemaElement{Name: "g", NumChildren: thrift.New(n)}
	}
	for _, tc := range []struct {
		name   string
		schema []format.SchemaElement
	}{
		{"none", nil},
		{"root is a leaf", []format.SchemaElement{leaf}},
		{"too few children", []format.SchemaElement{group(2), leaf}},
		{"too many children", []format.SchemaElement{group(1), leaf, leaf}},
		{"2 billion children", []format.SchemaElement{group(1<<31 - 1), leaf}},
		{"deep", parseSchema(t, deep)},
		{"list of nothing", parseSchema(t, "l optional group LIST\n\tx required int32")},
		{"twice", parseSchema(t, "x required int32\nx required int32")},
	} {
		data := emptyFile(t, tc.schema)
		if _, err := OpenFile(bytes.NewReader(data), int64(len(data)), OpenOptions{}); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// Rows of a version 1 page may go on in the next page; version 2 forbids it.
func TestRowOverTwoPages(t *testing.T) {
	page := func(reps byte, v uint32) []byte {
		// One run of one repetition level, one of one definition level, one value.
		body := []byte{2, 0, 0, 0, 2, reps, 2, 0, 0, 0, 2, 1}
		body = binary.LittleEndian.AppendUint32(body, v)
		head := marshal(t, &format.PageHeader{
			UncompressedPageSize: int32(len(body)), CompressedPageSize: int32(len(body)),
			DataPageHeader: thrift.New(format.DataPageHeader{NumValues: 1, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE}),
		})
		return append(head, body...)
	}
	body := append([]byte(magic), page(0, 1)...)
	for i, rep := range []byte{1, 1, 0, 1} {
		body = append(body, page(rep, uint32(i+2))...)
	}
	schema := parseSchema(t, "l required group LIST\n\telement repeated int32")
	data := withFooter(body, marshal(t, &format.FileMetaData{
		Version: 1, NumRows: 2, Schema: schema,
		RowGroups: []format.RowGroup{{NumRows: 2, Columns: []format.ColumnChunk{{MetaData: format.ColumnMetaData{
			Type: format.Int32, NumValues: 5, DataPageOffset: 4, TotalCompressedSize: int64(len(body) - 4),
		}}}}},
	}))
	for _, rows := range []int{1, 2} {
		got, err := readBatches(data, OpenOptions{}, Select{BatchRows: rows})
		if err != nil {
			t.Fatal(err)
		}
		if s := fmt.Sprint(rowsOf(got)); s != "[[1,2,3,], [4,5,],]" {
			t.Errorf("batches of %d: %s", rows, s)
		}
		release(got)
	}
}
