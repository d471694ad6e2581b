package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func rows(t testing.TB, n int) [][]byte {
	t.Helper()
	var out [][]byte
	for _, x := range sample(t, 21, n) {
		b, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

func TestReadGoesOnAfterBadRows(t *testing.T) {
	good := rows(t, 2)
	long := bytes.Repeat([]byte{'x'}, MaxLineBytes+1)
	text := bytes.Join([][]byte{good[0], []byte("{"), nil, long, []byte(`{"instance_id":"x"}`), good[1]}, []byte("\n"))
	path := filepath.Join(t.TempDir(), "tasks.jsonl")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	var tasks int
	var faults []string
	for x, err := range Read(path) {
		if err != nil {
			if !errors.Is(err, ErrLine) && !errors.Is(err, ErrTask) {
				t.Errorf("error %v", err)
			}
			faults = append(faults, err.Error())
			continue
		}
		tasks++
		holds(t, x)
	}
	if tasks != 2 || len(faults) != 3 {
		t.Fatalf("%d tasks, faults %q", tasks, faults)
	}
	for i, want := range []string{"row 2", "row 4", "row 5"} {
		if !strings.Contains(faults[i], path+": "+want+":") {
			t.Errorf("fault %d does not name its place: %s", i, faults[i])
		}
	}
}

func TestReadStopsWhenAsked(t *testing.T) {
	row := rows(t, 1)[0]
	n := 0
	for range Decode(bytes.NewReader(bytes.Repeat(append(row, '\n'), 3)), "x") {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d rows after a break", n)
	}
	for _, err := range Read(filepath.Join(t.TempDir(), "none")) {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("error %v", err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(rows(f, 1)[0])
	f.Add([]byte("{}\n\n[1]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		for x, err := range Decode(bytes.NewReader(data), "fuzz") {
			if (x == nil) == (err == nil) {
				t.Fatalf("task %v, error %v", x, err)
			}
			if x != nil {
				x.Gold()
				x.Graded(x.Files)
			}
			n++
		}
		if most := bytes.Count(data, []byte("\n")) + 1; n > most {
			t.Fatalf("%d rows in %d lines", n, most)
		}
	})
}
