package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/run"
	"github.com/swerm/swerm/trainer"
)

//go:generate go test -run TestPlansAreFresh -update .

// planFlags are the flags of `train --plan`.
type planFlags struct {
	on              bool
	shape           string
	vocab, length   int
	rate, bandwidth float64
}

func newPlanFlags(f *pflag.FlagSet) *planFlags {
	o := &planFlags{}
	f.BoolVar(&o.on, "plan", false, "say what the training would keep and how long a step would take, and allocate nothing")
	f.StringVar(&o.shape, "shape", "", "with --plan: the config.json of the checkpoint to start from, or its directory, instead of the config's model")
	f.IntVar(&o.vocab, "vocab", 8192, "with --plan: entries of the tokenizer, where the shape is the config's")
	f.IntVar(&o.length, "length", 0, "with --plan: tokens of every sequence (0: as many as fit a micro-batch and the context)")
	f.Float64Var(&o.rate, "rate", 0, "with --plan: GFLOP/s of the products of one rank (0: measured here)")
	f.Float64Var(&o.bandwidth, "bandwidth", 1000, "with --plan: MB/s that one rank sends")
	return o
}

// planTraining prints the forecast of a training.
func (a *app) planTraining(c *cobra.Command, stage *pipeline.Stage, o *stageFlags, args []string) error {
	cfg, err := a.trainConfig(c, stage, o, args)
	if err != nil {
		return err
	}
	p, r := o.plan, o.ranks
	if r.ranks < 1 || r.ep < 1 || r.ranks%r.ep != 0 {
		return usage("--nproc %d and --ep %d: --nproc is a multiple of --ep, and both start at 1", r.ranks, r.ep)
	}
	if p.length < 0 || p.vocab < 1 || p.rate < 0 || !(p.bandwidth > 0) {
		return usage("--length and --rate start at 0, --vocab at 1, and --bandwidth is positive")
	}
	set := trainer.Setting{Shape: cfg.NewShape(p.vocab), Ranks: r.ranks, EP: r.ep, Length: p.length,
		Threads: a.workers, Rate: p.rate * 1e9, Bandwidth: p.bandwidth * 1e6}
	if p.shape != "" {
		shape, err := readShape(p.shape)
		if err != nil {
			return &usageError{err}
		}
		set.Shape, set.Files = *shape, true
	}
	if set.Threads == 0 {
		set.Threads = max(1, runtime.GOMAXPROCS(0)/r.ranks)
	}
	if set.Rate == 0 {
		if set.Rate, err = cfg.MeasureRate(set.Threads); err != nil {
			return err
		}
	}
	forecast, err := trainer.NewForecast(cfg, set)
	if err != nil {
		return &usageError{err}
	}
	if a.json {
		return a.print(forecast)
	}
	return writeForecast(a.out, forecast)
}

// trainConfig reads the config that a training would have; of a run file, that
// of its step, without running what comes before.
func (a *app) trainConfig(c *cobra.Command, stage *pipeline.Stage, o *stageFlags, args []string) (*trainer.Config, error) {
	s := &run.Single{Stage: stage, Config: stage.NewConfig()}
	paths, settings := divided(args)
	if o.config == "" && len(paths) > 0 {
		o.config, paths = paths[0], paths[1:]
	}
	if len(paths) > 0 {
		return nil, usage("what is %q? --plan needs the config alone", paths[0])
	}
	if o.config != "" && isRunFile(o.config) {
		file, err := a.load(o.config, nil)
		if err != nil {
			return nil, err
		}
		step, err := onlyStep(file, o.config, stage.Name)
		if err != nil {
			return nil, err
		}
		s.Config, o.config = step.Config, ""
	}
	if err := configure(c, s, o, settings); err != nil {
		return nil, err
	}
	return s.Config.(*trainer.Config), nil
}

// readShape reads a config.json, given as such or by its directory.
func readShape(path string) (*moe.Config, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "config.json")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	shape, err := moe.ParseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return shape, nil
}

// writeForecast prints a forecast as a table.
func writeForecast(out io.Writer, f *trainer.Forecast) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	line("parameters", "%s, of which a token meets %s", billions(f.Parameters), billions(f.Active))
	if f.Trained != f.Parameters {
		line("trained", "%s", billions(f.Trained))
	}
	line("layout", "%d ranks (dp %d x ep %d), %d threads each", f.Ranks, f.Ranks/f.EP, f.EP, f.Threads)
	line("a rank's step", "micro-batches of %d x %d tokens, %d of them, recompute: %s", f.MicroSequences, f.Length, f.Micros, f.Recompute)
	m := f.Memory
	fmt.Fprintln(w, "\nmemory of a rank")
	for _, k := range []struct {
		name  string
		bytes int64
	}{{"weights", m.Weights}, {"gradients", m.Gradients}, {"moments", m.Moments}, {"average", m.Average}, {"activations", m.Activations},
		{"buffers", m.Buffers}, {"packs", m.Packs}, {"exchange", m.Exchange}, {"never written", -f.Untouched}, {"checkpoint copy", f.Staging}, {"program", f.Runtime}, {"all", f.Total}} {
		line("  "+k.name, "%s", gib(k.bytes))
	}
	fmt.Fprintln(w, "\nof it beside the model, for one sequence")
	for _, l := range f.ByLength {
		line(fmt.Sprintf("  of %d tokens", l.Tokens), "%s", gib(l.Bytes))
	}
	t := f.Seconds
	fmt.Fprintln(w, "\ntime of a step, from a rate")
	for _, k := range []struct {
		name    string
		seconds float64
	}{{"products", t.Products}, {"attention", t.Attention}, {"optimizer", t.Optimizer}, {"exchange", t.Exchange}, {"gradients", t.Reduce}} {
		line("  "+k.name, "%.3g s", k.seconds)
	}
	line("  all", "%.3g s, %.4g tokens/s on all ranks", t.Total(), f.TokensPerSec)
	line("  rates", "%.4g GFLOP/s and %.4g MB/s sent, a rank", f.Rate/1e9, f.Bandwidth/1e6)
	return w.Flush()
}

func billions(n int64) string {
	if n >= 1e9 {
		return fmt.Sprintf("%.2f G", float64(n)/1e9)
	}
	return fmt.Sprintf("%.2f M", float64(n)/1e6)
}

func gib(n int64) string {
	if n >= 1<<30 || n <= -1<<30 {
		return fmt.Sprintf("%.2f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
