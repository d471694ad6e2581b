package gitdiff

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func lines(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()
}

func TestDiff(t *testing.T) {
	old := map[string]string{"a.star": lines(1, 10), "gone": "x\n", "same": "s", "empty": ""}
	new := map[string]string{"a.star": strings.Replace(lines(1, 10), "line 5\n", "line five\n", 1), "b/new.star": "n", "same": "s", "with space": "w\n"}
	want := `diff --git a/a.star b/a.star
--- a/a.star
+++ b/a.star
@@ -2,7 +2,7 @@
 line 2
 line 3
 line 4
-line 5
+line five
 line 6
 line 7
 line 8
diff --git a/b/new.star b/b/new.star
new file mode 100644
--- /dev/null
+++ b/b/new.star
@@ -0,0 +1,1 @@
+n
\ No newline at end of file
diff --git a/empty b/empty
deleted file mode 100644
diff --git a/gone b/gone
deleted file mode 100644
--- a/gone
+++ /dev/null
@@ -1,1 +0,0 @@
-x
diff --git a/with space b/with space
new file mode 100644
--- /dev/null
+++ b/with space` + "\t" + `
@@ -0,0 +1,1 @@
+w
`
	if d := cmp.Diff(want, Diff(old, new)); d != "" {
		t.Error(d)
	}
	if d := Diff(old, maps.Clone(old)); d != "" {
		t.Errorf("equal trees differ:\n%s", d)
	}
}

// TestRoundTrip holds Apply(old, Diff(old, new)) == new.
func TestRoundTrip(t *testing.T) {
	for _, c := range []struct{ old, new map[string]string }{
		{nil, map[string]string{"a": "1\n"}},
		{map[string]string{"a": "1\n"}, nil},
		{map[string]string{"a": "1"}, map[string]string{"a": "1\n"}},
		{map[string]string{"a": "1\n"}, map[string]string{"a": "1"}},
		{map[string]string{"a": "1\n"}, map[string]string{"a": ""}},
		{map[string]string{"a": ""}, map[string]string{"a": "1\n"}},
		{nil, map[string]string{"a": ""}},
		{map[string]string{"a": ""}, nil},
		{map[string]string{"a": "-- x\n++ y\n"}, map[string]string{"a": "++ y\n-- x\n"}},
		{map[string]string{"a": "x\r\ny\r\n"}, map[string]string{"a": "x\r\nz\r\n"}},
		{map[string]string{"a": "1\n"}, map[string]string{"a/b": "1\n"}},
		{map[string]string{"a/b": "1\n"}, map[string]string{"a": "1\n"}},
		{map[string]string{"é b\"c": "1\n"}, map[string]string{"é b\"c": "2\n"}},
		{map[string]string{"a": lines(1, 100)}, map[string]string{"a": lines(1, 20) + "x\n" + lines(25, 60) + lines(62, 110)}},
		{map[string]string{"a": "@@ -1 +1 @@\n"}, map[string]string{"a": "diff --git a/x b/x\n"}},
	} {
		patch := Diff(c.old, c.new)
		got, err := Apply(c.old, patch)
		if err != nil {
			t.Errorf("%v\n%s", err, patch)
			continue
		}
		if d := cmp.Diff(cloned(c.new), got); d != "" {
			t.Errorf("%s\n%s", d, patch)
		}
	}
}

func TestApplyPlainAndTrimmed(t *testing.T) {
	files := map[string]string{"pkg/a.star": "one\ntwo\nthree\n"}
	want := map[string]string{"pkg/a.star": "one\n2\nthree\n"}
	body := "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three"
	for _, patch := range []string{
		"--- a/pkg/a.star\n+++ b/pkg/a.star\n" + body,
		"--- pkg/a.star\n+++ pkg/a.star\n" + body + "\n",
		"some words first\n\ndiff --git a/pkg/a.star b/pkg/a.star\nindex 123..456 100644\n--- a/pkg/a.star\n+++ b/pkg/a.star\n" + body + "\n",
	} {
		got, err := Apply(files, patch)
		if err != nil {
			t.Errorf("%v\n%s", err, patch)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	if files["pkg/a.star"] != "one\ntwo\nthree\n" {
		t.Error("the tree that was given has changed")
	}
}

func TestApplyRenameAndCopy(t *testing.T) {
	files := map[string]string{"a": "1\n"}
	got, err := Apply(files, "diff --git a/a b/c\nsimilarity index 100%\nrename from a\nrename to c\n")
	if err != nil || got["c"] != "1\n" || len(got) != 1 {
		t.Errorf("rename: %v, %v", got, err)
	}
	got, err = Apply(files, "diff --git a/a b/c\nsimilarity index 100%\ncopy from a\ncopy to c\n")
	if err != nil || got["c"] != "1\n" || got["a"] != "1\n" {
		t.Errorf("copy: %v, %v", got, err)
	}
}

// hostile are patches that must be refused.
var hostile = []string{
	"no patch at all",
	"@@ -1 +1 @@\n-1\n+2\n",
	"diff --git a/a b/a\n",
	"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-0\n+2\n",
	"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,9223372036854775807 +1,9223372036854775807 @@\n-1\n+2\n",
	"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -9223372036854775807,1 +9223372036854775807,1 @@\n-1\n+2\n",
	"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -9000000000000000000,1 +1,1 @@\n-1\n+2\n",
	"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ --5,1 +-5,1 @@\n-1\n+2\n",
	"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-1\n",
	"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n",
	"diff --git a/a b/a\nnew file mode 100644\n--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+2\n",
	"diff --git a/../x b/../x\nnew file mode 100644\n--- /dev/null\n+++ b/../x\n@@ -0,0 +1 @@\n+2\n",
	"diff --git a//etc/x b//etc/x\nnew file mode 100644\n--- /dev/null\n+++ /etc/../../x\n@@ -0,0 +1 @@\n+2\n",
	"--- /dev/null\n+++ /etc/passwd\n@@ -0,0 +1,1 @@\n+2\n",
	"--- /dev/null\n+++ b/../../etc/passwd\n@@ -0,0 +1,1 @@\n+2\n",
	"diff --git a/.git/hooks/x b/.git/hooks/x\nnew file mode 100755\n--- /dev/null\n+++ b/.git/hooks/x\n@@ -0,0 +1 @@\n+2\n",
	"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n",
	"diff --git a/s b/s\nnew file mode 160000\n--- /dev/null\n+++ b/s\n@@ -0,0 +1 @@\n+Subproject commit 1\n",
	"diff --git a/a b/a\nold mode 100644\nnew mode 120000\n",
	"diff --git a/nope b/nope\ndeleted file mode 100644\n",
	"diff --git a/a b/b\nrename from a\nrename to ../b\n",
	"diff --git a/a b/b\nrename from nope\nrename to b\n",
	"diff --git a/a b/a\nindex 1..2 100644\nGIT binary patch\nliteral 3\nKcmZQzU|?imU|;|M0001\n\n",
	"diff --git a/a b/a\nBinary files a/a and b/a differ\n",
	"diff --git a/a/b b/a/b\nnew file mode 100644\n--- /dev/null\n+++ b/a/b\n@@ -0,0 +1 @@\n+2\n",
	"diff --git a/x\x00y b/x\x00y\nnew file mode 100644\n",
	"diff --git \"a/x\\ny\" \"b/x\\ny\"\nnew file mode 100644\n",
	"diff --git \"a/x\" \"b/x\\\nnew file mode 100644\n",
	"diff --git " + strings.Repeat(" ", 1<<20) + "\n",
	strings.Repeat("x", MaxPatchBytes+1),
	"diff --git a/a b/a\nnew mode 777777777777777777777\n",
}

func TestApplyRefuses(t *testing.T) {
	files := map[string]string{"a": "1\n"}
	for i, patch := range hostile {
		got, err := Apply(files, patch)
		if errors.Is(err, ErrPatch) == errors.Is(err, ErrRefused) {
			t.Errorf("%d: %.100q gave %v, %v", i, patch, got, err)
		} else if len(err.Error()) > 2*maxCauseBytes {
			t.Errorf("%d: error of %d bytes", i, len(err.Error()))
		}
	}
}

// TestApplyBoundsCopies holds that a small patch cannot make a huge tree.
func TestApplyBoundsCopies(t *testing.T) {
	files := map[string]string{"a": "x\n" + strings.Repeat("y", 2<<20)}
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "diff --git a/a b/c%d\ncopy from a\ncopy to c%d\n--- a/a\n+++ b/c%d\n@@ -1 +1 @@\n-x\n+y\n", i, i, i)
	}
	if _, err := Apply(files, b.String()); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
}

// TestWhoseFaultItIs holds that a limit of ours is never called a patch that
// does not apply, and the other way round.
func TestWhoseFaultItIs(t *testing.T) {
	files := map[string]string{"a": "1\n"}
	for _, c := range []struct {
		name, patch string
		want        error
	}{
		{"no patch", "I changed the file.", ErrPatch},
		{"another line", "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-2\n+3\n", ErrPatch},
		{"outside", "diff --git a/a b/../a\nrename from a\nrename to ../a\n", ErrPatch},
		{"git's own", "diff --git a/.git/x b/.git/x\nnew file mode 100644\n--- /dev/null\n+++ b/.git/x\n@@ -0,0 +1 @@\n+1\n", ErrPatch},
		{"too large", strings.Repeat("x", MaxPatchBytes+1), ErrRefused},
		{"binary", "diff --git a/a b/a\nBinary files a/a and b/a differ\n", ErrRefused},
		{"a link", "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+x\n", ErrRefused},
	} {
		if _, err := Apply(files, c.patch); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func FuzzApply(f *testing.F) {
	for _, p := range hostile {
		if len(p) < 1<<10 {
			f.Add("a", "1\n", p)
		}
	}
	f.Add("a", lines(1, 20), Diff(map[string]string{"a": lines(1, 20)}, map[string]string{"a": lines(1, 9) + "x\n" + lines(12, 21)}))
	f.Add("a", "1\n", "diff --git a/a b/c\nrename from a\nrename to c\n--- a/a\n+++ b/c\n@@ -1 +1 @@\n-1\n+2\n")
	f.Fuzz(func(t *testing.T, name, content, patch string) {
		files := map[string]string{name: content, "a": "1\n"}
		want := maps.Clone(files)
		got, err := Apply(files, patch)
		if d := cmp.Diff(want, files); d != "" {
			t.Fatalf("the tree that was given has changed: %s", d)
		}
		if err != nil {
			if errors.Is(err, ErrPatch) == errors.Is(err, ErrRefused) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		for p := range got {
			if _, ours := files[p]; !ours && checkPath(p) != nil {
				t.Fatalf("path %q", p)
			}
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add("a\nb\n", "a\nc")
	f.Add("", "\\ No newline at end of file\n")
	f.Add("x", "x\n\\ No newline at end of file\n")
	f.Fuzz(func(t *testing.T, was, is string) {
		old, new := map[string]string{"a/b": was}, map[string]string{"a/b": is, "z": was}
		got, err := Apply(old, Diff(old, new))
		if err != nil {
			t.Fatalf("%v\n%s", err, Diff(old, new))
		}
		if d := cmp.Diff(new, got); d != "" {
			t.Fatal(d)
		}
	})
}

func benchTrees() (old, new map[string]string, size int) {
	old, new = map[string]string{}, map[string]string{}
	for i := range 8 {
		p := fmt.Sprintf("pkg/f%d.star", i)
		old[p], new[p] = lines(1, 60), lines(1, 60)
		size += len(old[p])
	}
	new["pkg/f3.star"] = lines(1, 20) + "changed\n" + lines(22, 60)
	return old, new, size
}

func BenchmarkDiff(b *testing.B) {
	old, new, size := benchTrees()
	b.SetBytes(int64(size))
	for b.Loop() {
		Diff(old, new)
	}
}

func BenchmarkApply(b *testing.B) {
	old, new, size := benchTrees()
	patch := Diff(old, new)
	b.SetBytes(int64(size))
	for b.Loop() {
		if _, err := Apply(old, patch); err != nil {
			b.Fatal(err)
		}
	}
}
