package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/swerm/swerm/internal/testpath"
)

type entry struct {
	name string
	kind byte
	body string
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Size: int64(len(e.body)), Mode: 0o600}
		if e.kind != tar.TypeReg {
			h.Size, h.Linkname = 0, "../../etc/passwd"
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.body)[:h.Size]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pack compresses data as the suffix says.
func pack(t testing.TB, suffix string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch suffix {
	case "":
		return data
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".zst":
		w, err = zstd.NewWriter(&b)
	case ".xz":
		w, err = xz.WriterConfig{BlockSize: 1 << 16}.NewWriter(&b)
	case ".one.xz":
		w, err = xz.NewWriter(&b)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t testing.TB, elems ...string) string {
	t.Helper()
	p := filepath.Join(elems[:len(elems)-1]...)
	if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(elems[len(elems)-1]), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// list walks a root and writes one line per member.
func list(t testing.TB, root string, lim Limits) []string {
	t.Helper()
	var lines []string
	for m, err := range Walk(context.Background(), root, lim) {
		switch {
		case err != nil:
			var me *MemberError
			if !errors.As(err, &me) {
				lines = append(lines, "walk ends: "+err.Error())
				continue
			}
			lines = append(lines, fmt.Sprintf("%s: error, fatal %v", me.Path, me.Fatal))
		case m.Irregular:
			lines = append(lines, m.Path+": irregular")
		default:
			b, err := m.Read(nil, 1<<20)
			if err != nil {
				lines = append(lines, m.Path+": "+err.Error())
				continue
			}
			lines = append(lines, fmt.Sprintf("%s: %d", m.Path, len(b)))
		}
	}
	return lines
}

func TestArchivesAreKnownByContent(t *testing.T) {
	noise := make([]byte, 300_000) // several blocks
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(noise)
	data := tarOf(t, entry{"run/b.json", tar.TypeReg, "{}"}, entry{"run/a.bin", tar.TypeReg, string(noise)},
		entry{"run", tar.TypeDir, ""}, entry{"run/link", tar.TypeSymlink, ""}, entry{"./run/./c", tar.TypeReg, "x"})
	want := []string{"run/b.json: 2", "run/a.bin: 300000", "run/link: irregular", "run/c: 1"}
	for _, suffix := range []string{"", ".gz", ".zst", ".xz", ".one.xz"} {
		p := write(t, t.TempDir(), "any.name", string(pack(t, suffix, data)))
		if d := cmp.Diff(want, list(t, p, Limits{})); d != "" {
			t.Errorf("%s: %s", suffix, d)
		}
	}
}

func TestMembersThatLeaveTheRootAreErrors(t *testing.T) {
	p := write(t, t.TempDir(), "x.tar", string(tarOf(t, entry{"../../evil", tar.TypeReg, "x"}, entry{"/etc/evil", tar.TypeReg, "x"},
		entry{"a/../../evil", tar.TypeReg, "x"}, entry{strings.Repeat("d/", MaxPathDepth+1) + "f", tar.TypeReg, "x"}, entry{"good", tar.TypeReg, "x"})))
	got := list(t, p, Limits{})
	if len(got) != 5 || got[4] != "good: 1" {
		t.Fatalf("%q", got)
	}
	for _, line := range got[:4] {
		if !strings.HasSuffix(line, "error, fatal false") {
			t.Error(line)
		}
	}
}

func TestWhatIsBeforeACutIsRead(t *testing.T) {
	var entries []entry
	noise := make([]byte, 16<<10) // what does not compress is cut in the middle
	r := rand.NewChaCha8([32]byte{})
	for i := range 20 {
		_, _ = r.Read(noise)
		entries = append(entries, entry{fmt.Sprintf("f%02d", i), tar.TypeReg, string(noise)})
	}
	data := tarOf(t, entries...)
	for _, suffix := range []string{"", ".gz", ".zst", ".xz", ".one.xz"} {
		packed := pack(t, suffix, data)
		p := write(t, t.TempDir(), "x", string(packed[:len(packed)*2/3]))
		got := list(t, p, Limits{})
		if len(got) < 3 || len(got) >= 20 || !strings.HasPrefix(got[0], "f00: ") {
			t.Errorf("%s: %d members: %q", suffix, len(got), got)
		}
		if last := got[len(got)-1]; !strings.Contains(last, "fatal true") {
			t.Errorf("%s: the cut is not reported: %s", suffix, last)
		}
	}
}

func TestBombsAreCutOff(t *testing.T) {
	zeros := bytes.Repeat([]byte{0}, 3<<19)
	for _, suffix := range []string{".gz", ".zst", ".xz", ".one.xz"} {
		p := write(t, t.TempDir(), "x"+suffix, string(pack(t, suffix, zeros)))
		for name, lim := range map[string]Limits{"ratio": {Ratio: 100, RatioFloor: 1 << 20}, "bytes": {StreamBytes: 1 << 20}} {
			n := int64(0)
			for m, err := range Walk(context.Background(), p, lim) {
				if err != nil {
					continue // unpacked ahead of the first member
				}
				r, err := m.Open()
				if err != nil {
					t.Fatal(err)
				}
				if n, err = io.Copy(io.Discard, r); !errors.Is(err, ErrBomb) {
					t.Errorf("%s %s: %v", suffix, name, err)
				}
				r.Close()
			}
			if n > 1<<20 {
				t.Errorf("%s %s: %d bytes came out", suffix, name, n)
			}
		}
		if got := list(t, p, Limits{}); len(got) != 1 || !strings.Contains(got[0], "limit") {
			t.Errorf("%s: %q", suffix, got)
		}
	}
}

func TestDirectoriesAreSortedAndLinksNotFollowed(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b", "2.json", "22")
	write(t, dir, "b", "1.json", "1")
	write(t, dir, "a.txt", "abc")
	write(t, dir, "c.json.gz", string(pack(t, ".gz", []byte("12345"))))
	write(t, dir, "d.tar.zst", string(pack(t, ".zst", tarOf(t, entry{"in/x", tar.TypeReg, "xx"}))))
	outside := write(t, t.TempDir(), "secret", "s")
	if err := os.Symlink(outside, filepath.Join(dir, "b", "0.json")); err != nil {
		t.Skip(err)
	}
	for root, want := range map[string][]string{
		dir:                              {"a.txt: 3", "b/0.json: irregular", "b/1.json: 1", "b/2.json: 2", "c.json.gz: 5", "d.tar.zst/in/x: 2"},
		filepath.Join(dir, "*", "*.js*"): {"b/0.json: irregular", "b/1.json: 1", "b/2.json: 2"},
		filepath.Join(dir, "**", "2.*"):  {"b/2.json: 2"},
		filepath.Join(dir, "a.txt"):      {"a.txt: 3"},
		filepath.Join(dir, "c.json.gz"):  {"c.json.gz: 5"},
	} {
		if d := cmp.Diff(want, list(t, root, Limits{})); d != "" {
			t.Errorf("%s: %s", root, d)
		}
	}
	if got := list(t, filepath.Join(dir, "absent"), Limits{}); len(got) != 1 || !strings.HasPrefix(got[0], "walk ends") {
		t.Errorf("%q", got)
	}
}

func TestMembersAreReadAfterTheWalk(t *testing.T) {
	dir := t.TempDir()
	want := map[string]string{"a/b/deep.json": "deep", "a/one.json": "one", "z.json": "last"}
	for p, text := range want {
		write(t, slices.Concat([]string{dir}, strings.Split(p, "/"), []string{text})...)
	}
	var members []Member
	for m, err := range Walk(t.Context(), dir, Limits{}) {
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, m)
	}
	got := map[string]string{}
	for _, m := range members {
		text, err := m.Read(nil, 100)
		if err != nil {
			t.Errorf("%s: %v", m.Path, err)
		}
		got[m.Path] = string(text)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// shelf is a Place in memory.
type shelf map[string]string

type book struct{ *strings.Reader }

func (book) Close() error { return nil }

func (s shelf) Open(_ context.Context, p string) (File, error) {
	text, ok := s[p]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return book{strings.NewReader(text)}, nil
}

func (s shelf) List(_ context.Context, folder string) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		for _, p := range slices.Sorted(maps.Keys(s)) {
			if p == folder || strings.HasPrefix(p, folder+"/") {
				if !yield(Listed{Path: p, Size: int64(len(s[p]))}, nil) {
					return
				}
			}
		}
	}
}

func TestPlacesAreWalkedLikeDirectories(t *testing.T) {
	s := shelf{"in/a/1.json": "1", "in/a/../../evil": "x", "in/b.tar.gz": string(pack(t, ".gz", tarOf(t, entry{"m", tar.TypeReg, "mm"}))),
		"in/c.zst": string(pack(t, ".zst", []byte("123"))), "other": "x"}
	for root, want := range map[string][]string{
		"in":          {"a/../../evil: error, fatal false", "a/1.json: 1", "b.tar.gz/m: 2", "c.zst: 3"},
		"in/b.tar.gz": {"m: 2"},
		"in/a/1.json": {"1.json: 1"},
	} {
		var got []string
		for m, err := range WalkPlace(context.Background(), s, root, Limits{}) {
			var me *MemberError
			if errors.As(err, &me) {
				got = append(got, fmt.Sprintf("%s: error, fatal %v", me.Path, me.Fatal))
				continue
			}
			b, err := m.Read(nil, 100)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%s: %d", m.Path, len(b)))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", root, d)
		}
	}
}

func TestRootName(t *testing.T) {
	for in, want := range map[string]string{"a.tar.xz": "a", "a.tgz": "a", "a.b": "a.b", "a.tar": "a", "a.json.gz": "a.json"} {
		if got := RootName(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestReadAtTheLimit(t *testing.T) {
	p := write(t, t.TempDir(), "x.gz", string(pack(t, ".gz", bytes.Repeat([]byte("a"), 1000))))
	for m, err := range Walk(context.Background(), p, Limits{}) {
		if err != nil {
			t.Fatal(err)
		}
		if b, err := m.Read(nil, 1000); err != nil || len(b) != 1000 {
			t.Errorf("at the limit: %d, %v", len(b), err)
		}
		if _, err := m.Read(nil, 999); !errors.Is(err, ErrTooLarge) {
			t.Errorf("past the limit: %v", err)
		}
	}
}

func TestWalkEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	for i := range 10 {
		write(t, dir, fmt.Sprint(i), "x")
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	for _, err := range Walk(ctx, dir, Limits{}) {
		if n++; n == 3 {
			cancel()
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if n > 4 {
		t.Errorf("%d members after the cancel", n)
	}
}

func TestRealArchives(t *testing.T) {
	testpath.Soak(t) // unpacks 150 MB; the importer's own test reads them too
	for name, want := range map[string]int{"mini-gemini-3-pro": 806, "mini-deepseek-chat": 589} {
		files := 0
		for m, err := range Walk(context.Background(), testpath.Real(t, "packed", name+".tar.xz"), Limits{}) {
			if err != nil {
				t.Fatal(err)
			}
			files++
			r, err := m.Open()
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, r)
			if err != nil || n != m.Size {
				t.Fatalf("%s: %d bytes of %d, %v", m.Path, n, m.Size, err)
			}
		}
		if files != want {
			t.Errorf("%s: %d files, want %d", name, files, want)
		}
	}
}

func FuzzWalk(f *testing.F) {
	data := tarOf(f, entry{"a/b.json", tar.TypeReg, "{}"}, entry{"l", tar.TypeSymlink, ""})
	for _, suffix := range []string{"", ".gz", ".zst", ".xz", ".one.xz"} {
		f.Add(pack(f, suffix, data))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		p := filepath.Join(dir, "x")
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for m, err := range Walk(context.Background(), p, Limits{StreamBytes: 8 << 20}) {
			if err != nil || m.Irregular {
				continue
			}
			if strings.HasPrefix(m.Path, "/") || strings.Contains("/"+m.Path+"/", "/../") {
				t.Fatalf("path %q", m.Path)
			}
			_, _ = m.Read(nil, 1<<20)
		}
	})
}

func BenchmarkWalk(b *testing.B) {
	var entries []entry
	for i := range 64 {
		entries = append(entries, entry{fmt.Sprint("run/", i), tar.TypeReg, strings.Repeat(fmt.Sprint(i, " a line of output that repeats\n"), 4000)})
	}
	data := tarOf(b, entries...)
	for _, suffix := range []string{".gz", ".zst", ".xz"} {
		b.Run(suffix[1:], func(b *testing.B) {
			p := write(b, b.TempDir(), "x", string(pack(b, suffix, data)))
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if n := len(list(b, p, Limits{})); n != 64 {
					b.Fatal(n)
				}
			}
		})
	}
}

// What follows the end mark says whether all before it was whole.
func TestWhatFollowsTheEndOfAnArchiveIsRead(t *testing.T) {
	data := tarOf(t, entry{"a", tar.TypeReg, "x"})
	gz := pack(t, ".gz", data)
	sum := bytes.Clone(gz)
	sum[len(sum)-8] ^= 1
	zst := pack(t, ".zst", data)
	cases := map[string]struct {
		data []byte
		bad  bool
	}{
		"zeros":              {append(bytes.Clone(data), make([]byte, 100_000)...), false},
		"another archive":    {append(bytes.Clone(data), data...), true},
		"gzip whole":         {gz, false},
		"gzip two":           {append(bytes.Clone(gz), gz...), true},
		"gzip without sum":   {gz[:len(gz)-8], true},
		"gzip, another sum":  {sum, true},
		"zstd and something": {append(bytes.Clone(zst), "something"...), true},
	}
	for name, c := range cases {
		got := list(t, write(t, t.TempDir(), "x", string(c.data)), Limits{})
		want := []string{"a: 1"}
		if c.bad {
			want = append(want, "x: error, fatal true")
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// A header can say anything of its member's size.
func TestMembersPastTheLimitEndTheirArchive(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{{Name: "a", Size: 0, Mode: 0o600}, {Name: "b", Size: 1<<62 + 1, Mode: 0o600, Format: tar.FormatGNU}} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	got := list(t, write(t, t.TempDir(), "x.tar", b.String()), Limits{})
	if d := cmp.Diff([]string{"a: 0", "x.tar: error, fatal true"}, got); d != "" {
		t.Error(d)
	}
}

// zipOf writes members with their names as they are given.
func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.kind == tar.TypeSymlink {
			h.SetMode(fs.ModeSymlink | 0o777)
		}
		m, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Write([]byte(e.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestZipMembers(t *testing.T) {
	packed := zipOf(t, entry{"a/one", tar.TypeReg, "1"}, entry{"../out", tar.TypeReg, "x"}, entry{"/abs", tar.TypeReg, "x"}, entry{"link", tar.TypeSymlink, "/etc/passwd"},
		entry{"a/one", tar.TypeReg, "again"}, entry{"b/two", tar.TypeReg, "22"})
	dir := t.TempDir()
	write(t, dir, "x.zip", string(packed))
	write(t, dir, "y.zip", string(packed[:len(packed)-30]))
	want := []string{"x.zip/a/one: 1", "x.zip/../out: error, fatal false", "x.zip//abs: error, fatal false", "x.zip/link: irregular",
		"x.zip/a/one: error, fatal false", "x.zip/b/two: 2", "y.zip: error, fatal true"}
	if d := cmp.Diff(want, list(t, dir, Limits{})); d != "" {
		t.Error(d)
	}
}

func TestZipBombsAreCutOff(t *testing.T) {
	dir := t.TempDir()
	p := write(t, dir, "x.zip", string(zipOf(t, entry{"zeros", tar.TypeReg, strings.Repeat("\x00", 1<<20)})))
	got := list(t, p, Limits{RatioFloor: 1 << 19, Ratio: 100})
	if len(got) != 1 || !strings.Contains(got[0], "unpacks to more") {
		t.Errorf("%q", got)
	}
}

// What lies beside a member is found from a folder and from a zip archive.
func TestFilesBesideAMember(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string]string{"t/a/x.json": "x", "t/a/args": "beside", "t/a/ev/2.json": "two", "t/a/ev/1.json": "one", "t/b/other": "o"} {
		write(t, dir, name, body)
	}
	write(t, dir, "t.zip", string(zipOf(t, entry{"a/x.json", tar.TypeReg, "x"}, entry{"a/args", tar.TypeReg, "beside"}, entry{"a/ev/2.json", tar.TypeReg, "two"},
		entry{"a/ev/1.json", tar.TypeReg, "one"}, entry{"b/other", tar.TypeReg, "o"})))
	for _, root := range []string{"t", "t.zip"} {
		seen := false
		for m, err := range Walk(t.Context(), filepath.Join(dir, root), Limits{}) {
			if err != nil {
				t.Fatal(err)
			}
			if m.Path != "a/x.json" {
				continue
			}
			seen = true
			read := func(rel string) string {
				r, err := m.OpenBeside(rel)
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				b, _ := io.ReadAll(r)
				return string(b)
			}
			if up := read("../b/other"); up != "o" {
				t.Errorf("%s: %q", root, up)
			}
			b := read("args")
			if names := m.GlobBeside("ev/*.json"); b != "beside" || !slices.Equal(names, []string{"ev/1.json", "ev/2.json"}) {
				t.Errorf("%s: %q %q", root, b, names)
			}
			for _, out := range []string{"../../t.zip", "../b/../../t.zip", "/etc/passwd", "none"} {
				if r, err := m.OpenBeside(out); err == nil {
					r.Close()
					t.Errorf("%s: %s is open", root, out)
				}
			}
		}
		if !seen {
			t.Errorf("%s: no a/x.json", root)
		}
	}
}
