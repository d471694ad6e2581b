package tensorboard_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/trainer/tensorboard"
)

func write(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := tensorboard.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	for step := range int64(3) {
		if err := w.Scalars(step*200, []tensorboard.Scalar{{Tag: "train/loss", Value: 0.5}, {Tag: "lr", Value: float32(step)}}); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func read(b []byte) (events []tensorboard.Event, err error) {
	for e, err := range tensorboard.Events(bytes.NewReader(b)) {
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
	return events, nil
}

func TestRoundTrip(t *testing.T) {
	got, err := read(write(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []tensorboard.Event{{Version: "brain.Event:2"}}
	for step := range int64(3) {
		want = append(want, tensorboard.Event{WallTime: float64(step * 200), Step: step * 200,
			Scalars: []tensorboard.Scalar{{Tag: "train/loss", Value: 0.5}, {Tag: "lr", Value: float32(step)}}})
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// The first record is fixed by the formats alone: an event whose wall time is
// 0 and whose file version is brain.Event:2, worked out from the CRC-32C and
// protobuf definitions by another program.
func TestFirstRecordBytes(t *testing.T) {
	const want = "1800000000000000" + "a37f4b22" + "090000000000000000" + "1a0d627261696e2e4576656e743a32" + "eedf28a3"
	if got := hex.EncodeToString(write(t)[:40]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestEveryFlippedByteAndCutIsSeen(t *testing.T) {
	b := write(t)
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 0x40
		if _, err := read(bad); !errors.Is(err, tensorboard.ErrCorrupt) {
			t.Fatalf("byte %d flipped: error %v", i, err)
		}
	}
	whole, err := read(b)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for n := range b {
		events, err := read(b[:n])
		if err == nil {
			seen++ // a cut between two records
		}
		if len(events) >= len(whole) {
			t.Fatalf("cut at %d: %d events", n, len(events))
		}
	}
	if seen != len(whole) {
		t.Errorf("%d cuts look whole, want %d record boundaries", seen, len(whole))
	}
}

func TestWriteErrorIsReported(t *testing.T) {
	if _, err := tensorboard.NewWriter(brokenDisk{}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("error %v", err)
	}
}

type brokenDisk struct{}

func (brokenDisk) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func FuzzEvents(f *testing.F) {
	f.Add(write(f))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := read(b); err != nil && !errors.Is(err, tensorboard.ErrCorrupt) {
			t.Errorf("untyped error %v", err)
		}
	})
}

func BenchmarkScalars(b *testing.B) {
	w, err := tensorboard.NewWriter(io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	scalars := []tensorboard.Scalar{{Tag: "train/loss"}, {Tag: "train/lr"}, {Tag: "train/grad_norm"}}
	b.SetBytes(100)
	for b.Loop() {
		if err := w.Scalars(1, scalars); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleWriter() {
	f, err := os.CreateTemp("", tensorboard.FileName)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(f.Name())
	defer f.Close()
	w, err := tensorboard.NewWriter(f)
	if err == nil {
		err = w.Scalars(1, []tensorboard.Scalar{{Tag: "train/loss", Value: 0.25}})
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	for e, err := range tensorboard.Events(f) {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, s := range e.Scalars {
			fmt.Println(e.Step, s.Tag, s.Value)
		}
	}
	// Output: 1 train/loss 0.25
}
