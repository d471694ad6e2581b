package sources_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/zeebo/blake3"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/pipeline/run"
	"github.com/swerm/swerm/pipeline/store"
	"github.com/swerm/swerm/sources"
	"github.com/swerm/swerm/sources/identity"
)

// once is an import as the command line runs it.
type once struct {
	*run.Single
	took bool // that the raw files were read once
	cut  int64
	end  context.CancelFunc // called when cut bytes have been imported
}

func newOnce(t *testing.T, out, memory string, roots ...string) *once {
	t.Helper()
	st := sources.Stage()
	o := &once{}
	work := st.Run
	st.Run = func(ctx context.Context, task *pipeline.Task) error {
		o.took = task.Settle != nil
		task.Progress = o
		return work(ctx, task)
	}
	cfg := st.NewConfig().(*sources.Config)
	cfg.PartBytes = 1 << 20
	o.Single = &run.Single{Stage: st, Config: cfg, Out: out, MaxReject: -1, Memory: memory}
	for _, root := range roots {
		o.Inputs = append(o.Inputs, run.Ref{Port: st.Inputs[0], URI: root})
	}
	return o
}

func (o *once) Total(int64, string) {}

func (o *once) Add(n int64) {
	if o.end != nil && atomic.AddInt64(&o.cut, -n) < 0 {
		o.end()
	}
}

// tree is what a dataset is made of.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		all[rel] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func aged(t *testing.T, dir string, by time.Duration) {
	t.Helper()
	at := time.Now().Add(-by)
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		return os.Chtimes(p, at, at)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.Bytes()
}

// everyKind is a folder with each way in which an import reads a file, or does not.
func everyKind(t *testing.T) string {
	t.Helper()
	dir, _ := generatedRuns(t, 3, 40)
	put := func(name string, text []byte) {
		p := filepath.Join(dir, name)
		_ = os.MkdirAll(filepath.Dir(p), 0o700)
		if err := os.WriteFile(p, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	row := func(i int) string {
		return fmt.Sprintf(`{"messages":[{"role":"user","content":"do %d"},{"role":"assistant","content":"done"}]}`+"\n", i)
	}
	var rows strings.Builder
	for i := range 300 { // for several jobs
		rows.WriteString(strings.Replace(row(i), "done", strings.Repeat("done ", 2000), 1))
	}
	put("rows/many.jsonl", []byte(rows.String()))
	put("rows/list.json", []byte("["+strings.TrimSpace(row(-1))+","+strings.TrimSpace(row(-2))+"]"))
	put("rows/broken.json", []byte("["+strings.TrimSpace(row(-3))+",\n"))
	put("rows/none.jsonl", []byte("1\n2\n3\n"))
	put("rows/packed.jsonl.gz", gzipped(row(-4)+row(-5)))
	put("rows/cut.jsonl.gz", gzipped(row(-6) + row(-7))[:60])
	var archived, zipped bytes.Buffer
	a, z := tar.NewWriter(&archived), zip.NewWriter(&zipped)
	for i := range 40 {
		text := generatedRun(100+i, 40)
		name := fmt.Sprintf("in/octo__cat-%d.traj.json", i)
		_ = a.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o600})
		_, _ = a.Write(text)
		if f, err := z.Create(name); err == nil && i < 3 {
			_, _ = f.Write(generatedRun(200+i, 40))
		}
	}
	_ = a.Close()
	_ = z.Close()
	put("packed/a.tar", archived.Bytes())
	put("packed/b.tgz", gzipped(archived.String()))
	put("packed/c.zip", zipped.Bytes())
	put("text/empty", nil)
	put("text/small.log", []byte("a line\n"))
	put("text/exact.log", bytes.Repeat([]byte("64 KiB, "), 8<<10))
	put("text/large.log", bytes.Repeat([]byte("a line of a log\n"), 20_000))
	put("text/report.json", []byte(`{"resolved": true}`))
	put("text/bad.traj.json", []byte(`{"messages": [`))
	put("a-b/sorted", []byte("before a/"))
	put("a/sorted", []byte("behind a-b/"))
	for link, to := range map[string]string{"dangling": "nowhere", "linked.log": "text/small.log", "folder": "text"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	return dir
}

type sums map[string][32]byte

func (s sums) Tell(p string, size int64, sum [32]byte) {
	told.Lock()
	defer told.Unlock()
	s[p] = sum
}

var told sync.Mutex

// TestSumsAreToldOfWhatIsReadWhole: no other file is, and those are not read again.
func TestSumsAreToldOfWhatIsReadWhole(t *testing.T) {
	dir := everyKind(t)
	names, err := identity.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	got := sums{}
	r := sources.Reader{Inputs: []pipeline.Input{{Port: "raw", URI: dir, Sums: got}}, Names: names}
	for _, err := range r.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := sums{}
	for p, text := range tree(t, dir) {
		switch filepath.Base(p) {
		case "large.log", "exact.log", "c.zip":
			continue // large and of no use, or not read from beginning to end
		}
		want[p] = blake3.Sum256([]byte(text))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestFilesThatAreReadOnceGiveTheSameBytes: what an import writes, its key included,
// does not tell whether the key was known before.
func TestFilesThatAreReadOnceGiveTheSameBytes(t *testing.T) {
	dir, tmp := everyKind(t), t.TempDir()
	roots := []string{dir, filepath.Join(dir, "rows", "many.jsonl"), filepath.Join(dir, "rows", "packed.jsonl.gz")}
	imported := func(name, memory string, took bool) map[string]string {
		t.Helper()
		o := newOnce(t, filepath.Join(tmp, name, "ds"), memory, roots...)
		row, err := o.Run(t.Context(), run.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if o.took != took {
			t.Errorf("%s: read once: %v, want %v", name, o.took, took)
		}
		if row.Key != row.Done.Manifest.Key {
			t.Errorf("%s: key %s of %s", name, row.Key, row.Done.Manifest.Key)
		}
		left, err := dataset.Unfinished(t.Context(), o.Out)
		if err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left, %v", name, left, err)
		}
		return tree(t, o.Out)
	}
	want := imported("new", "", false) // the files were written just now
	aged(t, dir, time.Hour)
	memory := filepath.Join(tmp, "raw.json")
	if d := cmp.Diff(want, imported("old", memory, true)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want, imported("known", memory, false)); d != "" {
		t.Error(d)
	}
	again := newOnce(t, filepath.Join(tmp, "old", "ds"), "", roots...)
	row, err := again.Run(t.Context(), run.Options{})
	if err != nil || row.State != run.StateCached {
		t.Errorf("what is done was done again: %+v, %v", row, err)
	}
}

// TestObjectsAreReadOnce, too: the key is that of the same files on a disk.
func TestObjectsAreReadOnce(t *testing.T) {
	backend := s3mem.New(s3mem.WithTimeSource(gofakes3.FixedTimeSource(time.Now().Add(-time.Hour))))
	if err := backend.CreateBucket("bucket"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(srv.Close)
	for k, v := range map[string]string{"AWS_ENDPOINT_URL": srv.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a",
		"AWS_SECRET_ACCESS_KEY": "b", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "XDG_CACHE_HOME": t.TempDir()} {
		t.Setenv(k, v)
	}
	files := tree(t, everyKind(t))
	disk := filepath.Join(t.TempDir(), "runs") // of regular files alone: a store has no links
	st, _, err := store.Open(t.Context(), "s3://bucket/runs")
	if err != nil {
		t.Fatal(err)
	}
	for p, text := range files {
		up, err := st.Create(t.Context(), "runs/"+p)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = up.Write([]byte(text))
		if err := up.Commit(); err != nil {
			t.Fatal(err)
		}
		_ = os.MkdirAll(filepath.Dir(filepath.Join(disk, p)), 0o700)
		if err := os.WriteFile(filepath.Join(disk, p), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var keys []pipeline.Key
	for root, took := range map[string]bool{disk: false, "s3://bucket/runs": true} {
		o := newOnce(t, filepath.Join(t.TempDir(), "ds"), "", root)
		row, err := o.Run(t.Context(), run.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if o.took != took {
			t.Errorf("%s: read once: %v, want %v", root, o.took, took)
		}
		keys = append(keys, row.Key)
	}
	if keys[0] != keys[1] {
		t.Errorf("keys %v", keys)
	}
}

// TestAnImportOfOneReadIsGoneOnWith: where nothing has changed, and only there.
func TestAnImportOfOneReadIsGoneOnWith(t *testing.T) {
	dir, bytes := generatedRuns(t, 60, 40)
	aged(t, dir, time.Hour)
	tmp := t.TempDir()
	whole := newOnce(t, filepath.Join(tmp, "whole", "ds"), "", dir)
	row, err := whole.Run(t.Context(), run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// The text of records is in memory that is used again, and names outlive them.
	if got := row.Result.(*sources.Result).Formats; len(got) != 1 || got["mini-swe-agent-1.1"] != 60 {
		t.Errorf("formats %v", got)
	}
	cut := func(name string) *once {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		o := newOnce(t, filepath.Join(tmp, name, "ds"), "", dir)
		o.cut, o.end = bytes*2/3, cancel
		if _, err := o.Run(ctx, run.Options{}); !errors.Is(err, context.Canceled) || !o.took {
			t.Fatalf("%v, read once: %v", err, o.took)
		}
		left, err := dataset.Unfinished(t.Context(), o.Out)
		if err != nil || len(left) != 1 {
			t.Fatalf("left is %v, %v", left, err)
		}
		o.end = nil
		return o
	}
	o := cut("cut")
	parts, err := filepath.Glob(filepath.Join(tmp, "cut", ".ds.staging-*", "tree", "data", "part-*"))
	if err != nil || len(parts) == 0 {
		t.Fatalf("no part was finished: the cut proves nothing (%v)", err)
	}
	was, err := os.Stat(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Run(t.Context(), run.Options{}); err != nil || !o.took {
		t.Fatalf("%v, read once: %v", err, o.took)
	}
	now, err := os.Stat(filepath.Join(o.Out, "data", filepath.Base(parts[0])))
	if err != nil || !os.SameFile(was, now) {
		t.Errorf("a finished part was made again (%v)", err)
	}
	if d := cmp.Diff(tree(t, whole.Out), tree(t, o.Out)); d != "" {
		t.Error(d)
	}

	changed := cut("changed")
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.traj.json"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], []byte(strings.ReplaceAll(string(text), "octo__cat", "acme__cat")), 0o600); err != nil {
		t.Fatal(err)
	}
	aged(t, filepath.Dir(files[0]), time.Minute)
	if _, err := changed.Run(t.Context(), run.Options{}); err != nil {
		t.Fatal(err)
	}
	whole = newOnce(t, filepath.Join(tmp, "other", "ds"), "", dir)
	if _, err := whole.Run(t.Context(), run.Options{}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(tree(t, whole.Out), tree(t, changed.Out)); d != "" {
		t.Error(d)
	}
}

// TestAFileThatVanishesEndsAnImport after the rows were read, and says which.
func TestAFileThatVanishesEndsAnImport(t *testing.T) {
	dir := everyKind(t)
	aged(t, dir, time.Hour)
	o := newOnce(t, filepath.Join(t.TempDir(), "ds"), "", dir)
	work := o.Stage.Run
	o.Stage.Run = func(ctx context.Context, task *pipeline.Task) error {
		settle := task.Settle
		task.Settle = func(ctx context.Context) error {
			_ = os.Remove(filepath.Join(dir, "text", "large.log"))
			return settle(ctx)
		}
		return work(ctx, task)
	}
	_, err := o.Run(t.Context(), run.Options{})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "text/large.log") {
		t.Errorf("%v", err)
	}
	if _, err := dataset.Open(t.Context(), o.Out); !errors.Is(err, dataset.ErrNone) {
		t.Errorf("published: %v", err)
	}
}
