package trainer

import (
	"fmt"
	"strings"
	"time"

	"github.com/swerm/swerm/pipeline"
)

// How often a running training says how far it is: to the log, and to a
// progress bar.
const (
	logEvery  = 5 * time.Second
	noteEvery = 500 * time.Millisecond
)

// recentSequences is how many of the last sequences the running AUC is over:
// enough for a second digit, few enough to be of weights as they are.
const recentSequences = 1024

// A watch is what is said of a training while it runs. It depends on the clock
// and on when the process began, so none of it goes into the run's files.
type watch struct {
	began, logged, noted time.Time
	first                State // where this process began

	phases phaseTimes // of the steps since step told
	told   int64

	recent  recent
	line    Line
	dev     *Dev
	devStep int64
}

// recent are the margins of the last training sequences, each as it was when
// it was trained on.
type recent struct {
	margins  []float64
	resolved []bool
	next     int
}

func (r *recent) add(margin float64, resolved bool) {
	if len(r.margins) < recentSequences {
		r.margins, r.resolved = append(r.margins, margin), append(r.resolved, resolved)
		return
	}
	r.margins[r.next], r.resolved[r.next] = margin, resolved
	r.next = (r.next + 1) % recentSequences
}

// auc is absent where it does not exist, as that of the dev split is.
func (r *recent) auc() *float64 { return auc(r.margins, r.resolved) }

func newWatch(st *State) *watch {
	now := time.Now()
	return &watch{began: now, logged: now, noted: now, first: *st, told: st.Step}
}

// saw takes up a step that is finished, but for its evaluation.
func (w *watch) saw(line Line, margins []float64, list []sample) {
	w.line = line
	if line.Skipped != "" {
		return
	}
	for i, m := range margins {
		w.recent.add(m, list[i].target > 0.5)
	}
}

// A rate is how fast a training is and how long it still takes.
type rate struct {
	tokens float64       // per second
	left   time.Duration // 0: not known yet
}

func (w *watch) rate(st *State, steps int64) rate {
	spent := time.Since(w.began)
	done := st.Step - w.first.Step
	if done <= 0 || spent <= 0 {
		return rate{}
	}
	return rate{tokens: float64(st.Tokens-w.first.Tokens) / spent.Seconds(),
		left: time.Duration(float64(spent) / float64(done) * float64(steps-st.Step))}
}

// say tells the log, the progress bar and the monitor how far the training is,
// each as often as it wants to know.
func (t *training) say() {
	w, now := t.watch, time.Now()
	t.monitor.update(t)
	if bar, ok := t.progress.(pipeline.Noter); ok && now.Sub(w.noted) >= noteEvery {
		w.noted = now
		bar.Note(w.note(w.rate(t.st, t.steps)))
	}
	if now.Sub(w.logged) < logEvery {
		return
	}
	w.logged = now
	r := w.rate(t.st, t.steps)
	args := []any{"step", t.st.Step, "of", t.steps, "loss", number(w.line.Loss), "train_auc", number(w.recent.auc())}
	if w.dev != nil {
		args = append(args, "dev_step", w.devStep, "dev_loss", number(w.dev.Loss), "dev_auc", number(w.dev.AUC), "dev_ece", number(w.dev.ECE))
	}
	t.log.Info("training", append(args, "tokens_per_second", int(r.tokens), "eta", r.left.Round(time.Second).String())...)
	t.log.Info("seconds per step", w.phases.attrs(t.st.Step-w.told)...)
	w.phases, w.told = phaseTimes{}, t.st.Step
}

// note is the few words beside a progress bar.
func (w *watch) note(r rate) string {
	var b strings.Builder
	say := func(what string, v *float64) {
		if v != nil {
			fmt.Fprintf(&b, "%s %.3f, ", what, *v)
		}
	}
	say("loss", w.line.Loss)
	say("AUC", w.recent.auc())
	if w.dev != nil {
		say("dev AUC", w.dev.AUC)
		say("dev ECE", w.dev.ECE)
	}
	fmt.Fprintf(&b, "%.0f tokens/s, %s left", r.tokens, r.left.Round(time.Second))
	return b.String()
}
