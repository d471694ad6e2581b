package zstdfast

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
)

// TestGenerated runs the generator's own test that the committed assembly is
// what it writes. The generator is in a module of its own, which has to resolve.
func TestGenerated(t *testing.T) {
	testpath.Soak(t)
	list := exec.Command("go", "list", "-deps", "./zstdfast")
	list.Dir = filepath.Join(testpath.Root(), "tools", "asmgen")
	if out, err := list.CombinedOutput(); err != nil {
		t.Skipf("the generator's module does not resolve here: %v\n%s", err, out)
	}
	test := exec.Command("go", "test", "./zstdfast")
	test.Dir = list.Dir
	if out, err := test.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
