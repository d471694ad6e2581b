package trainer

import (
	"bufio"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/swerm/swerm/trainer/prometheus"
	"github.com/swerm/swerm/trainer/tensorboard"
)

var sampleLine = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-zA-Z_]\w*="[^"]*"(?:,[a-zA-Z_]\w*="[^"]*")*\})? (\S+)$`)

// scrape reads a page as strictly as the format is: HELP and TYPE before the
// samples of a name, each name once, every value a number.
func scrape(t *testing.T, m *Monitor) (values map[string]float64, kinds map[string]string) {
	t.Helper()
	r := httptest.NewRecorder()
	m.ServeHTTP(r, httptest.NewRequest("GET", "/metrics", nil))
	if r.Code != 200 || r.Header().Get("Content-Type") != prometheus.ContentType {
		t.Fatalf("%d, %s", r.Code, r.Header().Get("Content-Type"))
	}
	values, kinds = map[string]float64{}, map[string]string{}
	helped, name := "", ""
	for sc := bufio.NewScanner(r.Body); sc.Scan(); {
		line := sc.Text()
		if words := strings.Fields(line); strings.HasPrefix(line, "# HELP ") && len(words) > 3 {
			helped = words[2]
			continue
		} else if strings.HasPrefix(line, "# TYPE ") && len(words) == 4 && words[2] == helped && kinds[helped] == "" {
			name, kinds[helped] = helped, words[3]
			continue
		}
		parts := sampleLine.FindStringSubmatch(line)
		if parts == nil || parts[1] != name {
			t.Fatalf("line %q after those of %q", line, name)
		}
		v, err := strconv.ParseFloat(parts[3], 64)
		if _, twice := values[parts[1]+parts[2]]; err != nil || twice {
			t.Fatalf("line %q: %v, twice %v", line, err, twice)
		}
		values[parts[1]+parts[2]] = v
	}
	return values, kinds
}

// What the page says is what the files say, and a number that does not exist
// is not there.
func TestMonitor(t *testing.T) {
	cfg := testConfig()
	cfg.Eval = Eval{Every: 4, Keep: KeepBest, By: ByLoss}
	cfg.Aux.ZLoss = 0.01
	s := testSetup(t, cfg, markerCorpus(t, 50, 12), t.TempDir())
	s.monitor = &Monitor{}
	if values, _ := scrape(t, s.monitor); len(values) != 0 {
		t.Errorf("before a training: %v", values)
	}
	tr := mustRun(t, s)
	values, kinds := scrape(t, s.monitor)
	lines := linesOf(t, s.dir)
	last := lines[len(lines)-1]
	for name, want := range map[string]float64{
		"steps_total": 12, "planned_steps": 12, "sequences_total": float64(tr.st.Sequences), "tokens_total": float64(tr.st.Tokens),
		"skipped_steps_total": 0, "loss": *last.Loss, "grad_norm": *last.GradNorm, "learning_rate": last.LR, "epoch": last.Epoch,
		"aux_loss": last.Aux, "z_loss": *last.Z, "dev_step": 12, "dev_loss": *last.Dev.Loss, "dev_auc": *last.Dev.AUC, "dev_ece": *last.Dev.ECE,
		`expert_peak{moe_layer="1"}`: last.Balance.Peak[1], `expert_entropy{moe_layer="0"}`: last.Balance.Entropy[0],
		"best_step": float64(tr.st.BestStep), "checkpoint_step": 12, "eta_seconds": 0,
	} {
		if got, ok := values["swerm_train_"+name]; !ok || got != want {
			t.Errorf("%s is %v (%v), want %v", name, got, ok, want)
		}
	}
	shown := map[string]float32{}
	file, err := os.Open(filepath.Join(s.dir, tensorboard.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for e, err := range tensorboard.Events(file) {
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range e.Scalars {
			shown[v.Tag] = v.Value
		}
	}
	for tag, name := range map[string]string{"train/loss": "loss", "train/aux": "aux_loss", "train/z_loss": "z_loss", "train/grad_norm": "grad_norm",
		"train/lr": "learning_rate", "train/epoch": "epoch", "dev/loss": "dev_loss", "dev/auc": "dev_auc", "dev/ece": "dev_ece"} {
		if v, ok := shown[tag]; !ok || v != float32(values["swerm_train_"+name]) {
			t.Errorf("TensorBoard has %s %v (%v), the page %v", tag, v, ok, values["swerm_train_"+name])
		}
	}
	if v := shown["train/expert_entropy"]; v != float32(slices.Min(last.Balance.Entropy)) {
		t.Errorf("TensorBoard has the entropy %v", v)
	}
	for name := range kinds {
		if (kinds[name] == "counter") != strings.HasSuffix(name, "_total") {
			t.Errorf("%s is a %s", name, kinds[name])
		}
	}
	if auc := values["swerm_train_auc"]; !(auc > 0 && auc <= 1) || !(values["swerm_train_tokens_per_second"] > 0) {
		t.Errorf("auc %v, %v tokens a second", auc, values["swerm_train_tokens_per_second"])
	}

	cfg.Objective.Name, cfg.Steps, cfg.Eval, cfg.Aux.ZLoss = ObjectiveNextToken, 2, Eval{Keep: KeepLast, By: ByLoss}, 0
	text := testSetup(t, cfg, markerCorpus(t, 20, 0), t.TempDir())
	text.monitor = &Monitor{}
	mustRun(t, text)
	values, _ = scrape(t, text.monitor)
	for _, name := range []string{"auc", "dev_auc", "dev_step", "z_loss"} {
		if v, ok := values["swerm_train_"+name]; ok {
			t.Errorf("text has %s %v", name, v)
		}
	}
}

// The running AUC is over the last sequences, as they were trained on, whatever
// rank had them.
func TestRecentAUC(t *testing.T) {
	var r recent
	for i := range 3 * recentSequences {
		r.add(float64(i), i%2 == 0 || i < 2*recentSequences)
	}
	if len(r.margins) != recentSequences || r.auc() == nil || math.Abs(*r.auc()-0.5) > 0.01 {
		t.Errorf("%d margins, AUC %v", len(r.margins), number(r.auc()))
	}
	c := layoutCase(func(c *Config) { c.Steps = 5 })
	var want *float64
	for _, l := range []ranksShape{{1, 1}, {2, 2}} {
		trainings, errs := runEach(t, c, localWorld(t, l.dp*l.ep), l.ep, t.TempDir(), undisturbed)
		for rank, tr := range trainings {
			got := tr.watch.recent.auc()
			if want == nil {
				want = got
			}
			if errs[rank] != nil || got == nil || math.Abs(*got-*want) > 1e-9 || len(tr.watch.recent.margins) != 5*8 {
				t.Errorf("rank %d of %+v: AUC %v over %d, want %v, error %v", rank, l, number(got), len(tr.watch.recent.margins), number(want), errs[rank])
			}
		}
	}
}
