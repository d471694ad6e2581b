package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// backends runs one suite on every kind of store: what holds of one holds of all.
func backends(t *testing.T, suite func(t *testing.T, uri string)) {
	t.Run("local", func(t *testing.T) { suite(t, t.TempDir()) })
	t.Run("file URI", func(t *testing.T) { suite(t, "file://"+t.TempDir()) })
	t.Run("s3", func(t *testing.T) { suite(t, fakeS3(t)+"/root") })
}

// fakeS3 starts an object store in the process and points the environment at it.
func fakeS3(t testing.TB) string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("bucket"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(srv.Close)
	for k, v := range map[string]string{"AWS_ENDPOINT_URL": srv.URL, "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_CONFIG_FILE": os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true"} {
		if t, ok := t.(interface{ Setenv(k, v string) }); ok {
			t.Setenv(k, v)
		}
	}
	return "s3://bucket"
}

func open(t testing.TB, uri string) (Store, string) {
	t.Helper()
	st, root, err := Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	return st, root
}

func put(t testing.TB, st Store, path, content string) {
	t.Helper()
	up, err := st.Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer up.Abort()
	if _, err := io.WriteString(up, content); err != nil {
		t.Fatal(err)
	}
	if err := up.Commit(); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, st Store, path string) string {
	t.Helper()
	b, err := st.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	raw, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func list(t testing.TB, st Store, prefix string) (paths []string) {
	t.Helper()
	for e, err := range st.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, fmt.Sprintf("%s:%d", e.Path, e.Size))
	}
	return paths
}

func TestBlobsAppearWholeOrNot(t *testing.T) {
	backends(t, func(t *testing.T, uri string) {
		st, root := open(t, uri)
		p := root + "/deep/er/blob"
		if _, err := st.Open(t.Context(), p); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open of nothing gives %v", err)
		}
		up, err := st.Create(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(up, "half"); err != nil {
			t.Fatal(err)
		}
		up.Abort()
		up.Abort()
		if got := list(t, st, root); len(got) != 0 {
			t.Errorf("an aborted upload left %v", got)
		}
		if err := up.Commit(); err == nil {
			t.Error("Commit after Abort succeeds")
		}
		put(t, st, p, "one")
		put(t, st, p, "two")
		if got := get(t, st, p); got != "two" {
			t.Errorf("got %q", got)
		}
		put(t, st, p, "")
		if got := get(t, st, p); got != "" {
			t.Errorf("got %q", got)
		}
	})
}

func TestExclusiveCreate(t *testing.T) {
	backends(t, func(t *testing.T, uri string) {
		st, root := open(t, uri)
		ex := st.(Exclusive)
		var wins, losses int
		for range 3 {
			up, err := ex.CreateExclusive(t.Context(), root+"/manifest")
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(up, "m")
			switch err := up.Commit(); {
			case err == nil:
				wins++
			case errors.Is(err, ErrExists):
				losses++
			default:
				t.Fatal(err)
			}
			up.Abort()
		}
		if wins != 1 || losses != 2 {
			t.Errorf("%d wins, %d losses", wins, losses)
		}
		if got := list(t, st, root); len(got) != 1 {
			t.Errorf("left: %v", got)
		}
	})
}

func TestListIsInByteOrder(t *testing.T) {
	backends(t, func(t *testing.T, uri string) {
		st, root := open(t, uri)
		names := []string{"a-b/x", "a/x", "a/y/z", "a0", "b", "ab/c"}
		for _, n := range names {
			put(t, st, root+"/in/"+n, n)
		}
		put(t, st, root+"/inside/no", "")
		want := []string{"a-b/x:5", "a/x:3", "a/y/z:5", "a0:2", "ab/c:4", "b:1"}
		for i := range want {
			want[i] = root + "/in/" + want[i]
		}
		if got := list(t, st, root+"/in"); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("got  %v\nwant %v", got, want)
		}
		if got := list(t, st, root+"/in/a0"); len(got) != 1 || got[0] != root+"/in/a0:2" {
			t.Errorf("a blob lists as %v", got)
		}
		if got := list(t, st, root+"/none"); len(got) != 0 {
			t.Errorf("nothing lists as %v", got)
		}
		for range st.List(t.Context(), root) {
			break
		}
		if err := st.(Remover).Remove(t.Context(), root+"/in/b"); err != nil {
			t.Error(err)
		}
		if err := st.(Remover).Remove(t.Context(), root+"/in/b"); err != nil {
			t.Errorf("removing nothing: %v", err)
		}
		if got := list(t, st, root+"/in"); len(got) != len(want)-1 {
			t.Errorf("after Remove: %v", got)
		}
	})
}

// TestListLeavesNothingOpen: folders are read ahead of a walk that may end anywhere.
func TestListLeavesNothingOpen(t *testing.T) {
	open := func() int {
		fds, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc here: the descriptors of a process cannot be counted")
		}
		return len(fds)
	}
	dir, want := t.TempDir(), 0
	for i := range 40 {
		for j := range 3 {
			p := filepath.Join(dir, fmt.Sprint("a", i), fmt.Sprint("b", j))
			if err := os.MkdirAll(p, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(p, "c"), nil, 0o666); err != nil {
				t.Fatal(err)
			}
			want++
		}
	}
	before := open()
	for stop := range want + 1 {
		seen := 0
		for _, err := range (Local{Root: dir}).List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			if seen++; seen == stop {
				break
			}
		}
		if stop == 0 && seen != want {
			t.Errorf("%d files, want %d", seen, want)
		}
		if now := open(); now != before {
			t.Fatalf("%d descriptors after %d files, %d before", now, seen, before)
		}
	}
}

func TestReadAtAnywhere(t *testing.T) {
	backends(t, func(t *testing.T, uri string) {
		st, root := open(t, uri)
		rng := rand.New(rand.NewPCG(1, 2))
		data := make([]byte, 3*blockBytes+12345)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		put(t, st, root+"/big", string(data))
		b, err := st.Open(t.Context(), root+"/big")
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if b.Size() != int64(len(data)) {
			t.Fatalf("size %d", b.Size())
		}
		var wg sync.WaitGroup
		for range 4 {
			seed := rng.Uint64()
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(seed, 3))
				for range 40 {
					off := rng.IntN(len(data) + 10)
					p := make([]byte, rng.IntN(2*blockBytes>>rng.IntN(12)))
					n, err := b.ReadAt(p, int64(off))
					want := data[min(off, len(data)):min(off+len(p), len(data))]
					if !bytes.Equal(p[:n], want) || (n < len(p)) != (err == io.EOF) || err != nil && err != io.EOF {
						t.Errorf("ReadAt(%d, %d) = %d, %v", len(p), off, n, err)
						return
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestURIs(t *testing.T) {
	for uri, want := range map[string]string{
		"dir/x": "dir/x", "./dir//x/": "dir/x", "/abs/x": "/abs/x", "file:///abs/x%20y": "/abs/x y", "file://localhost/a": "/a",
	} {
		if got, err := LocalPath(uri); err != nil || got != want {
			t.Errorf("LocalPath(%q) = %q, %v", uri, got, err)
		}
	}
	for _, uri := range []string{"", "s3://b/x", "file://host/x", "http://x/y", "file://"} {
		if got, err := LocalPath(uri); err == nil {
			t.Errorf("LocalPath(%q) = %q", uri, got)
		}
	}
	if got := Join("s3://b/p/", "x", "y"); got != "s3://b/p/x/y" {
		t.Error(got)
	}
	if got := Join("a/b", "x"); got != filepath.Join("a", "b", "x") {
		t.Error(got)
	}
	if _, _, err := Open(t.Context(), "s3:///x"); err == nil {
		t.Error("a URI without a bucket opens")
	}
	t.Setenv(envPathStyle, "perhaps")
	if _, _, err := Open(t.Context(), "s3://b/x"); err == nil || !strings.Contains(err.Error(), envPathStyle) {
		t.Errorf("err = %v", err)
	}
}

func TestLocalNamesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	st, root := open(t, dir)
	put(t, st, root+"/f", "1")
	for name, to := range map[string]string{"dangling": "nowhere", "folder": ".", "link": "f"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	other := map[string]bool{}
	for e, err := range st.List(t.Context(), root) {
		if err != nil {
			t.Fatal(err)
		}
		other[filepath.Base(e.Path)] = e.Other
	}
	for name, want := range map[string]bool{"dangling": true, "folder": true, "link": false, "f": false} {
		if got, ok := other[name]; !ok || got != want {
			t.Errorf("%s: listed %v, other %v", name, ok, got)
		}
	}
	if _, err := st.Open(t.Context(), root+"/folder"); err == nil {
		t.Error("a folder opens")
	}
}

func TestCancelledContext(t *testing.T) {
	backends(t, func(t *testing.T, uri string) {
		st, root := open(t, uri)
		put(t, st, root+"/x", "x")
		ctx, cancel := context.WithCancel(t.Context())
		up, err := st.Create(ctx, root+"/y")
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		_, _ = io.WriteString(up, "y")
		if err := up.Commit(); !errors.Is(err, context.Canceled) {
			t.Errorf("Commit gives %v", err)
		}
		if _, err := st.Open(ctx, root+"/x"); !errors.Is(err, context.Canceled) {
			t.Errorf("Open gives %v", err)
		}
		for _, err := range st.List(ctx, root) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("List gives %v", err)
			}
		}
		if got := list(t, st, root); len(got) != 1 {
			t.Errorf("left: %v", got)
		}
	})
}
