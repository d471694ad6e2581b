package verifier_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/sourcetest"
	"github.com/swerm/swerm/sources/verifier"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	var all []sourcetest.Sample
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sourcetest.Sample{Name: filepath.Base(f), URI: "nightly/" + filepath.Base(f), Data: data, FromContents: true})
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, verifier.Format{}, samples(t)) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, verifier.Format{}, samples(f)) }

func TestGolden(t *testing.T) {
	for _, s := range samples(t) {
		var recs []*format.Record
		for r, err := range (verifier.Format{}).Decode(format.Document{URI: s.URI, Data: s.Data}) {
			if err != nil {
				t.Fatal(s.Name, err)
			}
			recs = append(recs, r)
		}
		got := sourcetest.Render(recs)
		golden := filepath.Join("testdata", s.Name+".golden")
		if *update {
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: rewrite with -update if this is meant\n%s", s.Name, cmp.Diff(string(want), string(got)))
		}
	}
}
