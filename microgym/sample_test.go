package microgym_test

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/swerm/swerm/judge/baseline"
	"github.com/swerm/swerm/microgym/agent"
	"github.com/swerm/swerm/microgym/harness"
	"github.com/swerm/swerm/microgym/task"
	"github.com/swerm/swerm/pipeline"
)

// leakRun is one graded run.
type leakRun struct {
	group, template, bug, policy string // group: the task
	features                     baseline.Features
	pairs                        baseline.Features // the same with pairs of neighbours for words
	bytes                        int               // text of all messages
	facts                        agent.Facts
	resolved, visible            bool
}

// leakSample makes about n graded runs: every policy once at each task.
func leakSample(t *testing.T, n int) []leakRun {
	policies := agent.Policies()
	tasks := (n + len(policies) - 1) / len(policies)
	rows := make([][]leakRun, tasks)
	errs := make([]error, tasks)
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				rows[i], errs[i] = leakTask(i, policies)
			}
		})
	}
	for i := range tasks {
		next <- i
	}
	close(next)
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Fatalf("task %d: %v", i, err)
		}
	}
	return slices.Concat(rows...)
}

func leakTask(index int, policies []agent.Policy) ([]leakRun, error) {
	tk, err := task.Generate(background(), task.Options{Seed: 7}, index)
	if err != nil {
		return nil, err
	}
	menu, err := agent.Prepare(background(), tk, 7)
	if err != nil {
		return nil, err
	}
	var out []leakRun
	for _, p := range policies {
		e, err := menu.Run(background(), p, 0)
		if err != nil {
			return nil, err
		}
		r := leakRun{group: tk.InstanceID, template: tk.Template, bug: string(tk.BugKind), policy: p.Name,
			features: baseline.Extract(&e.Trajectory), pairs: pairFeatures(&e.Trajectory), facts: e.Facts}
		for _, m := range e.Trajectory.Messages {
			if m.Content != nil {
				r.bytes += len(*m.Content)
			}
			for _, c := range m.ToolCalls {
				r.bytes += len(c.Name) + len(c.Arguments)
			}
		}
		r.resolved, err = hiddenPass(tk, e.Final)
		if errors.Is(err, errStopped) {
			continue // no label, as label_exec has it
		}
		if err != nil {
			return nil, err
		}
		if r.visible, err = visiblePass(tk, e.Final); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

var word = regexp.MustCompile(`[A-Za-z0-9_]+|[^A-Za-z0-9_\s]`)

// pairFeatures counts pairs of neighbouring words and signs: the least that a
// reader of order sees.
func pairFeatures(t *pipeline.Trajectory) baseline.Features {
	counts := map[uint32]float64{}
	for _, m := range t.Messages {
		last := string(m.Role)
		for _, w := range word.FindAllString(*m.Content, -1) {
			h := fnv.New32a()
			h.Write([]byte(last + " " + w))
			counts[h.Sum32()%(1<<baseline.HashBits)]++
			last = w
		}
	}
	var f baseline.Features
	for _, i := range slices.Sorted(maps.Keys(counts)) {
		f.Terms = append(f.Terms, baseline.Term{Index: i, Weight: float32(1 + math.Log(counts[i]))})
	}
	return f
}

var errStopped = errors.New("a test reached a limit")

// hiddenPass lays the hidden tests over a final tree and asks for every named
// test.
func hiddenPass(tk *task.Task, final map[string]string) (bool, error) {
	files := tk.Graded(final)
	report, err := harness.RunTests(background(), files, harness.TestOptions{Paths: slices.Sorted(maps.Keys(tk.TestFiles))})
	if err != nil {
		return false, err
	}
	if what, stopped := report.Limit(); stopped {
		return false, fmt.Errorf("%w: %s", errStopped, what)
	}
	passed := map[string]bool{}
	for _, r := range report.Results {
		passed[r.ID] = r.Outcome == "passed"
	}
	for _, id := range slices.Concat(tk.FailToPass, tk.PassToPass) {
		if !passed[id] {
			return false, nil
		}
	}
	return true, nil
}

func visiblePass(_ *task.Task, final map[string]string) (bool, error) {
	report, err := harness.RunTests(background(), final, harness.TestOptions{})
	if err != nil {
		return false, err
	}
	return report.Passed(), nil
}

func scores(runs []leakRun, f func(*leakRun) float64) []float64 {
	out := make([]float64, len(runs))
	for i := range runs {
		out[i] = f(&runs[i])
	}
	return out
}

// folds is how many parts the runs are cut into, by task.
const folds = 5

func foldOf(r *leakRun) int {
	h := uint32(2166136261)
	for _, c := range []byte(r.group) {
		h = (h ^ uint32(c)) * 16777619
	}
	return int((h >> 8) % folds)
}

// targetRates scores each run by the share of resolved runs with its value in
// the other folds, pulled towards the middle where there are few.
func targetRates(runs []leakRun, value func(*leakRun) string) []float64 {
	type tally struct{ pos, n float64 }
	var all [folds]map[string]tally
	for i := range all {
		all[i] = map[string]tally{}
	}
	for i := range runs {
		r := &runs[i]
		t := all[foldOf(r)][value(r)]
		t.n++
		if r.resolved {
			t.pos++
		}
		all[foldOf(r)][value(r)] = t
	}
	return scores(runs, func(r *leakRun) float64 {
		sum := tally{pos: 0.45 * 8, n: 8}
		for k := range all {
			if k != foldOf(r) {
				t := all[k][value(r)]
				sum.pos += t.pos
				sum.n += t.n
			}
		}
		return sum.pos / sum.n
	})
}

// outsideColumns is what can be known without reading.
func outsideColumns(runs []leakRun) [][]float64 {
	cols := [][]float64{
		scores(runs, func(r *leakRun) float64 { return math.Log1p(r.features.Bytes) }),
		scores(runs, func(r *leakRun) float64 { return math.Log1p(r.features.Turns) }),
		scores(runs, func(r *leakRun) float64 { return math.Log1p(r.features.PatchBytes) }),
	}
	for _, value := range []func(*leakRun) string{
		func(r *leakRun) string { return r.facts.ExitStatus },
		func(r *leakRun) string { return r.policy },
		func(r *leakRun) string { return r.bug },
	} {
		names := map[string]bool{}
		for i := range runs {
			names[value(&runs[i])] = true
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			cols = append(cols, scores(runs, func(r *leakRun) float64 {
				if value(r) == name {
					return 1
				}
				return 0
			}))
		}
	}
	return cols
}

// countColumns is how often things were done and seen, in any order.
func countColumns(runs []leakRun) [][]float64 {
	var cols [][]float64
	for _, f := range []func(*agent.Facts) int{
		func(f *agent.Facts) int { return f.ReproPass }, func(f *agent.Facts) int { return f.ReproFail },
		func(f *agent.Facts) int { return f.TestsPass }, func(f *agent.Facts) int { return f.TestsFail },
		func(f *agent.Facts) int { return f.Edits }, func(f *agent.Facts) int { return f.Looks },
	} {
		cols = append(cols, scores(runs, func(r *leakRun) float64 { return float64(f(&r.facts)) }))
	}
	return cols
}

// jointly fits a ridge logistic regression on all folds but one and scores
// that one.
func jointly(runs []leakRun, cols [][]float64) []float64 {
	for _, c := range cols {
		standardize(c)
	}
	out := make([]float64, len(runs))
	for k := range folds {
		w := make([]float64, len(cols)+1)
		grad := make([]float64, len(w))
		for range 300 {
			clear(grad)
			n := 0.0
			for i := range runs {
				if foldOf(&runs[i]) == k {
					continue
				}
				y := 0.0
				if runs[i].resolved {
					y = 1
				}
				d := 1/(1+math.Exp(-logit(cols, w, i))) - y
				for j := range cols {
					grad[j] += d * cols[j][i]
				}
				grad[len(cols)] += d
				n++
			}
			for j := range w {
				w[j] -= 0.5 * (grad[j] + w[j]) / n
			}
		}
		for i := range runs {
			if foldOf(&runs[i]) == k {
				out[i] = logit(cols, w, i)
			}
		}
	}
	return out
}

func logit(cols [][]float64, w []float64, i int) float64 {
	z := w[len(cols)]
	for j := range cols {
		z += w[j] * cols[j][i]
	}
	return z
}

func standardize(c []float64) {
	var sum, square float64
	for _, v := range c {
		sum += v
	}
	mean := sum / float64(len(c))
	for _, v := range c {
		square += (v - mean) * (v - mean)
	}
	sd := math.Sqrt(square/float64(len(c))) + 1e-9
	for i := range c {
		c[i] = (c[i] - mean) / sd
	}
}

func shuffleLabels(runs []leakRun) []leakRun {
	out := slices.Clone(runs)
	r := rand.New(rand.NewPCG(11, 13))
	r.Shuffle(len(out), func(i, j int) { out[i].resolved, out[j].resolved = out[j].resolved, out[i].resolved })
	return out
}

type successRate struct {
	name  string
	n     int
	share float64
}

func successRates(runs []leakRun) []successRate {
	by := map[string]*successRate{}
	for _, r := range runs {
		s := by[r.policy]
		if s == nil {
			s = &successRate{name: r.policy}
			by[r.policy] = s
		}
		s.n++
		if r.resolved {
			s.share++
		}
	}
	var out []successRate
	for _, s := range by {
		s.share /= float64(s.n)
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b successRate) int { return cmp.Compare(a.name, b.name) })
	return out
}

type sizeSummary struct{ median, most, max int }

func textSizes(runs []leakRun) sizeSummary {
	var all []int
	for _, r := range runs {
		all = append(all, r.bytes)
	}
	slices.Sort(all)
	return sizeSummary{all[len(all)/2], all[len(all)*9/10], all[len(all)-1]}
}
