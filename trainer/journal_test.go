package trainer

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/trainer/tensorboard"
)

func testLine(step int64) Line {
	loss := 1 / float64(step)
	l := Line{Step: step, Epoch: float64(step) / 8, Loss: &loss, GradNorm: &loss, LR: 1e-4, Sequences: 4, Tokens: 100, Micros: 2}
	if step%2 == 0 {
		l.Dev = &Dev{Loss: &loss, Sequences: 3}
	}
	return l
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A journal that was cut back to a checkpoint and went on holds the bytes of
// one that was never cut, and so does the event file.
func TestJournalAfterResume(t *testing.T) {
	whole, cut := t.TempDir(), t.TempDir()
	var at3 int64
	for _, dir := range []string{whole, cut} {
		j, err := openJournal(dir, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for step := int64(1); step <= 6; step++ {
			if err := j.add(testLine(step)); err != nil {
				t.Fatal(err)
			}
			if step == 3 {
				at3 = j.bytes
			}
		}
		if err := j.close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(cut, metricsName), append(read(t, cut, metricsName), `{"step":7,"lo`...), 0o644); err != nil {
		t.Fatal(err)
	}
	j, err := openJournal(cut, at3, 3)
	if err != nil {
		t.Fatal(err)
	}
	for step := int64(4); step <= 6; step++ {
		if err := j.add(testLine(step)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(j.sync(), j.close()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{metricsName, tensorboard.FileName} {
		if !bytes.Equal(read(t, whole, name), read(t, cut, name)) {
			t.Errorf("%s differs after a resume", name)
		}
	}
	events := 0
	for e, err := range tensorboard.Events(bytes.NewReader(read(t, cut, tensorboard.FileName))) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Step != int64(events) {
			t.Errorf("event %d is of step %d", events, e.Step)
		}
		events++
	}
	if events != 7 {
		t.Errorf("%d events, want the version and 6 steps", events)
	}
}

func TestJournalShorterThanItsCheckpoint(t *testing.T) {
	dir := t.TempDir()
	j, err := openJournal(dir, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.add(testLine(1)), j.close()); err != nil {
		t.Fatal(err)
	}
	if _, err := openJournal(dir, j.bytes, 2); !errors.Is(err, ErrJournal) {
		t.Errorf("error %v", err)
	}
	if _, err := openJournal(dir, j.bytes-3, 1); !errors.Is(err, ErrJournal) {
		t.Errorf("error %v", err)
	}
}
