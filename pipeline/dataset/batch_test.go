package dataset

import (
	"bytes"
	"errors"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/swerm/swerm/pipeline/dataset/columnar"
)

// batchOf writes rows and reads them as Arrow, through none of this package's
// readers.
func batchOf[T Row](t testing.TB, c *codec[T], rows []*T) arrow.RecordBatch {
	t.Helper()
	var buf bytes.Buffer
	w, err := columnar.NewWriter(&buf, c.schema, columnar.WriterOptions{Level: columnar.Fastest, Dictionary: fewOf(c.columns)})
	if err != nil {
		t.Fatal(err)
	}
	g := w.NewRowGroup()
	for _, r := range rows {
		putFields(g, slot{}, c.columns, r)
		if err := g.EndRow(); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Commit(g), w.Close()); err != nil {
		t.Fatal(err)
	}
	f, err := columnar.OpenFile(bytes.NewReader(buf.Bytes()), int64(buf.Len()), columnar.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for b, err := range f.Batches(t.Context(), columnar.Select{BatchRows: len(rows)}) {
		if err != nil {
			t.Fatal(err)
		}
		b.Retain()
		return b
	}
	t.Fatal("no batch")
	return nil
}
