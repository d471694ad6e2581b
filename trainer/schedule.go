package trainer

import "math"

// Names of the schedules of the learning rate.
const (
	ScheduleCosine   = "cosine"
	ScheduleLinear   = "linear"
	ScheduleConstant = "constant"
	ScheduleWSD      = "wsd" // warm-up, stable, decay
)

// A Schedule is the learning rate as a share of its peak: a linear warm-up,
// then a fall to MinRatio at the last step, or none. Under wsd the rate stays at
// its peak until the last DecayRatio of all steps, in which it falls in a line.
type Schedule struct {
	Kind        string  `json:"kind" yaml:"kind"`                 // cosine, linear, constant or wsd
	WarmupSteps int64   `json:"warmup_steps" yaml:"warmup_steps"` // first steps, rising; takes precedence over the ratio
	WarmupRatio float64 `json:"warmup_ratio" yaml:"warmup_ratio"` // the same as a share of all steps
	DecayRatio  float64 `json:"decay_ratio" yaml:"decay_ratio"`   // wsd: share of all steps in which the rate falls
	MinRatio    float64 `json:"min_ratio" yaml:"min_ratio"`       // share of the peak at the last step
}

// factor returns the share of the peak for a step counted from 0, of total.
// The first step of a warm-up of n is 1/n and not 0, so no step is wasted.
func (s Schedule) factor(step, total int64) float64 {
	warmup := s.WarmupSteps
	if warmup == 0 {
		warmup = int64(s.WarmupRatio*float64(total) + 0.5)
	}
	if step < warmup {
		return float64(step+1) / float64(warmup)
	}
	from := warmup // the first step of the fall
	if s.Kind == ScheduleWSD {
		from = max(warmup, total-int64(s.DecayRatio*float64(total)+0.5))
	}
	if s.Kind == ScheduleConstant || step < from || total-from <= 1 {
		return 1
	}
	done := float64(step-from) / float64(total-from-1)
	fall := 1 - done
	if s.Kind == ScheduleCosine {
		fall = 0.5 * (1 + math.Cos(math.Pi*done))
	}
	return s.MinRatio + (1-s.MinRatio)*fall
}
