package report

import (
	"fmt"

	"github.com/swerm/swerm/pipeline"
)

// headline is the first sentence: what was found.
func (e *evidence) headline() string {
	ev := &e.ev
	rows := fmt.Sprintf("On %s of %s", e.heldOut(), plural(ev.Tasks, "task", "tasks"))
	if ev.AUC == nil {
		return rows + " no ranking can be judged: " + e.oneVerdict() + "."
	}
	text := fmt.Sprintf("%s the model ranks resolved above unresolved in %s of pairs%s", rows, percent(ev.AUC), within(ev.Intervals["auc"]))
	if best := e.bestBaseline(); best != nil {
		text += fmt.Sprintf(", %s in %s%s", best.spoken(), percent(best.auc), within(best.in))
	}
	return text + "."
}

// heldOut names the judged rows.
func (e *evidence) heldOut() string {
	if s := e.config.Split; e.judgedBySplit() && s != "" && s != pipeline.SplitTrain {
		return plural(e.ev.N, "held-out run", "held-out runs")
	}
	return plural(e.ev.N, "run", "runs")
}

// judgedBySplit: without a view every row was judged, whatever the config says.
func (e *evidence) judgedBySplit() bool { return len(parentKeys(e.manifest, "view")) > 0 }

// oneVerdict says why nothing can be ranked.
func (e *evidence) oneVerdict() string {
	switch {
	case e.ev.N == 1:
		return "there is only one run"
	case e.ev.Positives == 0:
		return "all of the runs are unresolved"
	}
	return "all of the runs are resolved"
}

// bestBaseline is the one with the highest AUC on the judged rows, which
// favours it.
func (e *evidence) bestBaseline() *system {
	list := e.baselines()
	if len(list) == 0 || list[0].auc == nil {
		return nil
	}
	return &list[0]
}

// spoken is a baseline's name inside a sentence.
func (s *system) spoken() string {
	switch s.name {
	case "tfidf":
		return "TF-IDF"
	case "constant":
		return "a constant"
	case "numbers":
		return "a regression on lengths and counts"
	case "length":
		return "the length of the run"
	case "turns":
		return "the number of turns"
	case "patch_size":
		return "the size of the patch"
	case "exit_status":
		return "the exit status"
	}
	return s.name
}

// findings are the sentences below the headline.
func (e *evidence) findings() []string {
	var out []string
	for _, text := range []string{e.difference(), e.bestOf(), e.calibrated(), e.trained()} {
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}

func (e *evidence) difference() string {
	best := e.bestBaseline()
	if best == nil || e.ev.AUC == nil {
		if e.ev.AUC != nil {
			return "No baseline was fitted, so how easy these rows are is not known."
		}
		return ""
	}
	d := best.figures.Delta
	if d.AUC == nil || d.Lo == nil || d.Hi == nil {
		return ""
	}
	in := fmt.Sprintf("%s points of AUC [%s,\u00a0%s]", points(*d.AUC), points(*d.Lo), points(*d.Hi))
	switch {
	case *d.Lo > 0:
		return fmt.Sprintf("It is ahead of the best baseline, %s, by %s; the paired interval excludes 0.", best.spoken(), in)
	case *d.Hi < 0:
		return fmt.Sprintf("It is behind the best baseline, %s: %s; the paired interval excludes 0.", best.spoken(), in)
	}
	return fmt.Sprintf("Its difference to the best baseline, %s, may be chance: %s; the paired interval includes 0.", best.spoken(), in)
}

func (e *evidence) bestOf() string {
	c := e.choice()
	if c == nil {
		return e.fewGroups()
	}
	text := fmt.Sprintf("Taking the highest-scored of %s runs gives a resolved one in %s of choices%s, taking any in %s; an oracle gets %s.",
		count(c.k), percent(c.rm), within(c.in["rm"]), percent(c.random), percent(c.pass))
	if g := c.in["rm_gain"]; g.Value != nil && g.Low != nil && g.High != nil {
		verdict := "includes 0"
		if excludesZero(g.Low, g.High) {
			verdict = "excludes 0"
		}
		text += fmt.Sprintf(" The gain over taking any is %s points [%s,\u00a0%s], which %s.", points(*g.Value), points(*g.Low), points(*g.High), verdict)
	}
	return text
}

// enoughGroups is how many groups a sentence on choosing among runs stands on.
const enoughGroups = 10

// choice is the largest K of at least 2 that enough groups reach.
func (e *evidence) choice() *choice {
	list := e.choices()
	for i := len(list) - 1; i >= 0; i-- {
		if c := &list[i]; c.k > 1 && c.groups >= enoughGroups && c.random != nil && c.pass != nil {
			return c
		}
	}
	return nil
}

func (e *evidence) fewGroups() string {
	for _, c := range e.choices() {
		if c.k > 1 {
			return fmt.Sprintf("What choosing among runs by score brings cannot be said: only %s of one policy at one task.",
				plural(c.groups, fmt.Sprintf("group has %s runs", count(c.k)), fmt.Sprintf("groups have %s runs", count(c.k))))
		}
	}
	return ""
}

func (e *evidence) calibrated() string {
	if e.ev.ECE == nil {
		return ""
	}
	how := "They are not calibrated."
	if c := e.ev.Calibration; c != nil {
		how = fmt.Sprintf("They were calibrated on other runs (%s).", clean(c.Method))
	}
	ece := num(e.ev.ECE)
	if in := e.ev.Intervals["ece"]; in.Low != nil && in.High != nil {
		ece += "\u00a0" + interval(in)
	}
	return fmt.Sprintf("Its probabilities are off by %.1f points on average (ECE %s). %s", 100**e.ev.ECE, ece, how)
}

func (e *evidence) trained() string {
	if e.model == nil || e.model.summary.Steps == 0 {
		return ""
	}
	s := &e.model.summary
	text := fmt.Sprintf("The network of %s was trained for %s over %s tokens", parameters(s.Parameters), plural(s.Steps, "step", "steps"), compact(float64(s.Tokens)))
	if s.CheckpointStep != 0 && s.CheckpointStep != s.Steps {
		text += fmt.Sprintf("; the weights are those of step %s", count(s.CheckpointStep))
	}
	return text + "."
}

func parameters(n int64) string {
	return compact(float64(n)) + " parameters"
}

// Below these a reader should know before trusting a figure.
const (
	wholeShare = 0.995
	fewTasks   = 30
)

// cautions say what limits the figures.
func (e *evidence) cautions() []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	ev := &e.ev
	if ev.TokensReadShare != nil && *ev.TokensReadShare < wholeShare {
		say("The model read %s of the tokens of the judged runs; the rest did not fit its context.", percent(ev.TokensReadShare))
	}
	if ev.Coverage != nil && *ev.Coverage < wholeShare {
		say("Only %s of the judged runs have a score; the figures are of those, and RM@K is also given strictly, the others chosen last.", percent(ev.Coverage))
	}
	if ev.Tasks < fewTasks {
		say("Intervals over %s are rough.", plural(ev.Tasks, "task", "tasks"))
	}
	if e.training != nil && e.training.skipped > 0 {
		say("%s of the training left the weights alone because a number was not finite.", plural(e.training.skipped, "step", "steps"))
	}
	if !e.judgedBySplit() {
		say("No view divides the rows, so all that have a score and a label were judged and no baseline was fitted.")
	}
	if ev.ScoredBy == nil {
		say("The scores do not say which checkpoint made them, so it could not be checked that everything here belongs together.")
	}
	return out
}
