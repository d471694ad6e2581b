package openai_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/openai"
	"github.com/swerm/swerm/sources/sourcetest"
)

// generatedRow writes a row as public sets write them: calls, observations of a
// few kilobytes, schemas, a patch and the log of the tests.
func generatedRow(turns int) []byte {
	var b strings.Builder
	code := strings.Repeat(`    def purr(self, volume):\n        return \"a line of code\" + str(volume)\n`, 24)
	b.WriteString(`{"instance_id":"octo__cat-7","run_id":"acme-rocket-1_maxiter_30_N_v2.1","resolved":false,"messages":[{"role":"system","content":"` + code + `"},{"role":"user","content":"Fix it."}`)
	for i := range turns {
		fmt.Fprintf(&b, `,{"content":"Step %d.","function_call":null,"name":null,"role":"assistant","tool_call_id":null,"tool_calls":[{"function":{"arguments":"{\"command\": \"cat cat/purr.py\"}","name":"execute_bash"},"id":"call_%d","index":null,"type":"function"}]}`, i, i)
		fmt.Fprintf(&b, `,{"content":"OBSERVATION:\n%s","function_call":null,"name":"execute_bash","role":"tool","tool_call_id":"call_%d","tool_calls":null}`, code, i)
	}
	tool := `{"type":"function","function":{"name":"execute_bash","description":"` + code + `","parameters":{"type":"object","properties":{"command":{"type":"string"}}}}}`
	fmt.Fprintf(&b, `],"tools":[%s,%s],"test_result":{"git_patch":"diff --git a/cat/purr.py b/cat/purr.py\n","report":{"resolved":false},"test_output":"%s"}}`, tool, tool, strings.Repeat(code, 4))
	return []byte(b.String())
}

func decodeAll(b *testing.B, row []byte) {
	for _, err := range (openai.Format{}).Decode(format.Document{URI: "rows.jsonl", Data: row}) {
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	row := generatedRow(60)
	b.SetBytes(int64(len(row)))
	b.ReportAllocs()
	for b.Loop() {
		decodeAll(b, row)
	}
}

// BenchmarkDetect is what a reader pays to find the format of a row.
func BenchmarkDetect(b *testing.B) {
	row := generatedRow(60)
	b.SetBytes(int64(len(row)))
	for b.Loop() {
		if !(openai.Format{}).Detect(format.ShapeOf(row)) {
			b.Fatal("not claimed")
		}
	}
}

func BenchmarkReal(b *testing.B) {
	root := testpath.Real(b, "hf-samples")
	for _, set := range []string{"swe-gym_openhands_sampled_trajectories", "swe-smith"} {
		rows := sourcetest.Rows(b, filepath.Join(root, set, "sample_raw.json"))
		size := 0
		for _, row := range rows {
			size += len(row)
		}
		b.Run(set, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, row := range rows {
					decodeAll(b, row)
				}
			}
		})
	}
}
