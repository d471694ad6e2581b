package openai_test

import (
	"bytes"
	"flag"
	"testing"

	"github.com/swerm/swerm/sources/openai"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	t.Helper()
	all := sourcetest.Files(t, "testdata/*.json", "nightly")
	for i := range all {
		s := &all[i]
		if bytes.Contains(s.Data, []byte(`"properties"`)) || bytes.Contains(s.Data, []byte(`"arguments": {`)) || bytes.Contains(s.Data, []byte(`"input": {`)) {
			s.OpenKeys = []string{"tools", "arguments", "input"}
		}
		s.FromContents = bytes.Contains(s.Data, []byte("tool_result")) || bytes.Contains(s.Data, []byte("judgement"))
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, openai.Format{}, samples(t)) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, openai.Format{}, samples(f)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, openai.Format{}, samples(t), *update) }
