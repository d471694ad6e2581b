package labeler_test

import (
	"net/http/httptest"
	"os"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/swerm/swerm/labeler"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/store"
	"github.com/swerm/swerm/sources"
)

// TestRunsAndReportsInAnObjectStore imports and labels a prefix that holds both.
func TestRunsAndReportsInAnObjectStore(t *testing.T) {
	backend := s3mem.New()
	if err := backend.CreateBucket("bucket"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(gofakes3.New(backend).Server())
	defer srv.Close()
	for k, v := range map[string]string{"AWS_ENDPOINT_URL": srv.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a",
		"AWS_SECRET_ACCESS_KEY": "b", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(k, v)
	}
	const root = "s3://bucket/runs"
	st, dir, err := store.Open(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"night/o__r-1/o__r-1.traj.json": `{"trajectory_format":"mini-swe-agent-1.1","instance_id":"o__r-1","info":{"submission":"d"},"messages":[{"role":"user","content":"Fix."},{"role":"assistant","content":"Done."}]}`,
		"night/o__r-1/report.json":      `{"o__r-1":{"resolved":true}}`,
		"night/o__r-2/o__r-2.traj.json": `{"trajectory_format":"mini-swe-agent-1.1","instance_id":"o__r-2","info":{"submission":"e"},"messages":[{"role":"user","content":"Fix."},{"role":"assistant","content":"Done."}]}`,
	} {
		up, err := st.Create(t.Context(), dir+"/"+name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := up.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		if err := up.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	runs, imported := stage(t, sources.Stage(), input("raw", pipeline.KindRaw, root))
	if res := imported.(*sources.Result); res.Out != 2 || res.Ignored != 1 {
		t.Fatalf("%+v", res)
	}
	_, out := stage(t, labeler.ReportsStage(), input("dataset", pipeline.KindTrajectories, runs.URI), input("reports", pipeline.KindRaw, root))
	res := out.(*labeler.ReportsResult)
	if res.ByVerdict[pipeline.VerdictResolved] != 1 || res.ByReason["no_report"] != 1 || res.ByRule["folder"] != 1 {
		t.Errorf("%+v", res)
	}
}
