package inspectai_test

import (
	"archive/zip"
	"bytes"
	"flag"
	"io"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/inspectai"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

const start = `{"version":2,"eval":{"eval_id":"C3pq","run_id":"X3ku","task":"popularity","model":"ollama/gemma3","dataset":{"name":"popularity"}},"plan":{}}`

func samples(t testing.TB) []sourcetest.Sample {
	all := sourcetest.Files(t, "testdata/*.json", "logs")
	for i := range all {
		all[i].OpenKeys = []string{"arguments"}
	}
	all[1].URI = "logs/popularity.eval/samples/1_epoch_1.json"
	all[1].Beside = map[string][]byte{"../_journal/start.json": []byte(start)}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, inspectai.Format{}, samples(t)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, inspectai.Format{}, samples(t), *update) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, inspectai.Format{}, samples(f)) }

func TestSecretsStayBehind(t *testing.T) {
	for r := range (inspectai.Format{}).Decode(format.Document{URI: "x.json", Data: samples(t)[0].Data}) {
		if strings.Contains(string(sourcetest.Render([]*format.Record{r})), "secret") {
			t.Error("a credential of the configuration came through")
		}
	}
}

func TestHeadersAloneAreNoRuns(t *testing.T) {
	for _, doc := range []string{start, `{"id":1,"epoch":1,"input":"a","target":"b","scores":{},"completed":true}`} {
		if (inspectai.Format{}).Detect(format.ShapeOf([]byte(doc))) {
			t.Error(doc)
		}
	}
}

func TestRealLogsAreKept(t *testing.T) {
	doc, err := os.ReadFile(testpath.Real(t, "other", "inspect", "2025-05-12T20-28-26-04-00_security-guide.json"))
	if err != nil {
		t.Fatal(err)
	}
	recs := sourcetest.Lossless(t, inspectai.Format{}, format.Document{URI: "security-guide.json", Data: doc})
	if len(recs) != 3 || *recs[0].InstanceID != "security_guide/1" || *recs[0].PolicyRaw != "openai/gpt-4o-mini" {
		t.Errorf("%d records", len(recs))
	}
}

func TestRealArchivesAreKept(t *testing.T) {
	packed, err := os.ReadFile(testpath.Real(t, "other", "inspect", "log_read_sample.eval"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		f, err := z.Open(name)
		if err != nil {
			return nil
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	claimed := 0
	for _, f := range z.File {
		doc := read(f.Name)
		if !(inspectai.Format{}).Detect(format.ShapeOf(doc)) {
			continue
		}
		claimed++
		recs := sourcetest.Lossless(t, inspectai.Format{}, format.Document{URI: f.Name, Data: doc,
			Neighbor: func(name string) []byte { return read(path.Join(path.Dir(f.Name), name)) }})
		if len(recs) != 1 || *recs[0].PolicyRaw != "ollama/gemma3" || *recs[0].InstanceID != "popularity/1" {
			t.Errorf("%s: %+v", f.Name, recs[0].Trajectory)
		}
	}
	if claimed != 1 {
		t.Errorf("%d members are claimed", claimed)
	}
}
