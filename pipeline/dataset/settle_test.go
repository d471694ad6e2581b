package dataset

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/swerm/swerm/pipeline"
)

// TestSettledDatasetIsThatOfItsKey: nothing tells that the key was another one while
// the dataset was written, and a writer of that one goes on where it was killed.
func TestSettledDatasetIsThatOfItsKey(t *testing.T) {
	for name, base := range map[string]string{"disk": t.TempDir(), "objects": fakeS3(t)} {
		rows := newGen(31).trajectories(200)
		want := build(t, filepath.Join(t.TempDir(), "ds"), smallParts(2), rows)
		final, provisional := smallParts(2), smallParts(2)
		provisional.Key = pipeline.HashKey([]byte("provisional"))
		provisional.Parents = slices.Clone(final.Parents)
		for i := range provisional.Parents {
			provisional.Parents[i].Key = provisional.Key
		}
		provisional.Settle = func(context.Context) (pipeline.Key, []Parent, error) { return final.Key, final.Parents, nil }
		uri := base + "/ds"
		left := func(want ...string) {
			t.Helper()
			if got, err := Unfinished(t.Context(), uri); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %v is unfinished, want %v (%v)", name, got, want, err)
			}
		}
		left()
		w, err := Create[pipeline.Trajectory](t.Context(), uri, provisional)
		if err != nil {
			t.Fatal(err)
		}
		if err := feed(w, rows, Cursor{}, 130); err != nil {
			t.Fatal(err)
		}
		for journal := []byte(nil); bytes.Count(journal, []byte("\n")) < 2; time.Sleep(time.Millisecond) {
			if journal, err = os.ReadFile(filepath.Join(w.stage.dir, journalName)); err != nil || w.err() != nil {
				t.Fatal(err, w.err())
			}
		}
		w.Abort()
		left(provisional.Key.Short())
		if w, err = Create[pipeline.Trajectory](t.Context(), uri, provisional); err != nil {
			t.Fatal(err)
		}
		if _, _, ok := w.Resume(); !ok {
			t.Errorf("%s: nothing is durable", name)
		}
		if err := feed(w, rows, Cursor{}, len(rows)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		left()
		same(t, name, tree(t, download(t, uri)), tree(t, want.dir))
	}
}

// TestADatasetWithoutItsKeyIsNotPublished: what is durable of it stays.
func TestADatasetWithoutItsKeyIsNotPublished(t *testing.T) {
	uri, rows, lost := filepath.Join(t.TempDir(), "ds"), newGen(32).trajectories(200), errors.New("a file is gone")
	spec := smallParts(2)
	spec.Settle = func(context.Context) (pipeline.Key, []Parent, error) { return "", nil, lost }
	for range 2 {
		w, err := Create[pipeline.Trajectory](t.Context(), uri, spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := feed(w, rows, Cursor{}, len(rows)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Close(t.Context()); !errors.Is(err, lost) {
			t.Errorf("Close gives %v", err)
		}
		if _, err := Open(t.Context(), uri); !errors.Is(err, ErrNone) {
			t.Errorf("it is there: %v", err)
		}
	}
	spec.Settle = nil
	same(t, "files", tree(t, build(t, uri, spec, rows).dir), tree(t, build(t, filepath.Join(t.TempDir(), "ds"), smallParts(2), rows).dir))
}

// TestSettledArtifact: a directory of files asks for its key as rows do.
func TestSettledArtifact(t *testing.T) {
	spec, key := testSpec(pipeline.KindTokenizer), pipeline.HashKey([]byte("final"))
	spec.Settle = func(context.Context) (pipeline.Key, []Parent, error) { return key, spec.Parents, nil }
	a, err := CreateArtifact(t.Context(), filepath.Join(t.TempDir(), "a"), spec)
	if err != nil {
		t.Fatal(err)
	}
	d, err := a.Close(t.Context(), pipeline.Counts{})
	if err != nil || d.Manifest.Key != key {
		t.Errorf("%v, %v", d, err)
	}
}
