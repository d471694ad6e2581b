package dataset_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// A stage writes a dataset record by record and says where each came from;
// what it does not keep is counted with its reason.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	uri := filepath.Join(dir, "labels")

	w, err := dataset.Create[pipeline.Label](ctx, uri, dataset.Spec{
		Kind: pipeline.KindLabels, Stage: "label_reports", StageVersion: 1,
		Key: pipeline.HashKey([]byte("stage, config and inputs")),
	})
	if err != nil {
		panic(err)
	}
	defer w.Abort() // nothing after Close; before it, staging stays for a rerun
	for row, verdict := range []pipeline.Verdict{"resolved", "unresolved", "maybe"} {
		at := dataset.Cursor{Input: 0, Row: int64(row)}
		label := &pipeline.Label{TrajectoryID: fmt.Sprint("t", row), Verdict: verdict}
		if err := w.Add(label, at); err != nil {
			cause := &pipeline.RecordError{URI: "report.json", Row: at.Row, Err: err}
			if err := w.Fail(cause, at); err != nil {
				panic(err)
			}
		}
	}
	d, err := w.Close(ctx)
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Manifest.Counts)
	for l, err := range dataset.Read[pipeline.Label](ctx, d, dataset.ReadOptions{}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(l.Row, l.Value.TrajectoryID, l.Value.Verdict)
	}
	// Output:
	// 3 in, 2 out, 1 failed
	// 0 t0 resolved
	// 1 t1 unresolved
}
