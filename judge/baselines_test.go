package judge

import "testing"

func TestSampleByIDIsTheLowestIDs(t *testing.T) {
	rows := map[string]bool{"9a": true, "03": false, "f1": true, "41": true}
	if got := sampleByID(rows, 4); len(got) != 4 {
		t.Errorf("all rows fit, and %d are left", len(got))
	}
	got := sampleByID(rows, 2)
	if resolved, ok := got["03"]; len(got) != 2 || !ok || resolved || !got["41"] {
		t.Errorf("got %v, want 03 and 41 with their verdicts", got)
	}
}
