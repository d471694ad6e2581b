package nebius_test

import (
	"flag"
	"testing"

	"github.com/swerm/swerm/sources/nebius"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	t.Helper()
	return sourcetest.Files(t, "testdata/*.json", "nightly")
}

func TestContract(t *testing.T) { sourcetest.Run(t, nebius.Format{}, samples(t)) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, nebius.Format{}, samples(f)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, nebius.Format{}, samples(t), *update) }
