package sourcetest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/sources/audit"
	"github.com/swerm/swerm/sources/format"
)

// Files reads samples that match a pattern; folder is where their URIs say they
// lie.
func Files(t testing.TB, pattern, folder string) []Sample {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: no samples (%v)", pattern, err)
	}
	var all []Sample
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Sample{Name: filepath.Base(name), URI: folder + "/" + filepath.Base(name), Data: data})
	}
	return all
}

// Golden compares the records of samples with testdata/NAME.golden, and writes
// those files instead where update is set.
func Golden(t *testing.T, f format.Format, samples []Sample, update bool) {
	for _, s := range samples {
		got := Render(decode(t, f, s, s.Data))
		golden := filepath.Join("testdata", s.Name+".golden")
		if update {
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

// Lossless decodes a document and reports each leaf that stands neither in a
// record nor under a fate. The records are returned, already held to the law.
func Lossless(t *testing.T, f format.Format, d format.Document) []*format.Record {
	t.Helper()
	var recs []*format.Record
	for r, err := range f.Decode(d) {
		if err != nil {
			t.Fatalf("%s: %v", d.URI, err)
		}
		recs = append(recs, r)
	}
	lawful(t, recs)
	report, err := audit.Compare(d.Data, recs, f.Fates())
	if err != nil {
		t.Fatalf("%s: %v", d.URI, err)
	}
	for i, l := range report.Lost {
		if i == 20 {
			t.Errorf("%s: and %d more", d.URI, len(report.Lost)-i)
			break
		}
		t.Errorf("%s: %s is lost: %.80q", d.URI, l.Path, l.Value)
	}
	return recs
}
