package miniswe_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/miniswe"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	t.Helper()
	files, err := filepath.Glob("testdata/*.traj.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	var all []sourcetest.Sample
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sourcetest.Sample{Name: filepath.Base(f), URI: "nightly/octo__cat-7/" + filepath.Base(f), Data: data})
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, miniswe.Format{}, samples(t)) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, miniswe.Format{}, samples(f)) }

func TestGolden(t *testing.T) {
	for _, s := range samples(t) {
		var recs []*format.Record
		for r, err := range (miniswe.Format{}).Decode(format.Document{URI: s.URI, Data: s.Data}) {
			if err != nil {
				t.Fatal(err)
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

func record(t *testing.T, doc string) *format.Record {
	t.Helper()
	for r, err := range (miniswe.Format{}).Decode(format.Document{URI: "a/b/octo__cat-1.traj.json", Data: []byte(doc)}) {
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	t.Fatal("no record")
	return nil
}

func TestKindsOfMessages(t *testing.T) {
	r := record(t, string(must(os.ReadFile("testdata/v1.traj.json"))))
	want := []pipeline.MessageKind{pipeline.KindSystem, pipeline.KindIssue, pipeline.KindAction, pipeline.KindObservation, pipeline.KindAction,
		pipeline.KindInterrupt, pipeline.KindAction, pipeline.KindObservation, pipeline.KindAction, pipeline.KindObservation, pipeline.KindAction, pipeline.KindFinal}
	for i, m := range r.Messages {
		if m.Kind != want[i] {
			t.Errorf("message %d is %s, want %s", i, m.Kind, want[i])
		}
	}
	if rc := r.Messages[9].ReturnCode; rc == nil || *rc != -3 {
		t.Errorf("return code %v", rc)
	}
}

func TestSecretsStayBehind(t *testing.T) {
	r := record(t, string(must(os.ReadFile("testdata/v1.traj.json"))))
	if got := string(sourcetest.Render([]*format.Record{r})); bytes.Contains([]byte(got), []byte("secret")) || bytes.Contains([]byte(got), []byte("headers")) {
		t.Error("a credential of the config came through")
	}
}

func TestWithoutTheFormatErrorTemplate(t *testing.T) {
	r := record(t, `{"info":{"config":{}},"messages":[{"role":"user","content":"task"},{"role":"assistant","content":"no command"},{"role":"user","content":"Please give one."},
	  {"role":"assistant","content":"`+"```bash\\nls\\n```"+`"},{"role":"user","content":"LimitsExceeded"}]}`)
	if k := r.Messages[2].Kind; k != pipeline.KindInterrupt {
		t.Errorf("complaint is %s", k)
	}
	if k := r.Messages[4].Kind; k != pipeline.KindObservation {
		t.Errorf("an answer of a run without exit status is %s", k)
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// The text protocol of version 1.1 answers in user messages that carry what the
// command returned.
func TestUserMessagesWithAReturnCodeAreObservations(t *testing.T) {
	r := record(t, `{"trajectory_format":"mini-swe-agent-1.1","messages":[{"role":"user","content":"task"},{"role":"assistant","content":"no fence"},
	  {"role":"user","content":"custom rendering","extra":{"returncode":2,"raw_output":"x"}}]}`)
	m := r.Messages[2]
	if m.Kind != pipeline.KindObservation || m.ReturnCode == nil || *m.ReturnCode != 2 || m.RawOutput == nil {
		t.Errorf("%+v", m)
	}
}

func TestDetectsFilesOfTheFirstVersions(t *testing.T) {
	for doc, want := range map[string]bool{
		`{"info":{"exit_status":"Submitted","submission":"d"},"messages":[{"role":"system","content":"x"}]}`: true,
		`{"info":{"mini_version":"1.0"},"messages":[]}`:                                                      true,
		`{"info":{"submission":"d"},"history":[{"role":"user"}],"messages":[{"role":"system"}]}`:             false,
		`{"messages":[{"role":"system","content":"x"}]}`:                                                     false,
		`[{"role":"system","content":"x"}]`:                                                                  false,
	} {
		if got := (miniswe.Format{}).Detect(format.ShapeOf([]byte(doc))); got != want {
			t.Errorf("%s: %v", doc, got)
		}
	}
}
