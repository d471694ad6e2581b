package openai_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/openai"
	"github.com/swerm/swerm/sources/sourcetest"
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
		s := sourcetest.Sample{Name: filepath.Base(f), URI: "nightly/" + filepath.Base(f), Data: data}
		if bytes.Contains(data, []byte(`"properties"`)) || bytes.Contains(data, []byte(`"arguments": {`)) || bytes.Contains(data, []byte(`"input": {`)) {
			s.OpenKeys = []string{"tools", "arguments", "input"}
		}
		s.FromContents = bytes.Contains(data, []byte("tool_result")) || bytes.Contains(data, []byte("judgement"))
		all = append(all, s)
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, openai.Format{}, samples(t)) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, openai.Format{}, samples(f)) }

func TestGolden(t *testing.T) {
	for _, s := range samples(t) {
		var recs []*format.Record
		for r, err := range (openai.Format{}).Decode(format.Document{URI: s.URI, Data: s.Data}) {
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
