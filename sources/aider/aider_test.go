package aider_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/aider"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

const history = "\n# aider chat started at 2024-05-20 12:00:00\n\n> Model: gpt-4o\n> Repo-map: 1024 tokens\n\n#### Repair the cat.\n####\n#### It is silent.\n\n" +
	"I'll change `cat.py`:\n\n```python\n> not a quote\n#### not a heading\n```\n\n> Applied edit to cat.py\n\n#### Try harder.\n\nDone.\n"

func samples(t testing.TB) []sourcetest.Sample {
	all := sourcetest.Files(t, "testdata/*.json", "predictions/lite-gpt-4o")
	all[0].Beside = map[string][]byte{"../../chat-logs/lite-gpt-4o/octo__cat-5.md": []byte(history)}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, aider.Format{}, samples(t)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, aider.Format{}, samples(t), *update) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, aider.Format{}, samples(f)) }

func TestChats(t *testing.T) {
	s := samples(t)[0]
	for r, err := range (aider.Format{}).Decode(format.Document{URI: s.URI, Data: s.Data, Neighbor: func(n string) []byte { return s.Beside[n] }}) {
		if err != nil {
			t.Fatal(err)
		}
		want := []pipeline.MessageKind{"system", "issue", "action", "observation", "interrupt", "action"}
		if len(r.Messages) != len(want) {
			t.Fatalf("%d messages", len(r.Messages))
		}
		for i, m := range r.Messages {
			if m.Kind != want[i] {
				t.Errorf("message %d is %s: %s", i, m.Kind, *m.Content)
			}
		}
		if *r.Messages[1].Content != "Repair the cat.\n\nIt is silent." {
			t.Errorf("%q", *r.Messages[1].Content)
		}
	}
}

func TestRealResultsAreKept(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testpath.Real(t, "other", "aider"), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no results", err)
	}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !(aider.Format{}).Detect(format.ShapeOf(doc)) {
			t.Errorf("%s is not claimed", file)
		}
		recs := sourcetest.Lossless(t, aider.Format{}, format.Document{URI: file, Data: doc})
		if len(recs) != 1 || *recs[0].Usage.Turns != 0 || recs[0].ExitStatus == nil || recs[0].Patch == nil {
			t.Errorf("%s: %+v", file, recs[0].Trajectory)
		}
	}
}
