package sources_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/internal/testproc"
	"github.com/swerm/swerm/sources"
)

// writeHole writes a file of parts with n bytes of nothing before the last of
// them. They take no room on disk, and whoever reads them reads n bytes.
func writeHole(t *testing.T, file string, n int64, parts ...string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i, part := range parts {
		if i == len(parts)-1 {
			end, err := f.Seek(n, 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Truncate(end); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.WriteString(part); err != nil {
			t.Fatal(err)
		}
	}
}

// dialogueRow is a row of about n bytes.
func dialogueRow(id string, n int) string {
	return fmt.Sprintf(`{"instance_id": %q, "messages": [{"role": "user", "content": "Fix it."}, {"role": "assistant", "content": "%s"}]}`+"\n",
		id, strings.Repeat("All right. ", n/11))
}

const documentHead = `{"info": {"exit_status": "Submitted", "mini_version": "2.0.0"}, "messages": [{"role": "user", "content": "`

// writeTooLong writes a document and a file of rows, one of which has n bytes.
func writeTooLong(t *testing.T, dir string, n int64) {
	t.Helper()
	writeHole(t, filepath.Join(dir, "document.traj.json"), n, documentHead+strings.Repeat("a", 64<<10), `"}]}`)
	writeHole(t, filepath.Join(dir, "rows.jsonl"), n, dialogueRow("octo__cat-1", 200<<10),
		`{"instance_id": "octo__cat-2", "messages": [{"role": "user", "content": "`, `"}]}`+"\n"+dialogueRow("octo__cat-3", 1000))
}

// What is over the limit is refused without being held, and what stands around
// it in a file of rows is read, also where the first row is longer than what is
// looked at of other files.
func TestTooLongIsNotHeld(t *testing.T) {
	dir := t.TempDir()
	writeTooLong(t, dir, 200<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	res, d := runImport(t, &sources.Config{MaxDocument: 2 << 20}, 2, dir)
	runtime.ReadMemStats(&after)
	if res.Out != 2 || res.Failed != 2 {
		t.Errorf("%d rows, %d failed; want 2 and 2", res.Out, res.Failed)
	}
	var ids []string
	for _, r := range rows(t, d) {
		ids = append(ids, *r.InstanceID)
	}
	if got := strings.Join(ids, " "); got != "octo__cat-1 octo__cat-3" {
		t.Errorf("rows %q", got)
	}
	if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got > 100 {
		t.Errorf("%d MB allocated for two documents over a limit of 2 MB", got)
	}
}

// TestMemoryIsBounded imports gigabytes on one worker and on two, and things far
// over the limit of a document among them, with the heap that Config.Memory says.
func TestMemoryIsBounded(t *testing.T) {
	testpath.Soak(t)
	const limit = 450 << 20
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	dir, size := generatedRuns(t, 64, 1000)
	writeTooLong(t, dir, 500<<20)
	runs, err := filepath.Glob(filepath.Join(dir, "*", "*.traj.json"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 { // the same bytes under other names are other attempts
		for _, run := range runs {
			folder := filepath.Join(dir, fmt.Sprint("again-", i), filepath.Base(filepath.Dir(run)))
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Link(run, filepath.Join(folder, filepath.Base(run))); err != nil {
				t.Skipf("no links here: %v", err)
			}
		}
	}
	for _, codec := range []string{"zstd-fastest", "zstd"} {
		for _, workers := range []int{1, 2} {
			cfg := &sources.Config{Codec: codec}
			debug.SetMemoryLimit(cfg.Memory(workers))
			testproc.ForgetPeak(t)
			res, _ := runImport(t, cfg, workers, dir)
			peak := testproc.ResidentPeak(t)
			t.Logf("%s, %d workers: %d rows of %d MB, %d MB resident at most", codec, workers, res.Out, 13*size>>20, peak>>20)
			if res.Out != 13*64+2 || res.Failed != 2 {
				t.Errorf("%d rows, %d failed", res.Out, res.Failed)
			}
			if peak > limit {
				t.Errorf("%s, %d workers: %d MB resident, the limit is %d", codec, workers, peak>>20, limit>>20)
			}
		}
	}
}
