package program

import (
	"context"
	"fmt"
	"testing"

	"github.com/swerm/swerm/microgym/harness"
)

// TestHarnessRunsEveryCase holds that the world's own runner agrees with
// go.starlark.net about every case: its limits and its builtins stop none.
func TestHarnessRunsEveryCase(t *testing.T) {
	for _, tm := range Templates() {
		p := drawn(tm, 2)
		for _, f := range p.Funcs {
			values, err := harness.Eval(context.Background(), p.Files, fmt.Sprintf("load(%q, %q)\n", f.File, f.Name), f.Cases, harness.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			want, _ := newTree(p.Files).answers(f)
			for i, v := range values {
				if v.Err != "" || v.Repr != want[i] {
					t.Errorf("%s: %s = %s %s, want %s", tm.Name, f.Cases[i], v.Repr, v.Err, want[i])
				}
			}
		}
	}
}
