package openhandslog_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/sources/audit"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/openhandslog"
	"github.com/swerm/swerm/sources/sourcetest"
)

// strict are the fates without the one for a second encoding, which would hide
// what is lost of a file that has only one.
func strict() []format.Fate {
	return slices.DeleteFunc(openhandslog.Format{}.Fates(), func(f format.Fate) bool { return f.Path == "messages[].content.**" })
}

func TestRealRunsOfLogs(t *testing.T) {
	for folder, turns := range map[string]int32{"llm-logs": 6, "nonfncall-llm-logs": 4} {
		run := read(t, filepath.Join(testpath.Real(t, "openhands", "sdk-v1", folder), "*.json"))
		records := 0
		for name, data := range run {
			s := beside(sourcetest.Sample{URI: folder + "/" + name, Data: data}, run)
			recs, err := decode(t, s)
			var on *format.Continued
			if errors.As(err, &on) {
				continue
			}
			if err != nil || len(recs) != 1 {
				t.Fatalf("%s: %v", name, err)
			}
			records++
			fates := strict()
			if folder == "nonfncall-llm-logs" {
				fates = openhandslog.Format{}.Fates()
			}
			lossless(t, name, data, recs, fates)
			if u := recs[0].Usage; *u.Turns != turns || u.CostUSD == nil || u.APICalls == nil || *u.APICalls != turns {
				t.Errorf("%s: %+v", folder, u)
			}
		}
		if records != 1 {
			t.Errorf("%s: %d records of one run", folder, records)
		}
	}
}

func TestRealLists(t *testing.T) {
	for _, name := range []string{"fncall-llm-message.json", "nonfncall-llm-message.json"} {
		data, err := os.ReadFile(testpath.Real(t, "openhands", "sdk-v1", name))
		if err != nil {
			t.Fatal(err)
		}
		if !(openhandslog.Format{}).Detect(format.ShapeOf(data)) {
			t.Errorf("%s is not claimed", name)
		}
		recs, err := decode(t, sourcetest.Sample{URI: name, Data: data})
		if err != nil || len(recs) != 1 {
			t.Fatal(name, err)
		}
		lossless(t, name, data, recs, strict())
	}
}

func lossless(t *testing.T, name string, doc []byte, recs []*format.Record, fates []format.Fate) {
	t.Helper()
	r, err := audit.Compare(doc, recs, fates)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range r.Lost {
		t.Errorf("%s: %s: %.80v is lost", name, l.Path, l.Value)
	}
}
