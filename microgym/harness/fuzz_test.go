package harness

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzRunSource holds that a program gives the same twice, within its limits.
func FuzzRunSource(f *testing.F) {
	for _, src := range hostile {
		if len(src) < 1000 {
			f.Add(src)
		}
	}
	for _, src := range shop() {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		files := map[string]string{"x.star": "y = [1]\n"}
		l := Limits{Steps: 20_000}
		a, err1 := ExecSource(context.Background(), files, src, l)
		b, err2 := ExecSource(context.Background(), files, src, l)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if d := cmp.Diff(a, b); d != "" && !strings.Contains(src, "hash") {
			t.Fatalf("twice is not the same: %s", d)
		}
		if a.Steps > 30_000 {
			t.Fatalf("%d steps", a.Steps)
		}
	})
}

// FuzzRewrite holds that paying for work changes nothing else: what a program
// prints is what the plain interpreter prints.
func FuzzRewrite(f *testing.F) {
	for _, src := range samples {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if strings.Contains(src, "hash") || len(src) > 2_000 {
			return
		}
		compare(t, src)
	})
}

// FuzzText holds that reports of any test file can be rendered, with every
// test in them.
func FuzzText(f *testing.F) {
	for _, src := range shop() {
		f.Add(src)
	}
	f.Add("def test_a(): fail('x\\n' * 3)\ndef test_b(x): pass\ndef test_c(*a): print(a)\n")
	f.Fuzz(func(t *testing.T, src string) {
		files := map[string]string{"tests/test_x.star": src, "shelf/pricing.star": "def total(x): return x\n"}
		r, err := RunTests(context.Background(), files, TestOptions{Limits: Limits{Steps: 5_000, TotalSteps: 20_000}})
		if err != nil {
			t.Fatal(err)
		}
		text := r.Text(Verbosity{Level: Verbose, All: true})
		for _, res := range r.Results {
			if !strings.Contains(text, "\n"+res.ID+" "+strings.ToUpper(string(res.Outcome))) {
				t.Fatalf("%s is missing\n%s", res.ID, text)
			}
		}
		for _, tb := range []Traceback{LongTraceback, ShortTraceback, LineTraceback, NoTraceback} {
			_ = r.Text(Verbosity{Traceback: tb})
		}
	})
}
