package kernel

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
)

// TestGenerated runs the generator's own test that the committed assembly is
// what it writes. The generator is a module of its own, which takes a while to
// build and has to resolve.
func TestGenerated(t *testing.T) {
	testpath.Soak(t)
	dir := filepath.Join(testpath.Root(), "tools", "asmgen")
	list := exec.Command("go", "list", "-deps", ".")
	list.Dir = dir
	if out, err := list.CombinedOutput(); err != nil {
		t.Skipf("the generator's module does not resolve here: %v\n%s", err, out)
	}
	test := exec.Command("go", "test", ".")
	test.Dir = dir
	if out, err := test.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
