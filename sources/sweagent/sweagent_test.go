package sweagent_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/sourcetest"
	"github.com/swerm/swerm/sources/sweagent"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	t.Helper()
	files, err := filepath.Glob("testdata/*.traj")
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

func TestContract(t *testing.T) { sourcetest.Run(t, sweagent.Format{}, samples(t)) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, sweagent.Format{}, samples(f)) }

func TestGolden(t *testing.T) {
	for _, s := range samples(t) {
		var recs []*format.Record
		for r, err := range (sweagent.Format{}).Decode(format.Document{URI: s.URI, Data: s.Data}) {
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

func decodeOne(t *testing.T, uri, file string, neighbor func(string) []byte) []*format.Record {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var recs []*format.Record
	for r, err := range (sweagent.Format{}).Decode(format.Document{URI: uri, Data: data, Neighbor: neighbor}) {
		if err != nil {
			t.Fatal(err)
		}
		recs = append(recs, r)
	}
	return recs
}

func TestPolicyComesFromTheNearestPlace(t *testing.T) {
	const folder = "gpt4__data__default__t-0.00__p-0.95__c-3.00__install-1"
	args := func(name string) []byte {
		if name != "args.yaml" {
			t.Errorf("asked for %s", name)
		}
		return []byte("agent:\n  model:\n    model_name: gpt4-turbo\n")
	}
	for _, c := range []struct {
		uri, file string
		neighbor  func(string) []byte
		want      string
	}{
		{folder + "/a.traj", "v1.traj", args, "anthropic/claude-3-7-sonnet-20250219"},
		{folder + "/a.traj", "v0.traj", args, "gpt4-turbo"},
		{folder + "/sub/a.traj", "v0.traj", nil, "gpt4"},
		{"a.traj", "v0.traj", func(string) []byte { return []byte("{broken") }, ""},
	} {
		got := ""
		if p := decodeOne(t, c.uri, c.file, c.neighbor)[0].PolicyRaw; p != nil {
			got = *p
		}
		if got != c.want {
			t.Errorf("%s %s: %q, want %q", c.uri, c.file, got, c.want)
		}
	}
}

func TestAttemptsOfOneFileAreRecordsOfTheirOwn(t *testing.T) {
	recs := decodeOne(t, "run/octo__cat-7.traj", "attempts.traj", nil)
	if len(recs) != 2 || *recs[0].Attempt != 0 || *recs[1].Attempt != 1 {
		t.Fatalf("%d records", len(recs))
	}
	if recs[0].Patch != nil || *recs[1].Patch != "b" || *recs[0].InstanceID != "octo__cat-7" || *recs[1].PolicyRaw != "gpt-5" {
		t.Error("attempts are mixed up")
	}
}

func TestRetriedStepsAreNoted(t *testing.T) {
	recs := decodeOne(t, "run/x.traj", "v1.traj", nil)
	last := recs[0].Messages[len(recs[0].Messages)-1]
	if last.Extra == nil || !bytes.Contains([]byte(*last.Extra), []byte(`"trajectory_steps":3`)) {
		t.Errorf("extra %v", last.Extra)
	}
	if w := recs[0].Usage.WallSeconds; w == nil || *w != 1.75 {
		t.Errorf("wall %v", w)
	}
}

func TestHiddenTestsAndSecretsStayBehind(t *testing.T) {
	got := sourcetest.Render(decodeOne(t, "run/x.traj", "v1.traj", nil))
	for _, s := range []string{"secret", "test_hidden", "repeated"} {
		if bytes.Contains(got, []byte(s)) {
			t.Errorf("%s came through", s)
		}
	}
}
