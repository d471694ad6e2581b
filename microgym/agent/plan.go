package agent

import (
	"math/rand/v2"
)

// An act is one kind of step.
type act uint8

const (
	actLook   act = iota // open, find or list something
	actRepro             // run the example
	actTest              // run visible tests
	actEdit              // bring the code to an attempt
	actUndo              // bring the code back to how it was
	actTidy              // change words only
	actBend              // edit a visible test
	actDiff              // look at the diff
	actSubmit            // hand in
	actQuit              // stop without handing in
)

// A step is one planned turn.
type step struct {
	act     act
	attempt int // of actEdit
}

// A plan is everything that a run draws before it acts. It is drawn without
// knowing how any of it will come out, except that attempts are drawn right or
// wrong.
type plan struct {
	skill     float64
	verbosity int // 0 terse, 1 plain, 2 talkative
	budget    int
	attempts  []bool // right or wrong, in order
	steps     []step
}

const (
	// flip is the chance that the attempt before another one is drawn as its
	// opposite: a wrong try that is then put right, a right one that is then
	// spoilt. It keeps the number of good and bad outcomes seen in a run from
	// telling how it ended; at 0 that number would tell nearly all, near 1
	// there would be nothing for a small model to begin with.
	flip = 0.35
	// rightBefore is the chance that an attempt before another one was right
	// where it was not its opposite.
	rightBefore = 0.45
	// emptyHanded is the share of runs that give up and take back what they did.
	emptyHanded = 0.06
)

func (h *habits) draw(r *rand.Rand) plan {
	p := plan{
		skill:     h.skill[0] + (h.skill[1]-h.skill[0])*r.Float64(),
		verbosity: r.IntN(3),
		budget:    h.budget[0] + r.IntN(h.budget[1]-h.budget[0]+1),
	}
	p.attempts = drawAttempts(r, 1+pick(r, h.attempts[:]), p.skill)
	for range pick(r, h.look[:]) {
		p.add(actLook)
	}
	p.check(r, h.before, h.again)
	tidy := r.Float64() < h.tidy
	tidyLate := r.IntN(2) == 0
	for k := range p.attempts {
		if k > 0 && r.Float64() < h.undo {
			p.add(actUndo)
		}
		p.steps = append(p.steps, step{actEdit, k})
		if k < len(p.attempts)-1 {
			p.check(r, h.between, h.again)
			continue
		}
		if tidy && !tidyLate {
			p.add(actTidy)
		}
		p.check(r, h.last, h.again)
	}
	if tidy && tidyLate {
		p.add(actTidy)
	}
	p.end(r, h)
	return p
}

// end draws what comes after the last attempt and its checks.
func (p *plan) end(r *rand.Rand, h *habits) {
	if r.Float64() < h.bend {
		p.add(actBend)
		if r.Float64() < 0.7 {
			p.add(actTest)
		}
	}
	if r.Float64() < h.diff {
		p.add(actDiff)
	}
	if r.Float64() >= h.quit {
		p.add(actSubmit)
		return
	}
	if r.Float64() < emptyHanded {
		p.add(actUndo)
	}
	p.add(actQuit)
}

func (p *plan) add(a act) { p.steps = append(p.steps, step{act: a}) }

// check adds none, a reproduction, a test run or both, each perhaps repeated.
func (p *plan) check(r *rand.Rand, weights [4]float64, again float64) {
	what := pick(r, weights[:])
	acts := []act{}
	if what == 1 || what == 3 {
		acts = append(acts, actRepro)
	}
	if what >= 2 {
		acts = append(acts, actTest)
	}
	if len(acts) == 2 && r.IntN(2) == 0 {
		acts[0], acts[1] = acts[1], acts[0]
	}
	for _, a := range acts {
		p.add(a)
		if r.Float64() < again {
			p.add(a)
		}
	}
}

// drawAttempts draws the last attempt first, by skill alone, so that how often
// runs succeed does not depend on how many attempts they make.
func drawAttempts(r *rand.Rand, n int, skill float64) []bool {
	right := make([]bool, n)
	right[n-1] = r.Float64() < skill
	for k := n - 2; k >= 0; k-- {
		if r.Float64() < flip {
			right[k] = !right[k+1]
		} else {
			right[k] = r.Float64() < rightBefore
		}
	}
	return right
}

// pick draws an index by weight.
func pick(r *rand.Rand, weights []float64) int {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	x := r.Float64() * sum
	for i, w := range weights {
		if x < w {
			return i
		}
		x -= w
	}
	return len(weights) - 1
}

func oneOf[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
