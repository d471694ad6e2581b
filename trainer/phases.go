package trainer

import (
	"time"

	"github.com/swerm/swerm/trainer/comm"
)

// Phases of a training. They are disjoint: what a phase waits for or sends to
// other ranks is in wait, dispatch and reduce, not in the phase itself. With
// overlap, dispatch runs beside compute, which is then what is left of a step.
type phase int

const (
	phaseCompute    phase = iota // forward and backward passes and the loss
	phaseUpdate                  // the optimizer
	phaseData                    // reading tokens
	phaseDispatch                // tokens to their experts and back
	phaseReduce                  // sums over ranks
	phaseWait                    // for ranks that came later to an operation
	phaseEvaluate                // dev evaluations
	phaseCheckpoint              // writing checkpoints
	phaseCount
)

var phaseNames = [phaseCount]string{phaseCompute: "compute", phaseUpdate: "update", phaseData: "data", phaseDispatch: "dispatch",
	phaseReduce: "reduce", phaseWait: "wait", phaseEvaluate: "evaluate", phaseCheckpoint: "checkpoint"}

// phaseTimes is nanoseconds by phase.
type phaseTimes [phaseCount]int64

func (t *phaseTimes) add(o phaseTimes) {
	for p := range t {
		t[p] += o[p]
	}
}

// perStep is seconds by phase, for the result of the command.
func (t *phaseTimes) perStep(steps int64) map[string]float64 {
	list := map[string]float64{}
	for p, ns := range t {
		if ns > 0 {
			list[phaseNames[p]] = float64(ns) / 1e9 / float64(max(1, steps))
		}
	}
	return list
}

// attrs are seconds for the log, over so many steps.
func (t *phaseTimes) attrs(steps int64) []any {
	var list []any
	for p, ns := range t {
		if ns > 0 {
			list = append(list, phaseNames[p], seconds(ns/max(1, steps)))
		}
	}
	return list
}

// A stopwatch divides the time of a training among its phases. The training's
// goroutine alone uses it.
type stopwatch struct {
	layout *layout
	spent  phaseTimes

	sent map[string]comm.Traffic // when the span began
	own  phaseTimes              // measured inside the span
	at   time.Time
}

// begin opens a span.
func (s *stopwatch) begin() {
	s.at, s.sent, s.own = time.Now(), s.traffic(), phaseTimes{}
}

// time adds what f takes, collectives apart, to a phase of the open span.
func (s *stopwatch) time(p phase, f func()) {
	began, busy := time.Now(), s.busy()
	f()
	s.own[p] += max(0, int64(time.Since(began))-(s.busy()-busy))
}

// busy is nanoseconds in collectives so far.
func (s *stopwatch) busy() (ns int64) {
	for _, t := range s.layout.traffic() {
		ns += int64(1e9 * t.Seconds)
	}
	return ns
}

// end closes the span: what no other phase has is rest's. It returns the times
// of the span.
func (s *stopwatch) end(rest phase) phaseTimes {
	left, t := int64(time.Since(s.at)), s.own
	for op, now := range s.traffic() {
		before := s.sent[op]
		wait := int64(1e9 * (now.Waiting - before.Waiting))
		t[phaseWait] += wait
		t[phaseOf(op)] += int64(1e9*(now.Seconds-before.Seconds)) - wait
	}
	for _, ns := range t {
		left -= ns
	}
	t[rest] += max(0, left)
	s.spent.add(t)
	return t
}

func phaseOf(op string) phase {
	if op == opDispatch {
		return phaseDispatch
	}
	return phaseReduce
}

func (s *stopwatch) traffic() map[string]comm.Traffic {
	list := map[string]comm.Traffic{}
	for _, t := range s.layout.traffic() {
		list[t.Op] = t
	}
	return list
}
