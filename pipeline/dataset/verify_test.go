package dataset

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
)

// small builds a dataset of two parts, small enough to damage byte by byte.
func small(t testing.TB) string {
	t.Helper()
	spec := testSpec(pipeline.KindTrajectories)
	spec.PartBytes = 1800
	uri := filepath.Join(t.TempDir(), "ds")
	g := newGen(11)
	var rows []*pipeline.Trajectory
	for range 8 {
		tr := &pipeline.Trajectory{TaskID: g.text(20), Source: "s", Policy: "p", Scaffold: "c",
			Messages: []pipeline.Message{{Role: pipeline.RoleUser, Kind: pipeline.KindIssue, Content: g.optText(90)}}}
		tr.ID = tr.ComputeID()
		rows = append(rows, tr)
	}
	if d := build(t, uri, spec, rows); len(d.Manifest.Parts) != 2 {
		t.Fatalf("%d parts, the test wants 2", len(d.Manifest.Parts))
	}
	return uri
}

func TestVerifyFindsEveryFlippedByte(t *testing.T) {
	uri := small(t)
	mustVerify(t, uri)
	flips := 0
	for name := range tree(t, uri) {
		file := filepath.Join(uri, name)
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// Every byte under SWERM_SOAK=1 (minutes); a prime step otherwise.
		step := 211
		if os.Getenv("SWERM_SOAK") == "1" {
			step = 1
		}
		for i := 0; i < len(raw); i += step {
			spoiled := append([]byte(nil), raw...)
			spoiled[i] ^= 1 << (i % 8)
			if err := os.WriteFile(file, spoiled, 0o644); err != nil {
				t.Fatal(err)
			}
			if r, err := Verify(t.Context(), uri); err == nil && r.OK() {
				t.Errorf("%s: byte %d can be flipped", name, i)
			}
			flips++
		}
		if err := os.WriteFile(file, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mustVerify(t, uri)
	t.Logf("%d bytes flipped", flips)
}

func TestVerifyNamesStrayAndMissingFiles(t *testing.T) {
	uri := small(t)
	for _, name := range []string{"data/part-00002-0123456789.parquet", "notes.txt", "index/.hidden", "deep/er/x"} {
		file := filepath.Join(uri, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		wantFault(t, uri, name, "no manifest lists it")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(uri, "data", "more")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	wantFault(t, uri, "data/more", "no manifest lists it")
	_ = os.Remove(link)
	mustVerify(t, uri)
	for name := range tree(t, uri) {
		if name == manifestName {
			continue
		}
		file := filepath.Join(uri, name)
		if err := os.Rename(file, file+"~"); err != nil {
			t.Fatal(err)
		}
		wantFault(t, uri, name, "is missing")
		if err := os.Rename(file+"~", file); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Verify(t.Context(), t.TempDir()); err == nil {
		t.Error("an empty folder verifies")
	}
}

func wantFault(t *testing.T, uri, name, want string) {
	t.Helper()
	r, err := Verify(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Faults {
		if f.Path == name && strings.Contains(f.Fault, want) {
			return
		}
	}
	t.Errorf("no fault of %s says %q: %v", name, want, r.Faults)
}

// forge rewrites one file and makes manifest and hashes agree again, as a
// writer with a bug would have left them.
func forge(t *testing.T, uri, name string, content []byte, edit func(*Manifest)) {
	t.Helper()
	d, err := Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	m := d.Manifest
	if content != nil {
		if err := os.WriteFile(filepath.Join(uri, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
		s := &staging{dir: t.TempDir()}
		if err := os.Symlink(uri, s.tree("")); err != nil {
			t.Fatal(err)
		}
		p, err := s.hashFile(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range m.Files {
			if m.Files[i].Path == name {
				m.Files[i] = p
			}
		}
	}
	if edit != nil {
		edit(&m)
	}
	raw, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(uri, manifestName), raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyAssertsTheLaws(t *testing.T) {
	t.Run("stats", func(t *testing.T) {
		uri := small(t)
		raw, _ := os.ReadFile(filepath.Join(uri, statsName))
		var s Stats
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		s.By["policy"]["p"]++
		raw, _ = marshalIndent(s)
		forge(t, uri, statsName, raw, nil)
		wantFault(t, uri, statsName, "says other than the rows")
	})
	t.Run("card", func(t *testing.T) {
		uri := small(t)
		forge(t, uri, cardName, []byte("---\nconfigs: []\n---\n"), nil)
		wantFault(t, uri, cardName, "not the card")
	})
	t.Run("rejects", func(t *testing.T) {
		uri := small(t)
		forge(t, uri, "", nil, func(m *Manifest) {
			m.Counts.Failed++
			m.Counts.In++
		})
		wantFault(t, uri, rejectsName, "the counts say")
	})
	t.Run("in = out + dropped + failed", func(t *testing.T) {
		uri := small(t)
		forge(t, uri, "", nil, func(m *Manifest) { m.Counts.In++ })
		wantFault(t, uri, manifestName, "in ")
	})
	t.Run("rows", func(t *testing.T) {
		uri := small(t)
		forge(t, uri, "", nil, func(m *Manifest) {
			m.Parts[0].Rows++
			m.Counts.Out++
			m.Counts.In++
		})
		wantFault(t, uri, dataDir, "the manifest says")
	})
	t.Run("id", func(t *testing.T) {
		uri := filepath.Join(t.TempDir(), "ds")
		tr := newGen(1).trajectory()
		tr.ID = "made up"
		write(t, uri, testSpec(pipeline.KindTrajectories), []*pipeline.Trajectory{tr})
		r, err := Verify(t.Context(), uri)
		if err != nil || len(r.Faults) != 1 || !strings.Contains(r.Faults[0].Fault, "trajectory_id made up") {
			t.Errorf("%v %v", r.Faults, err)
		}
	})
	t.Run("index", func(t *testing.T) {
		uri := small(t)
		forge(t, uri, "", nil, func(m *Manifest) {
			for i, f := range m.Files { // the index of part 0 under the name of part 1's
				if strings.HasPrefix(f.Path, "index/part-00001") {
					m.Files[i].Rows++
				}
			}
		})
		wantFault(t, uri, indexDir, "")
	})
}

func TestManifestRefusesPathsThatLeave(t *testing.T) {
	for _, name := range []string{"../x", "/etc/passwd", "a/../../x", "a//b", "", ".", "a\\b", "./a"} {
		if name == "." {
			continue // a directory of the dataset itself: opening it fails
		}
		if err := checkName(name); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
	uri := small(t)
	forge(t, uri, "", nil, func(m *Manifest) { m.Files[0].Path = "../outside" })
	if _, err := Open(t.Context(), uri); err == nil || !strings.Contains(err.Error(), "does not stay inside") {
		t.Errorf("Open gives %v", err)
	}
}

func TestLaterFormatIsRefused(t *testing.T) {
	uri := small(t)
	forge(t, uri, "", nil, func(m *Manifest) { m.FormatVersion = 2 })
	if _, err := Open(t.Context(), uri); err == nil || !strings.Contains(err.Error(), "format version 2, this program reads 1") {
		t.Errorf("Open gives %v", err)
	}
}
