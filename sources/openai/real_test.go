package openai_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/openai"
	"github.com/swerm/swerm/sources/sourcetest"
)

func TestRealRowsAreLossless(t *testing.T) {
	root := testpath.Real(t, "hf-samples")
	for name, actions := range map[string]int32{
		"swe-gym_openhands_sampled_trajectories/sample_raw.json": 88, "swe-smith/sample_raw.json": 116, "mini-coder/sample_raw.json": 8,
		"swe-play-trajectories/sample_raw.json": 128, "code_feedback/sample_raw.json": 34, "codeactinstruct/sample_raw.json": 18,
		"swesmith/ft_xml_example.jsonl": 103,
	} {
		got := int32(0)
		for i, row := range sourcetest.Rows(t, filepath.Join(root, name)) {
			if !(openai.Format{}).Detect(format.ShapeOf(row)) {
				t.Errorf("%s row %d is not claimed", name, i)
			}
			for _, r := range sourcetest.Lossless(t, openai.Format{}, format.Document{URI: name, Row: int64(i), Data: row}) {
				got += *r.Usage.Turns
			}
		}
		if got != actions {
			t.Errorf("%s: %d actions, want %d", name, got, actions)
		}
	}
}

// Three rows of the public sample hold a patch of another project.
func TestRealForeignPatchesAreFlagged(t *testing.T) {
	root := testpath.Real(t, "hf-samples")
	var flagged []string
	for _, set := range []string{"swe-smith", "mini-coder", "swe-gym_openhands_sampled_trajectories"} {
		for _, row := range sourcetest.Rows(t, filepath.Join(root, set, "sample_raw.json")) {
			for _, r := range sourcetest.Lossless(t, openai.Format{}, format.Document{URI: set, Data: row}) {
				if r.Extra != nil && strings.Contains(*r.Extra, "patch_repo_mismatch") {
					flagged = append(flagged, *r.InstanceID)
				}
			}
		}
	}
	want := []string{"arrow-py__arrow.1d70d009.lm_rewrite__nuzjfyur", "pudo__dataset.5c2dc8d3.func_pm_op_change__fq79104s", "sqlfluff__sqlfluff.50a1c4b6.lm_rewrite__5n2sn94d"}
	if !slices.Equal(flagged, want) {
		t.Errorf("flagged %v", flagged)
	}
}
