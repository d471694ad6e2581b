package columnar_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/swerm/swerm/pipeline/dataset/columnar"
)

func ExampleFile_Batches() {
	sc := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, sc, strings.NewReader(`[{"n": 1}, {"n": 2}, {"n": 3}]`))
	if err != nil {
		panic(err)
	}
	var disk bytes.Buffer
	w, err := columnar.NewWriter(&disk, sc, columnar.WriterOptions{})
	if err != nil {
		panic(err)
	}
	g := w.NewRowGroup()
	if err := errors.Join(g.Write(batch), w.Commit(g), w.Close()); err != nil {
		panic(err)
	}

	f, err := columnar.OpenFile(bytes.NewReader(disk.Bytes()), int64(disk.Len()), columnar.OpenOptions{Name: "n.parquet"})
	if err != nil {
		panic(err)
	}
	for b, err := range f.Batches(context.Background(), columnar.Select{BatchRows: 2}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(b.NumRows(), b.Column(0))
	}
	// Output:
	// 2 [1 2]
	// 1 [3]
}
