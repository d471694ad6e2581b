package sharegpt_test

import (
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/sharegpt"
	"github.com/swerm/swerm/sources/sourcetest"
)

func TestRealRowsAreLossless(t *testing.T) {
	root := testpath.Real(t, "hf-samples")
	files, err := filepath.Glob(filepath.Join(root, "*", "sample_sft.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		for i, row := range sourcetest.Rows(t, name) {
			if !(sharegpt.Format{}).Detect(format.ShapeOf(row)) {
				t.Errorf("%s row %d is not claimed", name, i)
			}
			for _, r := range sourcetest.Lossless(t, sharegpt.Format{}, format.Document{URI: name, Row: int64(i), Data: row}) {
				if *r.Usage.Turns == 0 {
					t.Errorf("%s row %d: no action", name, i)
				}
			}
		}
	}
}
