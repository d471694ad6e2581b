package scale

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/moe/kernel"
)

var update = flag.Bool("update", false, "write the tables of docs/scale.md")

// qwen30B is Qwen3-30B-A3B as its config.json has it.
var qwen30B = moe.Config{VocabSize: 151936, HiddenSize: 2048, NumHiddenLayers: 48, NumAttentionHeads: 32, NumKeyValueHeads: 4, HeadDim: 128,
	NumExperts: 128, NumExpertsPerTok: 8, MoeIntermediateSize: 768, IntermediateSize: 6144, NormTopKProb: true, RopeTheta: 1e6,
	RMSNormEps: 1e-6, MaxPositionEmbeddings: 40960, InitializerRange: 0.02, BOS: -1, EOS: -1, Pad: -1}

// A machine is a rank of a table, with where its rates come from.
type machine struct {
	name string
	Rates
}

// Rates of docs/scale.md, which says how each was found.
var machines = []machine{
	{"64-core CPU node, 200 Gb/s network", Rates{Flops: 64 * measuredFlopsPerCore, Link: 25e9, Memory: 200e9}},
	{"accelerator, 400 Gb/s network", Rates{Flops: 0.4 * 989e12, Link: 50e9, Memory: 3.35e12}},
}

// measuredFlopsPerCore is what training steps of this program sustain on one
// core of an AMD EPYC with AVX2.
const measuredFlopsPerCore = 68e9

// The step of the tables: 64 trajectories of 16,384 tokens.
func tableStep(wire int) Step { return Step{Sequences: 64, Length: 16384, Micro: 16384, Wire: wire} }

const gib = 1 << 30

// recomputed is what `train --plan` says of a rank beside its model where layers are
// computed again, on the kernels that every machine has.
func recomputed(t *testing.T, l Layout) float64 {
	t.Helper()
	t.Setenv(kernel.EnvVar, kernel.Generic.String())
	p := moe.Plan{Config: qwen30B, Lengths: []int{tableStep(4).Micro}, Recompute: true, Threads: 64, Summed: l.World() > 1}
	if l.EP > 1 {
		p.Shard = moe.Shard{Rank: l.EP - 1, Of: l.EP}
	}
	p.Head.No = 1
	m, err := moe.PlanMemory[float32](p)
	if err != nil {
		t.Fatal(err)
	}
	return float64(m.Activations + m.Buffers + m.Packs + m.Exchange)
}

func table(t *testing.T, m machine, layouts []Layout) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", strings.ToUpper(m.name[:1])+m.name[1:])
	b.WriteString("| DP × EP | weights | gradients | moments | activations | computed again | GiB a rank | GiB when computed again | compute s | dispatch s fp32 / bf16 | reduce s fp32 / bf16 | update s | step s | with overlap, bf16 |\n")
	b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, l := range layouts {
		p, half := Predict(&qwen30B, l, tableStep(4), m.Rates), Predict(&qwen30B, l, tableStep(2), m.Rates)
		again := recomputed(t, l)
		fmt.Fprintf(&b, "| %d × %d | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %s | %s / %s | %s / %s | %s | %s | %s |\n", l.DP, l.EP,
			p.Weights/gib, p.Gradients/gib, p.Moments/gib, p.Activations/gib, again/gib, p.Bytes()/gib, (p.Bytes()-p.Activations+again)/gib, short(p.Compute),
			short(p.Dispatch), short(half.Dispatch), short(p.Reduce), short(half.Reduce), short(p.Update), short(p.Seconds()), short(half.Overlapped()))
	}
	return b.String()
}

// short has three digits.
func short(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	case x >= 1:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.3f", x)
}

const (
	tablesBegin = "<!-- made by go test ./trainer/scale -update -->\n"
	tablesEnd   = "<!-- end -->\n"
)

func TestTablesAreFresh(t *testing.T) {
	path := filepath.Join(testpath.Root(), "docs", "scale.md")
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(doc, []byte(tablesBegin))
	_, after, closed := bytes.Cut(rest, []byte(tablesEnd))
	if !ok || !closed {
		t.Fatalf("%s has no place for the tables", path)
	}
	n := Count(&qwen30B)
	made := fmt.Sprintf("%.2f billion parameters, %.2f of them in experts; %.1f GFLOP and %.2f MB of dispatch (fp32, EP without end) for each token of %d.\n\n",
		(n.Dense+n.Experts)/1e9, n.Experts/1e9, FlopsPerToken(&qwen30B, 16384)/1e9, DispatchPerToken(&qwen30B, 4)/1e6, 16384)
	for _, m := range machines {
		made += table(t, m, []Layout{{1, 8}, {1, 16}, {1, 32}, {1, 64}, {8, 8}, {4, 16}, {2, 32}}) + "\n"
	}
	want := string(before) + tablesBegin + made + tablesEnd + string(after)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(doc) {
		t.Errorf("%s is not what the formulas give: go test ./trainer/scale -update", path)
	}
}

func TestParametersOfQwen(t *testing.T) {
	n := Count(&qwen30B)
	if got := n.Dense + n.Experts; math.Abs(got-30.53e9) > 0.01e9 {
		t.Errorf("%v parameters, the model card says 30.5 billion", got)
	}
	// Weights that a token meets: 3.3 billion with embeddings and head.
	active := FlopsPerToken(&qwen30B, 0)/6 + 8*expert(&qwen30B) + 2*float64(qwen30B.VocabSize*qwen30B.HiddenSize)
	if math.Abs(active-3.35e9) > 0.05e9 {
		t.Errorf("%v active parameters, the model card says 3.3 billion", active)
	}
}

// Memory that is divided adds up over the ranks to what one rank has.
func TestRanksAddUp(t *testing.T) {
	one := Predict(&qwen30B, Layout{1, 1}, tableStep(4), machines[0].Rates)
	for _, l := range []Layout{{1, 8}, {8, 8}, {2, 32}, {64, 1}} {
		p := Predict(&qwen30B, l, tableStep(4), machines[0].Rates)
		if got := p.Moments * float64(l.World()); math.Abs(got/one.Moments-1) > 1e-9 {
			t.Errorf("%+v: moments of all ranks are %v of one's", l, got/one.Moments)
		}
		if got := p.Compute * float64(l.World()); math.Abs(got/one.Compute-1) > 1e-9 {
			t.Errorf("%+v: compute of all ranks is %v of one's", l, got/one.Compute)
		}
	}
	if one.Dispatch != 0 || one.Reduce != 0 {
		t.Errorf("a rank alone sends for %v s", one.Dispatch+one.Reduce)
	}
}
