package openhandslog_test

import (
	"bytes"
	"errors"
	"flag"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/openhandslog"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

// read returns the files that match a pattern, by name.
func read(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, s := range sourcetest.Files(t, pattern, "") {
		all[s.Name] = s.Data
	}
	return all
}

// beside gives a sample the logs of its run.
func beside(s sourcetest.Sample, run map[string][]byte) sourcetest.Sample {
	s.Beside = run
	return s
}

const lastOfRun = "router__small-model-1757015042.125.json"

// samples are the logs that give a record; those of a run lie beside each other.
func samples(t testing.TB) []sourcetest.Sample {
	t.Helper()
	run := read(t, "testdata/router__*.json")
	var all []sourcetest.Sample
	for _, s := range sourcetest.Files(t, "testdata/*.json", "nightly/llm_completions/octo__cat-7") {
		s.OpenKeys = []string{"tools"}
		switch {
		case s.Name == lastOfRun:
			all = append(all, beside(s, run))
		case run[s.Name] == nil:
			all = append(all, s)
		}
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, openhandslog.Format{}, samples(t)) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, openhandslog.Format{}, samples(f)) }

func decode(t testing.TB, s sourcetest.Sample) (recs []*format.Record, err error) {
	t.Helper()
	for r, e := range (openhandslog.Format{}).Decode(s.Document(s.Data)) {
		if e != nil {
			err = e
			continue
		}
		recs = append(recs, r)
	}
	return recs, err
}

func TestGolden(t *testing.T) { sourcetest.Golden(t, openhandslog.Format{}, samples(t), *update) }

func TestTheLastLogOfADialogueIsTheRecord(t *testing.T) {
	run := read(t, "testdata/router__*.json")
	for name, data := range run {
		s := beside(sourcetest.Sample{URI: "r/octo__cat-7/" + name, Data: data}, run)
		recs, err := decode(t, s)
		var on *format.Continued
		switch {
		case name == lastOfRun && (err != nil || len(recs) != 1):
			t.Errorf("%s: %v", name, err)
		case name != lastOfRun && (!errors.As(err, &on) || on.By <= name || len(recs) != 0):
			t.Errorf("%s: %d records, %v", name, len(recs), err)
		}
	}
}

func TestAnotherDialogueOfTheFolderIsItsOwn(t *testing.T) {
	run := read(t, "testdata/router__*.json")
	other := bytes.ReplaceAll(run["router__small-model-1757015040.125.json"], []byte("Fix the cat."), []byte("Summarise."))
	recs, err := decode(t, beside(sourcetest.Sample{URI: "r/octo__cat-7/condenser-1757015039.json", Data: other}, run))
	if err != nil || len(recs) != 1 {
		t.Errorf("%d records, %v", len(recs), err)
	}
}

// A later log that cannot be read to its end shows nothing, and so hides nothing.
func TestADamagedLaterLogHidesNothing(t *testing.T) {
	run := read(t, "testdata/router__*.json")
	run[lastOfRun] = run[lastOfRun][:40]
	s := beside(sourcetest.Sample{URI: "r/o/router__small-model-1757015041.125.json", Data: run["router__small-model-1757015041.125.json"]}, run)
	if recs, err := decode(t, s); err != nil || len(recs) != 1 {
		t.Errorf("%d records, %v", len(recs), err)
	}
}

func TestUsageIsKnownWhereEveryCallIsLogged(t *testing.T) {
	run := read(t, "testdata/router__*.json")
	s := beside(sourcetest.Sample{URI: "r/o/" + lastOfRun, Data: run[lastOfRun]}, run)
	recs, _ := decode(t, s)
	if u := recs[0].Usage; u.CostUSD == nil || *u.CostUSD != 0.75 || *u.PromptTokens != 300 || *u.APICalls != 3 {
		t.Errorf("%+v", u)
	}
	delete(run, "router__small-model-1757015041.125.json")
	recs, _ = decode(t, s)
	if u := recs[0].Usage; u.CostUSD != nil || u.PromptTokens != nil || u.APICalls != nil || !strings.Contains(*recs[0].Extra, `"cost":0.25`) {
		t.Errorf("a part of the calls is the whole: %+v", u)
	}
}

func TestCallsAreKeptAndTheTextThatWasShown(t *testing.T) {
	recs, err := decode(t, sourcetest.Sample{URI: "r/llm_completions/octo__cat-7/m-1746001974.5.json", Data: read(t, "testdata/textcalls.json")["textcalls.json"]})
	if err != nil {
		t.Fatal(err)
	}
	m := recs[0].Messages
	if len(m) != 5 || len(m[2].ToolCalls) != 1 || m[3].Role != pipeline.RoleTool || m[4].ToolCalls[0].Name != "finish" {
		t.Errorf("%+v", m)
	}
	if !strings.Contains(*m[0].Extra, "Tools: execute_bash") || !strings.Contains(*m[1].Extra, "An example") || m[2].Extra != nil {
		t.Error("the prompt of the text protocol is not kept where it differs, and only there")
	}
	if *recs[0].PolicyRaw != "m" || *recs[0].InstanceID != "octo__cat-7" || recs[0].RunHint != "r" {
		t.Error(*recs[0].PolicyRaw, *recs[0].InstanceID, recs[0].RunHint)
	}
}
