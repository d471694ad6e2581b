package archive

import (
	"context"
	"io"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
)

func TestRealArchives(t *testing.T) {
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
