package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// A fact is one line of the list of what a run was.
type fact struct{ Name, Value string }

type factGroup struct {
	Title string
	Facts []fact
	Keys  bool // long values of one width
}

// trainConfig is the part of stage train's config that is shown. A calibrated
// checkpoint carries another stage's config; then all of it is zero.
type trainConfig struct {
	Seed uint64 `json:"seed"`
	Data struct {
		Scale int64 `json:"scale"`
	} `json:"data"`
	Optimizer struct {
		LR          float64 `json:"lr"`
		WeightDecay float64 `json:"weight_decay"`
	} `json:"optimizer"`
	Schedule struct {
		Kind string `json:"kind"`
	} `json:"schedule"`
	Batch struct {
		Sequences int `json:"sequences"`
	} `json:"batch"`
	Aux struct {
		Coefficient float64 `json:"coefficient"`
	} `json:"aux"`
	Eval struct {
		Keep string `json:"keep"`
		By   string `json:"by"`
	} `json:"eval"`
}

func (e *evidence) trainConfig() trainConfig {
	var c trainConfig
	if e.model == nil || e.model.manifest.Stage != "train" {
		return c
	}
	_ = json.Unmarshal(e.model.manifest.Config, &c) // what another version wrote is shown as far as it is known
	return c
}

func (e *evidence) facts() []factGroup {
	groups := []factGroup{{Title: "Evaluation", Facts: e.evaluationFacts()}}
	if e.model != nil {
		groups = append(groups, factGroup{Title: "Model", Facts: e.modelFacts()},
			factGroup{Title: "Training", Facts: e.trainingFacts()}, factGroup{Title: "Contract", Facts: e.contractFacts()})
	}
	return append(groups, factGroup{Title: "Keys", Facts: e.keyFacts(), Keys: true})
}

func (e *evidence) evaluationFacts() []fact {
	ev := &e.ev
	out := []fact{
		{"runs judged", count(ev.N)},
		{"resolved, unresolved", count(ev.Positives) + ", " + count(ev.N-ev.Positives)},
		{"tasks", count(ev.Tasks)},
	}
	if e.judgedBySplit() {
		out = append(out, fact{"split", clean(e.config.Split)})
	}
	in := ev.Intervals["auc"]
	out = append(out,
		fact{"runs with a score", percent(ev.Coverage)},
		fact{"tokens read", percent(ev.TokensReadShare)},
		fact{"intervals", fmt.Sprintf("%s, %s resamples of tasks", e.level(), count(in.Resamples))},
		fact{"seed of the resamples", fmt.Sprint(e.config.Seed)},
		fact{"calibration", e.calibration()},
		fact{"rows", clean(ev.Counts.String())},
	)
	if ev.ScoredBy != nil && ev.ScoredBy.KernelFamily != "" {
		out = append(out, fact{"kernels that scored", clean(ev.ScoredBy.KernelFamily)})
	}
	if ev.ScoredBy != nil && !ev.ScoredBy.Precision.IsZero() {
		out = append(out, fact{"precision of the scores", clean(string(ev.ScoredBy.Precision))})
	}
	for _, reason := range slices.Sorted(maps.Keys(ev.Unscored)) {
		out = append(out, fact{"without a score: " + clean(reason), count(ev.Unscored[reason])})
	}
	for _, v := range pipeline.Verdicts() {
		if _, ok := v.Target(); !ok && ev.Verdicts[v] > 0 {
			out = append(out, fact{"verdict " + string(v) + ", not judged", count(ev.Verdicts[v])})
		}
	}
	return out
}

func (e *evidence) calibration() string {
	c := e.ev.Calibration
	if c == nil {
		return "none"
	}
	return fmt.Sprintf("%s: p = sigmoid(%.4g · margin %s)", clean(c.Method), c.A, strings.Replace(minus(fmt.Sprintf("%+.4g", c.B)), "+", "+ ", 1))
}

func (e *evidence) modelFacts() []fact {
	n, c := &e.model.network, &e.model.card
	out := []fact{}
	if e.model.summary.Parameters > 0 {
		out = append(out, fact{"parameters", count(e.model.summary.Parameters)})
	}
	if n.NumHiddenLayers > 0 {
		out = append(out,
			fact{"layers, hidden size", fmt.Sprintf("%d, %d", n.NumHiddenLayers, n.HiddenSize)},
			fact{"heads, of keys and values", fmt.Sprintf("%d, %d of size %d", n.NumAttentionHeads, n.NumKeyValueHeads, n.HeadDim)},
			fact{"experts a layer, of which active", fmt.Sprintf("%d, %d of width %d", n.NumExperts, n.NumExpertsPerTok, n.MoeIntermediateSize)},
			fact{"vocabulary", count(n.VocabSize)})
	}
	return append(out, fact{"objective", clean(c.Objective)}, fact{"head", clean(c.Head)},
		fact{"precision", clean(c.Precision)}, fact{"kernels that trained", clean(c.KernelFamily)})
}

func (e *evidence) trainingFacts() []fact {
	s := &e.model.summary
	var out []fact
	if s.Steps > 0 {
		out = append(out, fact{"steps", count(s.Steps)}, fact{"weights of step", count(s.CheckpointStep)}, fact{"tokens", count(s.Tokens)})
	}
	for _, use := range slices.Sorted(maps.Keys(e.model.card.TrainedOn)) {
		out = append(out, fact{"tasks in " + clean(use), count(len(e.model.card.TrainedOn[use]))})
	}
	c := e.trainConfig()
	if c.Batch.Sequences == 0 {
		return out
	}
	keep := clean(c.Eval.Keep)
	if keep == "best" {
		keep += " by dev " + clean(c.Eval.By)
	}
	return append(out,
		fact{"runs a step", count(c.Batch.Sequences)},
		fact{"learning rate, schedule", fmt.Sprintf("%g, %s", c.Optimizer.LR, clean(c.Schedule.Kind))},
		fact{"weight decay", fmt.Sprint(c.Optimizer.WeightDecay)},
		fact{"load-balancing coefficient", fmt.Sprint(c.Aux.Coefficient)},
		fact{"weights kept", keep},
		fact{"seed", fmt.Sprint(c.Seed)})
}

func (e *evidence) contractFacts() []fact {
	c := &e.model.card.Contract
	return []fact{
		{"template", fmt.Sprintf("%s, version %d", clean(c.Template.Name), c.Template.Version)},
		{"template hash", short(c.TemplateHash)},
		{"tokenizer hash", short(c.TokenizerHash)},
		{"verdict tokens", fmt.Sprintf("%q (%d), %q (%d)", clean(c.YesToken), c.YesID, clean(c.NoToken), c.NoID)},
		{"context", count(c.MaxTokens) + " tokens"},
		{"longer runs", clean(c.Overflow)},
		{"reads", reads(c.Rendering.Reasoning, c.Rendering.Patch, c.Rendering.System)},
	}
}

func reads(reasoning, patch, system bool) string {
	list := []string{"messages and calls"}
	for _, part := range []struct {
		on   bool
		name string
	}{{reasoning, "reasoning"}, {system, "system prompt"}, {patch, "patch"}} {
		if part.on {
			list = append(list, part.name)
		}
	}
	return strings.Join(list, ", ")
}

func short(hash string) string {
	hash = clean(hash)
	return hash[:min(len(hash), 16)]
}

func (e *evidence) keyFacts() []fact {
	out := []fact{{"this report", clean(string(e.key))}}
	for _, in := range e.inputs {
		out = append(out, fact{clean(in.Port), clean(string(in.Key))})
	}
	for _, p := range e.manifest.Parents {
		out = append(out, fact{"evaluation's " + clean(p.Port), clean(string(p.Key))})
	}
	if by := e.ev.ScoredBy; by != nil {
		out = append(out, fact{"scored by checkpoint", clean(string(by.Checkpoint))})
	}
	if e.model != nil {
		for _, name := range slices.Sorted(maps.Keys(e.model.card.Lineage)) {
			out = append(out, fact{"checkpoint's " + clean(name), clean(e.model.card.Lineage[name])})
		}
	}
	return out
}

// A document is a config as it was.
type document struct{ Title, Text string }

func (e *evidence) documents() []document {
	out := []document{{"Config of stage " + clean(e.manifest.Stage), indented(e.manifest.Config)}}
	if e.model != nil && len(e.model.manifest.Config) > 0 {
		out = append(out, document{"Config of stage " + clean(e.model.manifest.Stage), indented(e.model.manifest.Config)})
	}
	return out
}

// indented keeps line ends, which clean takes for spaces.
func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return ""
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}
