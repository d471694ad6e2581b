package sources_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources"
	"github.com/swerm/swerm/sources/identity"
)

// locate finds an origin in a root.
func locate(t *testing.T, root string, o pipeline.Origin) (*sources.Found, error) {
	t.Helper()
	names, err := identity.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	in := pipeline.Input{Port: "raw", Name: filepath.Base(root), URI: root, Kind: pipeline.KindRaw}
	return sources.Locate(context.Background(), in, sources.Config{}, names, o)
}

// TestOriginsAreFoundAgain imports a folder and an archive of the same files, and
// finds the document of every record by its origin.
func TestOriginsAreFoundAgain(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "runs")
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, name := range []string{"attempts.traj", "v0.traj", "v1.traj"} {
		text, err := os.ReadFile(filepath.Join("sweagent", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(folder, "a", name), text)
		if err := w.WriteHeader(&tar.Header{Name: "a/" + name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(dir, "runs.tar")
	put(t, archive, packed.Bytes())
	for _, root := range []string{folder, archive} {
		_, d := runImport(t, &sources.Config{}, 0, root)
		all := rows(t, d)
		if len(all) < 4 {
			t.Fatalf("%s: %d records", root, len(all))
		}
		for _, tr := range all {
			found, err := locate(t, root, tr.Origin)
			if err != nil {
				t.Errorf("%s row %d of %s: %v", tr.Origin.URI, tr.Origin.Row, root, err)
				continue
			}
			again := found.Records[found.Index]
			if found.Hash != tr.Origin.ContentHash || again.ID != tr.ID || len(found.Errs) > 0 {
				t.Errorf("%s row %d of %s: %s %s, want %s %s", tr.Origin.URI, tr.Origin.Row, root, found.Hash, again.ID, tr.Origin.ContentHash, tr.ID)
			}
		}
	}
	for _, o := range []pipeline.Origin{{URI: "a/other.traj"}, {URI: "a/v1.traj", Row: 7}} {
		if _, err := locate(t, folder, o); !errors.Is(err, sources.ErrNotThere) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func put(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
