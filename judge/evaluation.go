package judge

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/metrics"
	"github.com/swerm/swerm/pipeline"
)

// An Evaluation is what `swerm eval --json` prints and evaluation.json holds.
// A nil figure does not exist for these rows (AUC of one class); it is never 0.
type Evaluation struct {
	N         int `json:"n"`         // judged and scored rows
	Positives int `json:"positives"` // of them resolved
	Tasks     int `json:"tasks"`     // the unit of the intervals

	AUC             *float64            `json:"auc"`
	AUCWithinPolicy *float64            `json:"auc_within_policy"`
	ECE             *float64            `json:"ece"` // 15 bins
	Brier           *float64            `json:"brier"`
	LogLoss         *float64            `json:"log_loss"` // clip 1e-7
	RMAt            map[string]*float64 `json:"rm_at"`
	RMStrictAt      map[string]*float64 `json:"rm_strict_at"`
	PassAt          map[string]*float64 `json:"pass_at"`
	RandomAt        map[string]*float64 `json:"random_at"`
	GroupsAt        map[string]int      `json:"groups_at"` // groups with at least K candidates
	Coverage        *float64            `json:"coverage"`  // share of judged rows with a score
	TokensReadShare *float64            `json:"tokens_read_share"`

	Intervals map[string]metrics.Interval `json:"intervals"`
	Baselines map[string]SystemFigures    `json:"baselines"`
	Delta     *Delta                      `json:"delta"` // nil without baselines

	ByPolicy    []Slice                    `json:"by_policy"`
	BySource    []Slice                    `json:"by_source"`
	Reliability []metrics.Bin              `json:"reliability"`
	Ranking     *metrics.Ranking           `json:"ranking"`
	Calibration *contract.Calibration      `json:"calibration,omitempty"`
	Verdicts    map[pipeline.Verdict]int64 `json:"verdicts"`
	Unscored    map[string]int64           `json:"unscored,omitempty"`
	Counts      pipeline.Counts            `json:"counts"`
	ScoredBy    *ScoredBy                  `json:"scored_by,omitempty"` // nil for scores of another tool

	order  []string // baselines in the order of the table
	curves *Curves
}

// ScoredBy says where the scores come from, so that figures of another model
// are not shown beside them.
type ScoredBy struct {
	Checkpoint   pipeline.Key `json:"checkpoint"`
	Tokens       pipeline.Key `json:"tokens"`
	KernelFamily string       `json:"kernel_family"`
	Precision    Precision    `json:"precision,omitzero"`
}

// SystemFigures are one baseline's figures on the same rows.
type SystemFigures struct {
	AUC      *float64         `json:"auc"`
	ECE      *float64         `json:"ece"`
	Brier    *float64         `json:"brier"`
	LogLoss  *float64         `json:"log_loss"`
	Interval metrics.Interval `json:"auc_interval"`
	Delta    Delta            `json:"delta"` // the model minus this baseline
}

// A Delta is the model's AUC minus a baseline's, with the paired interval over
// tasks. Where it stands for all baselines, the baseline is the one with the
// highest AUC on the judged rows, which favours the baseline.
type Delta struct {
	BestBaseline string   `json:"best_baseline"`
	AUC          *float64 `json:"auc"`
	Lo           *float64 `json:"lo"`
	Hi           *float64 `json:"hi"`
}

// A Slice is the figures of one policy or source.
type Slice struct {
	Name      string   `json:"name"`
	N         int      `json:"n"`
	Positives int      `json:"positives"`
	AUC       *float64 `json:"auc"`
	ECE       *float64 `json:"ece"`
}

// columns are the scored rows as metrics want them.
type columns struct {
	margin, p      []float64
	resolved       []bool
	task           []int32
	policy, source []int32
	tasks          int
	policies       []string
	sources        []string
	index          []int // row of evalRows behind each
}

func scoredColumns(r *evalRows) *columns {
	c := &columns{}
	var task, policy, source []string
	for i := range r.rows {
		row := &r.rows[i]
		if !row.scored {
			continue
		}
		c.margin, c.p = append(c.margin, row.margin), append(c.p, row.p)
		c.resolved = append(c.resolved, row.resolved)
		c.index = append(c.index, i)
		task, policy, source = append(task, row.task), append(policy, row.policy), append(source, row.source)
	}
	var tasks []string
	c.task, tasks = metrics.GroupBy(task)
	c.tasks = len(tasks)
	c.policy, c.policies = metrics.GroupBy(policy)
	c.source, c.sources = metrics.GroupBy(source)
	return c
}

func evaluate(ctx context.Context, r *evalRows, systems []system, cfg *EvalConfig, workers int) (*Evaluation, error) {
	c := scoredColumns(r)
	ev := &Evaluation{
		N: len(c.p), Tasks: c.tasks,
		Calibration: r.calibration, Verdicts: r.verdicts, Unscored: r.unscored, Counts: r.counts,
		ScoredBy: r.scoredBy,
		RMAt:     map[string]*float64{}, RMStrictAt: map[string]*float64{}, PassAt: map[string]*float64{},
		RandomAt: map[string]*float64{}, GroupsAt: map[string]int{},
		Intervals: map[string]metrics.Interval{}, Baselines: map[string]SystemFigures{},
	}
	if len(c.p) == 0 {
		return nil, fmt.Errorf("none of the %d judged rows has a score: %v", len(r.rows), r.unscored)
	}
	for _, y := range c.resolved {
		if y {
			ev.Positives++
		}
	}
	ev.Coverage = metrics.Optional(float64(len(c.p))/float64(len(r.rows)), true)
	ev.TokensReadShare = tokensReadShare(r)
	b := &bootstrapper{ctx: ctx, cfg: cfg, workers: workers, clusters: c.tasks}
	if err := ev.model(c, b); err != nil {
		return nil, err
	}
	if err := ev.ranking(r, cfg.Ks, b); err != nil {
		return nil, err
	}
	if err := ev.beside(c, systems, b); err != nil {
		return nil, err
	}
	var err error
	if ev.ByPolicy, err = slicesOf(c, c.policy, c.policies); err != nil {
		return nil, err
	}
	if ev.BySource, err = slicesOf(c, c.source, c.sources); err != nil {
		return nil, err
	}
	ev.curves = curvesOf(c, systems)
	return ev, nil
}

// model fills the pooled figures and asks for their intervals.
func (ev *Evaluation) model(c *columns, b *bootstrapper) error {
	ranked, err := metrics.NewRanked(c.margin, c.resolved)
	if err != nil {
		return err
	}
	within, err := metrics.NewWithin(c.margin, c.resolved, c.policy)
	if err != nil {
		return err
	}
	forecast, err := metrics.NewForecast(c.p, c.resolved)
	if err != nil {
		return err
	}
	ece, err := forecast.ResampledECE(c.task, metrics.DefaultBins)
	if err != nil {
		return err
	}
	if ev.Reliability, err = forecast.Reliability(metrics.DefaultBins); err != nil {
		return err
	}
	b.add("auc", ranked.Resampled(c.task))
	b.add("auc_within_policy", within.Resampled(c.task))
	b.add("ece", ece)
	b.add("brier", forecast.ResampledBrier(c.task))
	b.add("log_loss", forecast.ResampledLogLoss(c.task, metrics.DefaultClip))
	intervals, err := b.run()
	if err != nil {
		return err
	}
	for name, into := range map[string]**float64{
		"auc": &ev.AUC, "auc_within_policy": &ev.AUCWithinPolicy, "ece": &ev.ECE,
		"brier": &ev.Brier, "log_loss": &ev.LogLoss,
	} {
		ev.Intervals[name] = intervals[name]
		*into = intervals[name].Value
	}
	return nil
}

// ranking fills RM@K and Pass@K over groups of one task and one policy.
func (ev *Evaluation) ranking(r *evalRows, ks []int, b *bootstrapper) error {
	type group struct{ task, policy string }
	var (
		keys     []group
		rowTasks []string
		cand     metrics.Candidates
		sizes    = map[group]int{}
		most     int
	)
	for i := range r.rows {
		row := &r.rows[i]
		g := group{row.task, row.policy}
		keys, rowTasks = append(keys, g), append(rowTasks, row.task)
		cand.Score = append(cand.Score, row.margin)
		cand.Scored = append(cand.Scored, row.scored)
		cand.Resolved = append(cand.Resolved, row.resolved)
		sizes[g]++
		most = max(most, sizes[g])
	}
	var tasks []string
	cand.Group, _ = metrics.GroupBy(keys)
	cand.Cluster, tasks = metrics.GroupBy(rowTasks)
	ks = upTo(ks, most)
	ranker, err := metrics.NewRanker(cand, most)
	if err != nil {
		return err
	}
	if ev.Ranking, err = ranker.Ranking(ks); err != nil {
		return err
	}
	rank := &bootstrapper{ctx: b.ctx, cfg: b.cfg, workers: b.workers, clusters: len(tasks)}
	for i, k := range ks {
		at, name := ev.Ranking.Scored.At[i], strconv.Itoa(k)
		ev.RMAt[name], ev.PassAt[name], ev.RandomAt[name] = at.RM, at.Pass, at.Random
		ev.RMStrictAt[name] = ev.Ranking.Strict.At[i].RM
		ev.GroupsAt[name] = at.Groups
		if at.Groups == 0 {
			continue
		}
		for _, figure := range []struct {
			name string
			of   func(metrics.Reading, int) (metrics.Statistic, error)
		}{{"rm@", ranker.ResampledRM}, {"pass@", ranker.ResampledPass}, {"random@", ranker.ResampledRandom}} {
			stat, err := figure.of(metrics.ScoredOnly, k)
			if err != nil {
				return err
			}
			rank.add(figure.name+name, stat)
		}
	}
	intervals, err := rank.run()
	if err != nil {
		return err
	}
	maps.Copy(ev.Intervals, intervals)
	return ev.gains(rank)
}

// gains adds what choosing by the score brings over choosing at random, paired
// on the resamples: rm_gain@K.
func (ev *Evaluation) gains(rank *bootstrapper) error {
	for i, name := range rank.names {
		k, ok := strings.CutPrefix(name, "rm@")
		if !ok {
			continue
		}
		gain, err := rank.draws.Difference(i, slices.Index(rank.names, "random@"+k), rank.cfg.Level)
		if err != nil {
			return err
		}
		ev.Intervals["rm_gain@"+k] = gain.Interval
	}
	return nil
}

func upTo(ks []int, most int) []int {
	var out []int
	for _, k := range ks {
		if k <= most {
			out = append(out, k)
		}
	}
	return out
}

// beside fills the baselines' figures and the paired differences. All systems
// are judged on the rows that the model scored.
func (ev *Evaluation) beside(c *columns, systems []system, b *bootstrapper) error {
	if len(systems) == 0 {
		return nil
	}
	ranked, err := metrics.NewRanked(c.margin, c.resolved)
	if err != nil {
		return err
	}
	pair := &bootstrapper{ctx: b.ctx, cfg: b.cfg, workers: b.workers, clusters: c.tasks}
	pair.add("model", ranked.Resampled(c.task))
	probs := make([][]float64, len(systems))
	for i, s := range systems {
		probs[i] = make([]float64, len(c.index))
		for j, row := range c.index {
			probs[i][j] = s.p[row]
		}
		own, err := metrics.NewRanked(probs[i], c.resolved)
		if err != nil {
			return fmt.Errorf("baseline %s: %w", s.name, err)
		}
		pair.add(s.name, own.Resampled(c.task))
	}
	intervals, err := pair.run()
	if err != nil {
		return err
	}
	for i, s := range systems {
		pooled, err := metrics.Pool(probs[i], probs[i], c.resolved)
		if err != nil {
			return fmt.Errorf("baseline %s: %w", s.name, err)
		}
		diff, err := pair.draws.Difference(0, i+1, b.cfg.Level)
		if err != nil {
			return err
		}
		delta := Delta{s.name, diff.Value, diff.Low, diff.High}
		ev.Baselines[s.name] = SystemFigures{pooled.AUC, pooled.ECE15, pooled.Brier, pooled.LogLoss, intervals[s.name], delta}
		ev.order = append(ev.order, s.name)
		if ev.Delta == nil || pooled.AUC != nil && (ev.Baselines[ev.Delta.BestBaseline].AUC == nil ||
			*pooled.AUC > *ev.Baselines[ev.Delta.BestBaseline].AUC) {
			ev.Delta = &delta
		}
	}
	return nil
}

func slicesOf(c *columns, group []int32, names []string) ([]Slice, error) {
	out := make([]Slice, len(names))
	for g := range names {
		var margin, p []float64
		var resolved []bool
		for i, own := range group {
			if int(own) == g {
				margin, p, resolved = append(margin, c.margin[i]), append(p, c.p[i]), append(resolved, c.resolved[i])
			}
		}
		pooled, err := metrics.Pool(margin, p, resolved)
		if err != nil {
			return nil, err
		}
		out[g] = Slice{names[g], pooled.N, pooled.Positives, pooled.AUC, pooled.ECE15}
	}
	return out, nil
}

func tokensReadShare(r *evalRows) *float64 {
	var read, full int64
	for i := range r.rows {
		read += r.rows[i].tokensRead
		full += r.rows[i].tokensFull
	}
	return metrics.Optional(float64(read)/float64(max(full, 1)), full > 0)
}

// bootstrapper gathers statistics that share their resamples.
type bootstrapper struct {
	ctx      context.Context
	cfg      *EvalConfig
	workers  int
	clusters int
	names    []string
	stats    []metrics.Statistic
	draws    *metrics.Draws
}

func (b *bootstrapper) add(name string, s metrics.Statistic) {
	b.names, b.stats = append(b.names, name), append(b.stats, s)
}

func (b *bootstrapper) run() (map[string]metrics.Interval, error) {
	if len(b.stats) == 0 {
		return nil, nil
	}
	var err error
	b.draws, err = metrics.Bootstrap(b.ctx, b.clusters, b.stats,
		metrics.BootstrapOptions{Resamples: b.cfg.Resamples, Seed: b.cfg.Seed, Workers: b.workers})
	if err != nil {
		return nil, err
	}
	out := map[string]metrics.Interval{}
	for i, name := range b.names {
		if out[name], err = b.draws.Interval(i, b.cfg.Level); err != nil {
			return nil, err
		}
	}
	return out, nil
}
