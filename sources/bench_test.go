package sources_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources"
	"github.com/swerm/swerm/sources/identity"
)

// generatedRun writes a run of the tool-calling protocol with the redundancy
// of real ones: every reply stands in the file twice.
func generatedRun(instance, steps int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"info":{"exit_status":"Submitted","submission":"diff --git a/x b/x\n","model_stats":{"instance_cost":0.1,"api_calls":%d},"mini_version":"2.0.0","config":{"model":{"model_name":"acme/rocket"},"environment":{"image":"docker.io/swebench/sweb.eval.x86_64.octo_1776_cat-%d"}}},"messages":[{"role":"system","content":"You are brief."},{"role":"user","content":"Fix it."}`, steps, instance)
	text := strings.Repeat(`def f(x):\n    return \"a line of code\" + x\n`, 24)
	for i := range steps {
		fmt.Fprintf(&b, `,{"content":"Step %d. %s","role":"assistant","tool_calls":[{"function":{"arguments":"{\"command\": \"ls %d\"}","name":"bash"},"id":"call_%d","type":"function"}],"extra":{"response":{"id":"r","choices":[{"index":0,"message":{"content":"Step %d. %s","role":"assistant"}}],"usage":{"prompt_tokens":100,"completion_tokens":9}},"cost":0.1,"timestamp":%d.5}}`, i, text[:200], i, i, i, text[:200], i)
		fmt.Fprintf(&b, `,{"content":"<returncode>0</returncode>\n<output>\n%s</output>","extra":{"raw_output":"%s","returncode":0,"timestamp":%d.9,"exception_info":""},"tool_call_id":"call_%d","role":"tool"}`, text, text, i, i)
	}
	fmt.Fprintf(&b, `,{"role":"exit","content":"diff --git a/x b/x\n","extra":{"exit_status":"Submitted","submission":"diff --git a/x b/x\n"}}],"trajectory_format":"mini-swe-agent-1.1","instance_id":"octo__cat-%d"}`, instance)
	return []byte(b.String())
}

// generatedRuns writes n runs into a folder.
func generatedRuns(t testing.TB, n, steps int) (dir string, bytes int64) {
	t.Helper()
	dir = t.TempDir()
	for i := range n {
		doc := generatedRun(i, steps)
		bytes += int64(len(doc))
		sub := filepath.Join(dir, fmt.Sprintf("octo__cat-%d", i))
		if err := os.MkdirAll(sub, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("octo__cat-%d.traj.json", i)), doc, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, bytes
}

func readAll(b testing.TB, root string) (records int) {
	b.Helper()
	names, err := identity.Shipped()
	if err != nil {
		b.Fatal(err)
	}
	r := sources.Reader{Inputs: []pipeline.Input{{Port: "raw", URI: root}}, Names: names}
	for it, err := range r.All(context.Background()) {
		if err != nil || it.Err != nil {
			b.Fatal(err, it.Err)
		}
		if it.Record != nil {
			records++
		}
	}
	return records
}

func BenchmarkRead(b *testing.B) {
	dir, bytes := generatedRuns(b, 64, 60)
	b.SetBytes(bytes)
	b.ReportAllocs()
	for b.Loop() {
		if n := readAll(b, dir); n != 64 {
			b.Fatal(n)
		}
	}
}

func BenchmarkImport(b *testing.B) {
	for _, codec := range []string{"zstd", "zstd-fastest"} {
		b.Run(codec, func(b *testing.B) {
			dir, bytes := generatedRuns(b, 64, 60)
			b.SetBytes(bytes)
			for b.Loop() {
				runImport(b, &sources.Config{Codec: codec}, 0, dir)
			}
		})
	}
}

// BenchmarkRealArchives measures the packed archives, whose unpacking in pure
// Go is most of the time.
func BenchmarkRealArchives(b *testing.B) {
	for _, name := range []string{"mini-gemini-3-pro", "mini-deepseek-chat"} {
		root := testpath.Real(b, "packed", name+".tar.xz")
		res, _ := runImport(b, &sources.Config{}, 0, root)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(res.BytesIn)
			for b.Loop() {
				readAll(b, root)
			}
		})
	}
}
