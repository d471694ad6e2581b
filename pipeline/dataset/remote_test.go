package dataset

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/store"
)

// fakeS3 starts an object store in the process; caches go to a folder of the test.
func fakeS3(t *testing.T) string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("bucket"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(srv.Close)
	for k, v := range map[string]string{"AWS_ENDPOINT_URL": srv.URL, "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_CONFIG_FILE": os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "XDG_CACHE_HOME": t.TempDir()} {
		t.Setenv(k, v)
	}
	return "s3://bucket/sets"
}

// download copies everything below a URI into a folder.
func download(t *testing.T, uri string) string {
	t.Helper()
	st, root, err := store.Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for e, err := range st.List(t.Context(), root) {
		if err != nil {
			t.Fatal(err)
		}
		b, err := st.Open(t.Context(), e.Path)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, strings.TrimPrefix(e.Path, root))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestObjectStoreHoldsTheSameBytes(t *testing.T) {
	base := fakeS3(t)
	rows := newGen(30).trajectories(300)
	local := filepath.Join(t.TempDir(), "ds")
	build(t, local, smallParts(2), rows)
	uri := base + "/one"
	d := build(t, uri, smallParts(2), rows)
	same(t, "objects", tree(t, download(t, uri)), tree(t, local))
	same(t, "rows", readAll[pipeline.Trajectory](t, d, ReadOptions{}), kept(rows))
	mustVerify(t, uri)
	if _, err := Create[pipeline.Trajectory](t.Context(), uri, smallParts(1)); !errors.Is(err, ErrExists) {
		t.Errorf("Create gives %v", err)
	}

	for _, stop := range []int{0, 130, 300} {
		uri := base + "/killed"
		killAndGoOnRemote(t, uri, rows, stop)
		same(t, "objects", tree(t, download(t, uri)), tree(t, local))
		removeAll(t, uri)
	}
	staged, _ := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "swerm", "staging", "*"))
	if len(staged) > 0 {
		t.Errorf("staging is left: %v", staged)
	}
}

func killAndGoOnRemote(t *testing.T, uri string, rows []*pipeline.Trajectory, stop int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w, err := Create[pipeline.Trajectory](ctx, uri, smallParts(2))
	if err != nil {
		t.Fatal(err)
	}
	if err := feed(w, rows, Cursor{}, stop); err != nil {
		t.Fatal(err)
	}
	cancel()
	w.stage.unlock()
	<-drained(w)
	litter(t, w)
	// A part that was uploaded and never told to the journal.
	st, root, _ := store.Open(t.Context(), uri)
	up, err := st.Create(t.Context(), root+"/data/part-00099-0123456789.parquet")
	if err != nil {
		t.Fatal(err)
	}
	if err := up.Commit(); err != nil {
		t.Fatal(err)
	}
	build(t, uri, smallParts(1), rows)
}

func removeAll(t *testing.T, uri string) {
	t.Helper()
	st, root, err := store.Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range st.List(t.Context(), root) {
		if err != nil {
			t.Fatal(err)
		}
		if err := st.(store.Remover).Remove(t.Context(), e.Path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestObjectStoreIsNotOverwritten(t *testing.T) {
	uri := fakeS3(t) + "/x"
	st, root, err := store.Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	up, err := st.Create(t.Context(), root+"/notes.txt")
	if err != nil {
		t.Fatal(err)
	}
	if err := up.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := Create[pipeline.Trajectory](t.Context(), uri, smallParts(1)); !errors.Is(err, ErrOther) {
		t.Errorf("Create gives %v", err)
	}
}

func TestArtifactsOnEveryStore(t *testing.T) {
	base := fakeS3(t)
	for name, uri := range map[string]string{"local": filepath.Join(t.TempDir(), "ckpt"), "s3": base + "/ckpt"} {
		t.Run(name, func(t *testing.T) { artifact(t, uri) })
	}
}

func artifact(t *testing.T, uri string) {
	spec := testSpec(pipeline.KindCheckpoint)
	a, err := CreateArtifact(t.Context(), uri, spec)
	if err != nil {
		t.Fatal(err)
	}
	if a.Resumed() {
		t.Error("a new artifact is resumed")
	}
	put := func(name, content string) {
		t.Helper()
		file := filepath.Join(a.Dir(), name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("state/step", "12")
	put(manifestName, "what a kill") // right before publishing
	put(".open-123", "can leave")
	put(".config.json-77", "{")
	put("state/step.tmp", "1")
	put("model.safetensors.tmp-88", "")
	if _, err := CreateArtifact(t.Context(), uri, spec); !errors.Is(err, ErrBusy) {
		t.Errorf("a second writer gets %v", err)
	}
	a.Abort()
	if a, err = CreateArtifact(t.Context(), uri, spec); err != nil {
		t.Fatal(err)
	}
	defer a.Abort()
	if raw, _ := os.ReadFile(filepath.Join(a.Dir(), "state/step")); !a.Resumed() || string(raw) != "12" {
		t.Errorf("resumed %v with %q", a.Resumed(), raw)
	}
	put("config.json", "{}")
	if _, err := a.Close(t.Context(), pipeline.Counts{In: 3, Out: 3}); err != nil {
		t.Fatal(err)
	}
	d, err := OpenArtifact(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"config.json": "{}", "state/step": "12"} {
		if raw, err := os.ReadFile(d.Path(name)); err != nil || string(raw) != want {
			t.Errorf("%s holds %q, %v", name, raw, err)
		}
	}
	if n := len(d.Manifest.Files); n != 2 {
		t.Errorf("%d files are listed: %v", n, d.Manifest.Files)
	}
	mustVerify(t, uri)
	if _, err := CreateArtifact(t.Context(), uri, spec); !errors.Is(err, ErrExists) {
		t.Errorf("Create gives %v", err)
	}
}

func TestArtifactRefusesLinks(t *testing.T) {
	a, err := CreateArtifact(t.Context(), filepath.Join(t.TempDir(), "a"), testSpec(pipeline.KindReport))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Abort()
	if err := os.Symlink("/etc/hosts", filepath.Join(a.Dir(), "x")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Close(t.Context(), pipeline.Counts{}); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("Close gives %v", err)
	}
}
