package sources_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/sources"
)

// A trajectory is read with files of folders above its own, from a folder, a
// stream and a zip archive.
func TestFilesAboveADocument(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "nightly/cat__x1/agent/trajectory.json", `{"schema_version":"ATIF-v1.0","session_id":"s","agent":{"name":"a","version":"1","model_name":"acme/rocket"},
	  "steps":[{"step_id":1,"source":"agent","message":"Done."}]}`)
	writeFile(t, dir, "nightly/cat__x1/result.json", `{"task_name":"cat","trial_name":"cat__x1"}`)
	var tb, zb bytes.Buffer
	tw, zw := tar.NewWriter(&tb), zip.NewWriter(&zb)
	for _, w := range []interface {
		AddFS(fs.FS) error
		Close() error
	}{tw, zw} {
		if err := errors.Join(w.AddFS(os.DirFS(dir)), w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	packed := t.TempDir()
	writeFile(t, packed, "runs.tar", tb.String())
	writeFile(t, packed, "runs.zip", zb.String())
	for _, root := range []string{dir, filepath.Join(packed, "runs.tar"), filepath.Join(packed, "runs.zip")} {
		got := strings.Join(items(t, sources.Config{}, 2, root), "\n")
		if !strings.Contains(got, "trajectory.json: cat rocket nightly ") {
			t.Errorf("%s: %s", filepath.Base(root), got)
		}
	}
}
