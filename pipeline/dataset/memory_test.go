package dataset

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/internal/testproc"
	"github.com/swerm/swerm/pipeline"
)

// TestMemoryIsBounded writes and reads far more text than it may hold. The limit of
// writing leaves room for what an importer needs beside the writer; readers hold
// the pages of one row group, on top of what the writer has left.
func TestMemoryIsBounded(t *testing.T) {
	testpath.Soak(t)
	const toWrite, toRead = 320 << 20, 400 << 20
	const rows = 12_000 // 1.4 GB
	sample, _ := benchRows(40)
	spec := testSpec(pipeline.KindTrajectories)
	spec.Workers, spec.Codec = 2, "zstd-fastest"
	uri := filepath.Join(t.TempDir(), "ds")
	w, err := Create[pipeline.Trajectory](t.Context(), uri, spec)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	written := int64(0)
	for i := range rows {
		row := *sample[i%len(sample)]
		row.Messages = make([]pipeline.Message, len(row.Messages))
		for k, m := range sample[i%len(sample)].Messages {
			text := strings.Clone(*m.Content)
			m.Content = &text
			row.Messages[k] = m
		}
		row.Origin.Row = int64(i)
		row.ID = row.ComputeID()
		written += row.TextBytes()
		if err := w.Add(&row, Cursor{0, int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	d, err := w.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MB of text in %d parts written, %d MB resident at most", written>>20, len(d.Manifest.Parts), testproc.ResidentPeak(t)>>20)
	if got := testproc.ResidentPeak(t); got > toWrite {
		t.Errorf("%d MB resident, the limit is %d", got>>20, toWrite>>20)
	}
	for _, err := range Read[pipeline.Trajectory](t.Context(), d, ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("read: %d MB resident at most", testproc.ResidentPeak(t)>>20)
	if got := testproc.ResidentPeak(t); got > toRead {
		t.Errorf("%d MB resident, the limit is %d", got>>20, toRead>>20)
	}
}
