// Package testpath finds what tests read but the repository does not hold:
// real trajectories and reference numbers that lie beside the checkout. A test
// whose material is absent skips and says how to get it; it never passes by
// not looking.
package testpath

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Root returns the module root of this checkout.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Real returns a path inside the folder of real trajectories, which SWERM_REAL
// names and which otherwise is ../shared/real beside the checkout.
func Real(t testing.TB, elem ...string) string {
	t.Helper()
	return find(t, "SWERM_REAL", filepath.Join("..", "shared", "real"), elem)
}

// Golden returns a path inside the folder of reference numbers, which
// SWERM_GOLDEN names and which otherwise is ../shared/golden beside the checkout.
func Golden(t testing.TB, elem ...string) string {
	t.Helper()
	return find(t, "SWERM_GOLDEN", filepath.Join("..", "shared", "golden"), elem)
}

// Soak skips a test that takes minutes unless SWERM_SOAK=1, as `make soak` sets it.
func Soak(t testing.TB) {
	t.Helper()
	if os.Getenv("SWERM_SOAK") != "1" {
		t.Skip("takes minutes: set SWERM_SOAK=1 or run `make soak`")
	}
}

func find(t testing.TB, env, fallback string, elem []string) string {
	t.Helper()
	root := os.Getenv(env)
	if root == "" {
		root = filepath.Join(Root(), fallback)
	}
	if !filepath.IsAbs(root) {
		root = filepath.Join(Root(), root)
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is absent: set %s to the folder that holds it", path, env)
	}
	return path
}
