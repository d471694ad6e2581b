package harness

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// suiteOf is shop with n passing tests.
func suiteOf(n int) (map[string]string, int) {
	files := shop()
	delete(files, "tests/test_stock.star")
	var b strings.Builder
	b.WriteString("load('shelf/pricing.star', 'price_after', 'total')\n")
	for i := range n {
		fmt.Fprintf(&b, "def test_n%d():\n    assert_eq(total([('a', %d), ('b', 2), ('old c', 3)]), %d)\n", i, i, i+2)
	}
	files["tests/test_pricing.star"] = b.String()
	size := 0
	for _, src := range files {
		size += len(src)
	}
	return files, size
}

func BenchmarkRunTests(b *testing.B) {
	files, size := suiteOf(12)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		r, err := RunTests(context.Background(), files, TestOptions{})
		if err != nil || !r.Passed() {
			b.Fatal(err, r.Text(Verbosity{}))
		}
	}
}

func BenchmarkRunTestsEdited(b *testing.B) {
	files, size := suiteOf(12)
	src := files["shelf/pricing.star"]
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		files["shelf/pricing.star"] = fmt.Sprintf("%s\n# %d\n", src, i)
		if r, err := RunTests(context.Background(), files, TestOptions{}); err != nil || !r.Passed() {
			b.Fatal(err)
		}
	}
}

func BenchmarkText(b *testing.B) {
	r, err := RunTests(context.Background(), shop(), TestOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(r.Text(Verbosity{}))))
	for b.Loop() {
		_ = r.Text(Verbosity{Level: Verbose, All: true})
	}
}

func BenchmarkEval(b *testing.B) {
	exprs := make([]string, 20)
	size := 0
	for i := range exprs {
		exprs[i] = fmt.Sprintf("total([('a', %d), ('b', 2)])", i)
		size += len(exprs[i])
	}
	files := shop()
	b.SetBytes(int64(size))
	for b.Loop() {
		if _, err := Eval(context.Background(), files, "load('shelf/pricing.star', 'total')", exprs, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
