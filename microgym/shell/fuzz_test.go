package shell

import (
	"context"
	"maps"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/gitdiff"
)

// FuzzRun holds that a command line gives the same answer twice, keeps within
// its limits, leaves a sound tree, and never panics.
func FuzzRun(f *testing.F) {
	for _, s := range []string{
		"ls -la | sort -r | head -3", "for f in *; do cat \"$f\"; done", "sed -n '1,2p' shop/pricing.star", "sed -i '2s/a\\(.\\)/\\1b/g;3d' shop/pricing.star", "sed '/a/,/b/{s/x/y/;p}' README.md",
		"grep -rnE 'a|b{2,3}' . | cut -d: -f1,3-", "find . -name '*.star' -exec grep -l def {} +", "x=$((1 << 3)); echo ${x:1} ${x#8} ${x/8/9}", "cat <<EOF > a\n$(ls)\nEOF", "git diff | git apply -",
		"pytest -q --tb=short -k small", "starlark -c 'print(1)'", "f() { echo $1; shift; f \"$@\"; }; f 1 2 3", "case $x in a|b) ;; esac", "[[ a < b && -f x ]]", "printf '%5.2f|%x\\n' 1.5 255", "a=(1 2); echo ${a[@]:0:1} ${!a[@]}",
		"while read -r a b; do echo $b; done < README.md", "tr -d '\\n' < README.md | wc", "seq 3 | xargs -n1 -I{} echo {}", "cp -r shop x && mv x/stock.star . && rm -rf x", "((a=3, b=a**2)); echo $b", "let x=1+1; echo $x ${x@Q}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, command string) {
		a, b := New(shop()), New(shop())
		ra, rb := a.Run(context.Background(), command), b.Run(context.Background(), command)
		if d := cmp.Diff(ra, rb); d != "" || ra.Err != nil {
			t.Fatalf("twice is not the same: %v %s", ra.Err, d)
		}
		if d := cmp.Diff(a.Files(), b.Files()); d != "" {
			t.Fatalf("twice is not the same tree: %s", d)
		}
		if len(ra.Output) > maxOutputBytes+1000 || ra.Code < 0 || ra.Code > 255 {
			t.Fatalf("%d bytes, code %d", len(ra.Output), ra.Code)
		}
		sound(t, a)
	})
}

// sound checks what must always hold for a tree.
func sound(t *testing.T, w *Workspace) {
	t.Helper()
	bytes := 0
	for p, text := range w.tree.files {
		bytes += len(text)
		if p != path.Clean(p) || !strings.HasPrefix(p, "/") || w.tree.dirs[p] || !w.tree.dirs[path.Dir(p)] {
			t.Fatalf("path %q", p)
		}
	}
	if bytes != w.tree.bytes || bytes > maxTreeBytes {
		t.Fatalf("%d bytes, counted %d", bytes, w.tree.bytes)
	}
	for p := range w.tree.repo() {
		if strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f || r == 0xfffd }) || strings.Contains(p, ".git") {
			return // names that a patch refuses
		}
		for _, r := range p {
			if r >= 0x80 {
				return
			}
		}
	}
	got, err := gitdiff.Apply(w.base, w.Diff())
	if err != nil {
		t.Fatalf("diff does not apply: %v\n%s", err, w.Diff())
	}
	if !maps.Equal(got, w.Files()) {
		t.Fatal("diff gives another tree")
	}
}

// FuzzCall holds the same of tool calls.
func FuzzCall(f *testing.F) {
	f.Add("view", `{"path":"README.md","start":1,"end":2}`)
	f.Add("create", `{"path":"a/b","content":"x"}`)
	f.Add("str_replace", `{"path":"README.md","old_str":"s","new_str":"t"}`)
	f.Add("search", `{"pattern":"a+(b|c)"}`)
	f.Add("run_tests", `{"paths":["tests"]}`)
	f.Add("run", `{"code":"print(1)"}`)
	f.Fuzz(func(t *testing.T, name, args string) {
		w := New(shop())
		if r := w.Call(context.Background(), name, args); r.Err != nil || len(r.Output) > maxOutputBytes+1000 {
			t.Fatalf("%v, %d bytes", r.Err, len(r.Output))
		}
		sound(t, w)
		w.Call(context.Background(), "undo", "")
		sound(t, w)
	})
}
