package adp_test

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/sources/adp"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	all := sourcetest.Files(t, "testdata/*.json", "adp/cats")
	for i := range all {
		all[i].OpenKeys = []string{"kwargs"}
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, adp.Format{}, samples(t)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, adp.Format{}, samples(t), *update) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, adp.Format{}, samples(f)) }

func TestRealRowsAreKept(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testpath.Real(t, "hf-samples"), "*", "sample_std.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no rows", err)
	}
	for _, file := range files {
		for i, row := range sourcetest.Rows(t, file) {
			if !(adp.Format{}).Detect(format.ShapeOf(row)) {
				t.Errorf("%s: row %d is not claimed", file, i)
			}
			recs := sourcetest.Lossless(t, adp.Format{}, format.Document{URI: file, Row: int64(i), Data: row})
			if len(recs) != 1 || *recs[0].Usage.Turns == 0 {
				t.Errorf("%s: row %d: %d records", file, i, len(recs))
			}
		}
	}
}

func TestUnknownClassesAreNotLost(t *testing.T) {
	doc := `{"id":"a","content":[{"class_":"plan_action","content":"first this","function":"plan","kwargs":{"n":1}},{"class_":"sound_observation","content":"beep","source":"agent"}]}`
	recs := sourcetest.Lossless(t, adp.Format{}, format.Document{URI: "a.json", Data: []byte(doc)})
	if m := recs[0].Messages; len(m) != 2 || *m[0].Content != "first this" || m[0].ToolCalls[0].Name != "plan" || *m[1].Content != "beep" {
		t.Errorf("%+v", m)
	}
}
