package openai_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/sources/audit"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/openai"
)

// realRows returns the rows of a file: a list, or lines.
func realRows(t testing.TB, file string) []json.RawMessage {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rows []json.RawMessage
	if json.Unmarshal(data, &rows) == nil {
		return rows
	}
	for line := range bytes.Lines(data) {
		if len(bytes.TrimSpace(line)) > 0 {
			rows = append(rows, bytes.Clone(line))
		}
	}
	return rows
}

func TestRealRowsAreLossless(t *testing.T) {
	root := testpath.Real(t, "hf-samples")
	files := []string{"swe-gym_openhands_sampled_trajectories/sample_raw.json", "swe-smith/sample_raw.json", "mini-coder/sample_raw.json",
		"swe-play-trajectories/sample_raw.json", "code_feedback/sample_raw.json", "codeactinstruct/sample_raw.json", "swesmith/ft_xml_example.jsonl"}
	for _, name := range files {
		for i, row := range realRows(t, filepath.Join(root, name)) {
			if !(openai.Format{}).Detect(format.ShapeOf(row)) {
				t.Errorf("%s row %d is not claimed", name, i)
			}
			var recs []*format.Record
			for r, err := range (openai.Format{}).Decode(format.Document{URI: name, Row: int64(i), Data: row}) {
				if err != nil {
					t.Fatal(err)
				}
				recs = append(recs, r)
			}
			report, err := audit.Compare(row, recs, openai.Format{}.Fates())
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range report.Lost {
				t.Errorf("%s row %d: %s is lost: %.100v", name, i, l.Path, l.Value)
			}
			tr := &recs[0].Trajectory
			if *tr.Usage.Turns == 0 {
				t.Errorf("%s row %d: no action", name, i)
			}
			t.Logf("%s row %d: %s %v turns %d scaffold %s fates %v extra %v", name, i, *tr.InstanceID, tr.PolicyRaw, *tr.Usage.Turns, tr.Scaffold, report.Fated, tr.Extra != nil)
		}
	}
}

// Three rows of the public sample hold a patch of another project.
func TestRealForeignPatchesAreFlagged(t *testing.T) {
	root := testpath.Real(t, "hf-samples")
	flagged := map[string][]string{}
	for _, set := range []string{"swe-smith", "mini-coder", "swe-gym_openhands_sampled_trajectories"} {
		for _, row := range realRows(t, filepath.Join(root, set, "sample_raw.json")) {
			for r, err := range (openai.Format{}).Decode(format.Document{URI: set, Data: row}) {
				if err != nil {
					t.Fatal(err)
				}
				if r.Extra != nil && strings.Contains(*r.Extra, "patch_repo_mismatch") {
					flagged[set] = append(flagged[set], *r.InstanceID)
				}
			}
		}
	}
	want := []string{"arrow-py__arrow.1d70d009.lm_rewrite__nuzjfyur", "pudo__dataset.5c2dc8d3.func_pm_op_change__fq79104s", "sqlfluff__sqlfluff.50a1c4b6.lm_rewrite__5n2sn94d"}
	if len(flagged) != 1 || !slices.Equal(flagged["swe-smith"], want) {
		t.Errorf("flagged %v", flagged)
	}
}
