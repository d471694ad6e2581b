package patchonly_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/patchonly"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	logs := sourcetest.Files(t, "testdata/*.jsonl", "results")
	logs[0].Lines = true
	return append(sourcetest.Files(t, "testdata/*.json", "results"), logs...)
}

func TestContract(t *testing.T) { sourcetest.Run(t, patchonly.Format{}, samples(t)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, patchonly.Format{}, samples(t), *update) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, patchonly.Format{}, samples(f)) }

func TestRealFilesAreNamed(t *testing.T) {
	for _, folder := range []string{"trae", "augment", "sweetdream"} {
		files, err := filepath.Glob(filepath.Join(testpath.Real(t, "other", folder), "*.json*"))
		if err != nil || len(files) == 0 {
			t.Fatal("no files", err)
		}
		for _, file := range files {
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			docs := []json.RawMessage{doc}
			if folder != "sweetdream" {
				docs = sourcetest.Rows(t, file)
			}
			for i, one := range docs {
				sh := format.ShapeOf(one)
				if sh.Lines = folder == "sweetdream"; !(patchonly.Format{}).Detect(sh) {
					t.Errorf("%s: row %d is not claimed", file, i)
				}
				recs := sourcetest.Lossless(t, patchonly.Format{}, format.Document{URI: file, Row: int64(i), Data: one})
				if len(recs) != 1 || *recs[0].Usage.Turns != 0 || !strings.Contains(*recs[0].ExitStatus, ":") {
					t.Errorf("%s: row %d: %+v", file, i, recs[0].Trajectory)
				}
			}
		}
	}
}
