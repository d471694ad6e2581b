package columnar

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// randomOptions draws options that make several pages even of small columns.
func randomOptions(r *rand.Rand, sc *arrow.Schema) WriterOptions {
	o := WriterOptions{
		Codec:     []Codec{"", Zstd, Snappy, Uncompressed}[r.IntN(4)],
		Level:     []Level{"", Fastest, Better}[r.IntN(3)],
		PageBytes: []int{0, 1, 100, 2000}[r.IntN(4)],
	}
	tops, _ := treeOf(sc)
	for _, top := range tops {
		for _, l := range top.leaves(nil) {
			if l.typ.ID() == arrow.STRING && r.IntN(2) == 0 {
				o.Dictionary = append(o.Dictionary, l.path)
			}
		}
	}
	return o
}

// What we write, we and arrow-go read back equal, however rows are cut into
// batches on either side.
func TestRoundTrip(t *testing.T) {
	for seed := range 50 {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		sc := randomSchema(r)
		opt := randomOptions(r, sc)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			var groups [][]arrow.RecordBatch
			var all []arrow.RecordBatch
			for range 1 + r.IntN(3) {
				var g []arrow.RecordBatch
				for range 1 + r.IntN(3) {
					b := randomBatch(r, memory.DefaultAllocator, sc, 1+r.IntN(60))
					g = append(g, b)
				}
				groups, all = append(groups, g), append(all, g...)
			}
			data := writeFile(t, sc, opt, groups...)
			for _, rows := range []int{0, 1, 7, 64} {
				got, err := readBatches(data, OpenOptions{}, Select{BatchRows: rows})
				if err != nil {
					t.Fatalf("%v\n%v", err, sc)
				}
				if want := sc; !got[0].Schema().Equal(want) {
					t.Fatalf("schema %v, want %v", got[0].Schema(), want)
				}
				sameRows(t, fmt.Sprintf("batches of %d", rows), all, got)
				release(got)
			}
			sameRows(t, "arrow-go", all, readOracle(t, data))
		})
	}
}

func readOracle(t testing.TB, data []byte) []arrow.RecordBatch {
	t.Helper()
	pr, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	fr, err := pqarrow.NewFileReader(pr, pqarrow.ArrowReadProperties{BatchSize: 33}, memory.DefaultAllocator)
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	rr, err := fr.GetRecordReader(context.Background(), nil, nil)
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	var out []arrow.RecordBatch
	for rr.Next() {
		b := rr.RecordBatch()
		b.Retain()
		out = append(out, b)
	}
	if err := rr.Err(); err != nil {
		t.Fatalf("oracle: %v", err)
	}
	return out
}

// What arrow-go writes, in either page version, with and without dictionaries
// and in every encoding it knows, is read as it was given.
func TestReadsForeignFiles(t *testing.T) {
	for seed := range 50 {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		sc := randomSchema(r)
		opts := []parquet.WriterProperty{
			parquet.WithDataPageVersion([]parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2}[r.IntN(2)]),
			parquet.WithDictionaryDefault(r.IntN(2) == 0),
			parquet.WithDataPageSize([]int64{1, 200, 1 << 20}[r.IntN(3)]),
			parquet.WithBatchSize(int64(1 + r.IntN(40))),
			parquet.WithCompression([]compress.Compression{compress.Codecs.Zstd, compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Uncompressed}[r.IntN(4)]),
		}
		opts = append(opts, randomEncodings(r, sc)...)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			var buf bytes.Buffer
			w, err := pqarrow.NewFileWriter(sc, &buf, parquet.NewWriterProperties(opts...), pqarrow.DefaultWriterProps())
			if err != nil {
				t.Fatal(err)
			}
			var all []arrow.RecordBatch
			for range 1 + r.IntN(3) {
				b := randomBatch(r, memory.DefaultAllocator, sc, 1+r.IntN(200))
				if err := w.Write(b); err != nil {
					t.Fatal(err)
				}
				all = append(all, b)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			for _, rows := range []int{0, 1, 13} {
				got, err := readBatches(buf.Bytes(), OpenOptions{}, Select{BatchRows: rows})
				if err != nil {
					t.Fatalf("%v\n%v", err, sc)
				}
				sameRows(t, fmt.Sprintf("batches of %d", rows), all, got)
				release(got)
			}
			sameSome(t, r, buf.Bytes())
		})
	}
}

// randomEncodings picks rarer encodings for some top-level columns.
func randomEncodings(r *rand.Rand, sc *arrow.Schema) []parquet.WriterProperty {
	var opts []parquet.WriterProperty
	for _, f := range sc.Fields() {
		var choice []parquet.Encoding
		switch f.Type.ID() {
		case arrow.STRING, arrow.BINARY:
			choice = []parquet.Encoding{parquet.Encodings.DeltaByteArray, parquet.Encodings.DeltaLengthByteArray}
		case arrow.INT32, arrow.INT64:
			choice = []parquet.Encoding{parquet.Encodings.DeltaBinaryPacked, parquet.Encodings.ByteStreamSplit}
		case arrow.FLOAT32, arrow.FLOAT64:
			choice = []parquet.Encoding{parquet.Encodings.ByteStreamSplit}
		default:
			continue
		}
		if r.IntN(2) == 0 {
			opts = append(opts, parquet.WithDictionaryFor(f.Name, false), parquet.WithEncodingFor(f.Name, choice[r.IntN(len(choice))]))
		}
	}
	return opts
}

// Booleans as runs are tried apart from the random files: over several pages
// arrow-go does not read back what it wrote itself.
func TestReadsRunsOfBooleans(t *testing.T) {
	sc := arrow.NewSchema([]arrow.Field{{Name: "b", Type: arrow.FixedWidthTypes.Boolean, Nullable: true}}, nil)
	rb := array.NewRecordBuilder(memory.DefaultAllocator, sc)
	for i := range 100 {
		if i%7 == 3 {
			rb.Field(0).AppendNull()
		} else {
			rb.Field(0).(*array.BooleanBuilder).Append(i%3 == 0 || i > 50)
		}
	}
	batch := rb.NewRecordBatch()
	for _, v := range []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2} {
		var buf bytes.Buffer
		props := parquet.NewWriterProperties(parquet.WithDataPageVersion(v), parquet.WithDictionaryDefault(false), parquet.WithEncoding(parquet.Encodings.RLE))
		w, err := pqarrow.NewFileWriter(sc, &buf, props, pqarrow.DefaultWriterProps())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Write(batch), w.Close()); err != nil {
			t.Fatal(err)
		}
		got, err := readBatches(buf.Bytes(), OpenOptions{}, Select{BatchRows: 9})
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, "runs", []arrow.RecordBatch{batch}, got)
	}
}
