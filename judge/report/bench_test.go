package report

import (
	"context"
	"testing"
)

// BenchmarkRender makes the page and every picture of a large evaluation; its
// bytes are those that are written.
func BenchmarkRender(b *testing.B) {
	e := largeWorld(b).build().evidence(everything()...)
	var bytes int64
	for b.Loop() {
		files, _, err := e.render(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		bytes = 0
		for _, f := range files {
			bytes += int64(len(f.content))
		}
		b.SetBytes(bytes)
	}
}

// BenchmarkPage makes the page alone.
func BenchmarkPage(b *testing.B) {
	e := largeWorld(b).build().evidence(everything()...)
	for b.Loop() {
		page, err := e.page()
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(page)))
	}
}
