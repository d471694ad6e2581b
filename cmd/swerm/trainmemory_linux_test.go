package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/internal/resident"
	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/trainer"
)

// trainingWorld is what a training takes, in a directory: tokens of sequences
// that all have one length, a tokenizer of so many entries, labels and a view.
type trainingWorld struct {
	t     *testing.T
	dir   string
	vocab int
}

func newTrainingWorld(t *testing.T, vocab, length, train, dev int) *trainingWorld {
	w := &trainingWorld{t: t, dir: t.TempDir()}
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(1, 2))
	words := make([]string, vocab)
	for i := range words {
		word := make([]byte, 4)
		for k := range word {
			word[k] = 'a' + byte(rng.IntN(26))
		}
		words[i] = " " + string(word)
	}
	text := strings.Join(words, "")
	tok, err := tokenizer.Train(ctx, slices.Values([]string{text, text, text}), tokenizer.TrainOptions{VocabSize: vocab, Words: []string{"YES", "NO"}})
	w.check(err)
	w.vocab = tok.VocabSize()
	a, err := dataset.CreateArtifact(ctx, w.path("tokenizer"), w.spec(pipeline.KindTokenizer, "tokenizer"))
	w.check(err)
	w.check(os.WriteFile(filepath.Join(a.Dir(), contract.TokenizerFile), tok.JSON(), 0o644))
	_, err = a.Close(ctx, pipeline.Counts{})
	w.check(err)
	c, err := contract.New(tok, contract.Options{MaxTokens: max(length, 1024)})
	w.check(err)

	var tokens []pipeline.TokenRow
	var labels []pipeline.Label
	var view []pipeline.Selection
	for i := range train + dev {
		id, split := fmt.Sprintf("%032x", i+1), pipeline.SplitTrain
		if i >= train {
			split = pipeline.SplitDev
		}
		ids := make([]int32, length)
		for k := range ids {
			ids[k] = rng.Int32N(int32(w.vocab))
		}
		verdict := []pipeline.Verdict{pipeline.VerdictResolved, pipeline.VerdictUnresolved}[i%2]
		tokens = append(tokens, pipeline.TokenRow{TrajectoryID: id, TaskID: id, IDs: ids, TokensFull: int32(length)})
		labels = append(labels, pipeline.Label{TrajectoryID: id, Verdict: verdict, Rules: "swebench"})
		view = append(view, pipeline.Selection{TrajectoryID: id, Part: strings.Repeat("0", 32), Row: int64(i), Count: 1, Split: split, TaskID: id,
			Source: "s", Policy: "p", Scaffold: "x", Verdict: pipeline.VerdictUnknown})
	}
	writeRows(w, "tokens", w.spec(pipeline.KindTokens, map[string]any{"contract": c}), tokens)
	writeRows(w, "labels", w.spec(pipeline.KindLabels, "labels"), labels)
	writeRows(w, "view", w.spec(pipeline.KindView, "view"), view)
	return w
}

func (w *trainingWorld) path(name string) string { return filepath.Join(w.dir, name) }

func (w *trainingWorld) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *trainingWorld) spec(kind pipeline.Kind, config any) dataset.Spec {
	key, err := pipeline.TaskKey("make "+string(kind), 1, config, nil)
	w.check(err)
	return dataset.Spec{Kind: kind, Stage: "make", StageVersion: 1, Config: config, Key: key}
}

func writeRows[T dataset.Row](w *trainingWorld, name string, s dataset.Spec, rows []T) {
	ctx := context.Background()
	out, err := dataset.Create[T](ctx, w.path(name), s)
	w.check(err)
	for i := range rows {
		w.check(out.Add(&rows[i], dataset.Cursor{Row: int64(i)}))
	}
	_, err = out.Close(ctx)
	w.check(err)
}

// plan is what `train --plan` says of a training with such arguments.
func (w *trainingWorld) plan(length int, args []string) *trainer.Forecast {
	var out bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: os.Stderr, stages: stages()}
	c := a.command()
	c.SetArgs(append([]string{"train", "--plan", "--json", "--rate", "1", "--vocab", fmt.Sprint(w.vocab), "--length", fmt.Sprint(length)}, args...))
	w.check(c.ExecuteContext(context.Background()))
	f := &trainer.Forecast{}
	w.check(json.Unmarshal(out.Bytes(), f))
	return f
}

// peak trains in a process of its own and returns the most memory that it, or
// that rank of it which had most, was resident with.
func (w *trainingWorld) peak(binary string, args []string) int64 {
	out := w.t.TempDir() + "/out"
	cmd := commandIn(binary, w.dir, append([]string{"train", "-q", "-o", out, "--tokens", "tokens", "--tokenizer", "tokenizer", "--labels", "labels", "--view", "view"}, args...)...)
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	w.check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	peak := int64(0)
	for {
		pids := children(cmd.Process.Pid) // ranks, if it has any
		if len(pids) == 0 {
			pids = []int{cmd.Process.Pid}
		}
		for _, pid := range pids {
			peak = max(peak, resident.PeakOf(strconv.Itoa(pid)))
		}
		select {
		case err := <-ended:
			if err != nil {
				w.t.Fatalf("%v: %v: %s", args, err, text.String())
			}
			return peak
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// trainingCase is a training whose memory is predicted and measured.
type trainingCase struct {
	name   string
	length int
	args   []string
}

// holds compares: within a tenth.
func (c trainingCase) holds(w *trainingWorld, binary string) {
	w.t.Helper()
	want := w.plan(c.length, c.args)
	got := w.peak(binary, c.args)
	off := float64(want.Total)/float64(got) - 1
	w.t.Logf("%-24s resident %7.1f MiB, planned %7.1f, %+.1f %%", c.name, mib(got), mib(want.Total), 100*off)
	if math.Abs(off) > 0.1 {
		w.t.Errorf("%s: %d bytes resident, planned %+v", c.name, got, want)
	}
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// TestTrainingMemory holds the prediction against a process, at a small size.
func TestTrainingMemory(t *testing.T) {
	w := newTrainingWorld(t, 1024, 256, 12, 4)
	c := trainingCase{"small", 256, []string{"model.layers=2", "model.experts=16", "batch.sequences=8", "batch.max_tokens_per_microbatch=2048",
		"steps=3", "eval.every=2", "ema.decay=0.9", "checkpoint_every=2"}}
	c.holds(w, "swerm")
}

// TestSoakTrainingMemory holds it over what training can be told to keep, at the
// size that the network's figures are quoted for.
func TestSoakTrainingMemory(t *testing.T) {
	testpath.Soak(t)
	binary := build(t)
	worlds := map[int]*trainingWorld{}
	base := []string{"model.layers=6", "model.experts=16", "batch.sequences=8", "batch.max_tokens_per_microbatch=4096", "steps=4", "eval.every=2"}
	for _, c := range []trainingCase{
		{"default step", 512, nil},
		{"no evaluation", 512, []string{"data.dev_split="}},
		{"recompute", 512, []string{"memory.recompute=layer"}},
		{"moments in eight bits", 512, []string{"optimizer.state=int8"}},
		{"moments in eight bits, slices", 512, []string{"--nproc", "2", "batch.sequences=16", "optimizer.state=int8"}},
		{"eight bits, weights in bfloat16", 512, []string{"optimizer.state=int8", "weights=bf16"}},
		{"half a micro-batch", 512, []string{"batch.max_tokens_per_microbatch=2048"}},
		{"adapters", 512, []string{"lora.rank=16", "lora.targets=[attention, experts]"}},
		{"frozen", 512, []string{"freeze=[embeddings, layers 0-3]"}},
		{"moments in slices", 512, []string{"--nproc", "2", "batch.sequences=16"}},
		{"experts shared", 512, []string{"--nproc", "2", "--ep", "2", "batch.sequences=16"}},
		{"experts shared, overlap", 512, []string{"--nproc", "2", "--ep", "2", "batch.sequences=32", "ranks.overlap=true"}},
		{"average", 512, []string{"ema.decay=0.99"}},
		{"checkpoints beside steps", 512, []string{"checkpoint_every=2"}},
		{"average and checkpoints", 512, []string{"ema.decay=0.99", "checkpoint_every=2"}},
		{"long", 4096, nil},
		{"bfloat16 products", 512, []string{"precision=bf16"}},
		{"wide", 512, []string{"model.hidden=512", "model.layers=4", "model.heads=8", "model.kv_heads=4", "model.experts=8", "model.moe_intermediate=384"}},
		{"next token", 512, []string{"objective.name=next_token"}},
		{"whole vocabulary", 512, []string{"objective.name=full"}},
	} {
		if worlds[c.length] == nil {
			worlds[c.length] = newTrainingWorld(t, 8192, c.length, 32, 8)
		}
		c.args = append(slices.Clone(base), c.args...)
		t.Run(c.name, func(t *testing.T) {
			w := *worlds[c.length]
			w.t = t
			c.holds(&w, binary)
		})
	}
}
