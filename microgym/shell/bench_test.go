package shell

import (
	"context"
	"testing"
)

func BenchmarkRun(b *testing.B) {
	for _, c := range []struct{ name, command string }{
		{"echo", "echo hi"},
		{"view", "sed -n '1,40p' shop/pricing.star"},
		{"pipe", "grep -rn price shop | sort | head -3"},
		{"edit", "sed -i 's/ + 1$//' shop/pricing.star && git diff"},
		{"heredoc", "cat > /tmp/t.star <<'EOF'\nload('shop/pricing.star', 'price_after')\nprint(price_after(1, 2))\nEOF\nstarlark /tmp/t.star"},
		{"tests", "pytest -q --tb=short"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.command)))
			b.ReportAllocs()
			files := shop()
			for b.Loop() {
				if r := New(files).Run(context.Background(), c.command); r.Err != nil {
					b.Fatal(r.Err)
				}
			}
		})
	}
}

func BenchmarkCall(b *testing.B) {
	const args = `{"path":"shop/pricing.star","old_str":"cut + 1","new_str":"cut"}`
	b.SetBytes(int64(len(args)))
	files := shop()
	for b.Loop() {
		if r := New(files).Call(context.Background(), "str_replace", args); r.Code != 0 {
			b.Fatal(r.Output)
		}
	}
}
