package sharegpt_test

import (
	"flag"
	"testing"

	"github.com/swerm/swerm/sources/sharegpt"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	t.Helper()
	return sourcetest.Files(t, "testdata/*.json", "nightly")
}

func TestContract(t *testing.T) { sourcetest.Run(t, sharegpt.Format{}, samples(t)) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, sharegpt.Format{}, samples(f)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, sharegpt.Format{}, samples(t), *update) }
