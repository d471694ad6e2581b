package columnar

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
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
	for seed := range 80 {
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

// What arrow-go writes, in either page version, with and without dictionaries,
// is read as it reads it itself.
func TestReadsForeignFiles(t *testing.T) {
	for seed := range 80 {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		sc := randomSchema(r)
		opts := []parquet.WriterProperty{
			parquet.WithDataPageVersion([]parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2}[r.IntN(2)]),
			parquet.WithDictionaryDefault(r.IntN(2) == 0),
			parquet.WithDataPageSize([]int64{1, 200, 1 << 20}[r.IntN(3)]),
			parquet.WithBatchSize(int64(1 + r.IntN(40))),
			parquet.WithCompression([]compress.Compression{compress.Codecs.Zstd, compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Uncompressed}[r.IntN(4)]),
		}
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
		})
	}
}
