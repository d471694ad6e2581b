package verifier_test

import (
	"flag"
	"testing"

	"github.com/swerm/swerm/sources/sourcetest"
	"github.com/swerm/swerm/sources/verifier"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	t.Helper()
	all := sourcetest.Files(t, "testdata/*.json", "nightly")
	for i := range all {
		all[i].FromContents = true
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, verifier.Format{}, samples(t)) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, verifier.Format{}, samples(f)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, verifier.Format{}, samples(t), *update) }
