package all_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/sources/all"
	"github.com/swerm/swerm/sources/format"
)

func TestNamesAreSortedAndUnique(t *testing.T) {
	var names []string
	for _, f := range all.Formats() {
		names = append(names, f.Name())
	}
	unique := slices.Compact(slices.Sorted(slices.Values(names)))
	if len(unique) != len(names) {
		t.Errorf("%v", names)
	}
}

// TestNoRealFileIsClaimedTwice offers every real file as a reader does: whole,
// and where nobody takes it row by row.
func TestNoRealFileIsClaimedTwice(t *testing.T) {
	root := testpath.Real(t)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".json", ".jsonl", ".traj":
		default:
			return nil
		}
		doc, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		offer(t, path, doc)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func offer(t *testing.T, path string, doc []byte) {
	t.Helper()
	sh := format.ShapeOf(doc)
	lines := strings.HasSuffix(path, ".jsonl")
	sh.Lines = lines
	if claimants(t, path, sh) > 0 {
		return
	}
	for i, row := range rows(doc, lines) {
		if n := claimants(t, path, format.ShapeOf(row)); n > 1 {
			t.Errorf("%s: row %d", path, i)
		}
	}
}

func rows(doc []byte, lines bool) [][]byte {
	if lines {
		return bytes.Split(doc, []byte("\n"))
	}
	var list []json.RawMessage
	if json.Unmarshal(doc, &list) != nil {
		return nil
	}
	var all [][]byte
	for _, row := range list {
		all = append(all, row)
	}
	return all
}

func claimants(t *testing.T, path string, sh format.Shape) int {
	t.Helper()
	var names []string
	for _, f := range format.Claimants(all.Formats(), sh) {
		names = append(names, f.Name())
	}
	if len(names) > 1 {
		t.Errorf("%s is claimed by %v", path, names)
	}
	return len(names)
}
