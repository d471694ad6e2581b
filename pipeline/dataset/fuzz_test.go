package dataset

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/pipeline"
)

// FuzzManifest feeds manifests that no writer made. What is accepted holds the
// laws and is written back byte for byte.
func FuzzManifest(f *testing.F) {
	spec := testSpec(pipeline.KindLabels)
	m, err := spec.manifest()
	if err != nil {
		f.Fatal(err)
	}
	raw, err := m.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"format_version":1,"config":null}`))
	f.Add([]byte(`{"format_version":1,"config":{"a":[1,2,{"b":"\u0000"}]},"parts":[{"path":"../x","bytes":-1}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, raw := range [][]byte{raw, resigned(raw)} {
			m, err := parseManifest(raw)
			if err != nil {
				continue
			}
			again, err := m.encode()
			if err != nil || !bytes.Equal(again, raw) {
				t.Fatalf("accepted %q, writes %q, %v", raw, again, err)
			}
			if err := m.check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// resigned gives a manifest the hash that it asks for, so that fuzzing gets
// past the first gate.
func resigned(raw []byte) []byte {
	var m Manifest
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	signed, err := m.encode()
	if err != nil {
		return nil
	}
	return signed
}

// FuzzJournal feeds journals that a kill or a disk has cut and spoiled: a line
// is kept whole or not at all, and only with all lines before it.
func FuzzJournal(f *testing.F) {
	line, err := json.Marshal(sealed{Part: Part{Path: "data/x"}, Next: Cursor{1, 2}})
	if err != nil {
		f.Fatal(err)
	}
	line = append(line, '\n')
	f.Add(append(append([]byte(nil), line...), line[:20]...))
	f.Add([]byte("{}\nnull\n[]\n{}\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		lines, good := parseJournal(raw)
		if good > int64(len(raw)) || bytes.Count(raw[:good], []byte("\n")) != len(lines) {
			t.Fatalf("%d lines in the first %d of %d bytes", len(lines), good, len(raw))
		}
		again, n := parseJournal(raw[:good])
		if len(again) != len(lines) || n != good {
			t.Fatalf("read again: %d lines, %d bytes", len(again), n)
		}
	})
}

// FuzzTrajectory round-trips records whose text comes from the fuzzer.
func FuzzTrajectory(f *testing.F) {
	f.Add(uint64(1), "plain", "with \x00 and 🙂")
	f.Add(uint64(2), "", "\xff")
	f.Fuzz(func(t *testing.T, seed uint64, a, b string) {
		g := newGen(seed)
		row := g.trajectory()
		row.Policy, row.Patch = a, &b
		row.Messages = append(row.Messages, pipeline.Message{Content: &a, Extra: &b,
			ToolCalls: []pipeline.ToolCall{{Name: a, Arguments: b}}})
		row.ID = row.ComputeID()
		c := trajectoryCodec()
		err := c.check(row)
		if valid := checkText("", a) == nil && checkText("", b) == nil; valid != (err == nil) {
			t.Fatalf("check gives %v", err)
		}
		if err != nil {
			return
		}
		batch := batchOf(t, c, []*pipeline.Trajectory{row, g.trajectory(), row})
		got, err := rowsOf(c.columns, batch, []span{{0, 1}, {2, 3}})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "rows", got, []pipeline.Trajectory{*row, *row})
	})
}

func TestFullDiskPublishesNothing(t *testing.T) {
	uri := filepath.Join(t.TempDir(), "ds")
	w, err := Create[pipeline.Trajectory](t.Context(), uri, smallParts(2))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	rows := newGen(40).trajectories(300)
	if err := feed(w, rows, Cursor{}, 10); err != nil {
		t.Fatal(err)
	}
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full: it plays the full disk")
	}
	defer full.Close()
	_ = w.part.file.f.Close()
	w.part.file.f = full
	err = feed(w, rows, Cursor{0, 10}, 300)
	if err == nil {
		_, err = w.Close(t.Context())
	}
	if err == nil {
		t.Fatal("nothing is said of a full disk")
	}
	t.Log(err)
	w.Abort()
	build(t, uri, smallParts(1), rows)
	mustVerify(t, uri)
}
