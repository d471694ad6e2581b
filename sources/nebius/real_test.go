package nebius_test

import (
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/nebius"
	"github.com/swerm/swerm/sources/sourcetest"
)

func TestRealRowsAreLossless(t *testing.T) {
	const name = "hf-samples/nebius_SWE-agent-trajectories/sample_raw.json"
	for i, row := range sourcetest.Rows(t, testpath.Real(t, name)) {
		if !(nebius.Format{}).Detect(format.ShapeOf(row)) {
			t.Errorf("row %d is not claimed", i)
		}
		for _, r := range sourcetest.Lossless(t, nebius.Format{}, format.Document{URI: name, Row: int64(i), Data: row}) {
			first := r.Messages[0].Content
			if first == nil || !strings.HasPrefix(*first, "SETTING: ") || *r.Usage.Turns == 0 || r.Extra != nil {
				t.Errorf("row %d: %d turns, system %v, extra %v", i, *r.Usage.Turns, first, r.Extra)
			}
		}
	}
}
