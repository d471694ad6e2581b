package contract

import (
	"errors"
	"fmt"
	"math"
)

// ErrNotFinite is returned when a logit is not a finite number: such a row has
// no score.
var ErrNotFinite = errors.New("logit is not finite")

// The methods of calibration.
const (
	CalibrationTemperature = "temperature" // B is 0, A = 1/temperature
	CalibrationPlatt       = "platt"
)

// A Calibration maps the margin logit(YES) - logit(NO) to a probability,
// sigmoid(A*margin + B). A is above 0, so ranking by margin never changes.
type Calibration struct {
	Method string  `json:"method"`
	A      float64 `json:"a"`
	B      float64 `json:"b"`
}

// Apply returns p(YES) for a margin. Without a calibration it is the plain
// two-way softmax.
func (c *Calibration) Apply(margin float64) float64 {
	if c != nil {
		margin = c.A*margin + c.B
	}
	if margin >= 0 {
		return 1 / (1 + math.Exp(-margin))
	}
	e := math.Exp(margin) // does not overflow, and keeps small scores apart
	return e / (1 + e)
}

// Validate lists every fault at once.
func (c *Calibration) Validate() error {
	if c == nil {
		return nil
	}
	var errs []error
	if c.Method != CalibrationTemperature && c.Method != CalibrationPlatt {
		errs = append(errs, fmt.Errorf("calibration: method %q is neither %s nor %s", c.Method, CalibrationTemperature, CalibrationPlatt))
	}
	if !(c.A > 0) || math.IsInf(c.A, 0) {
		errs = append(errs, fmt.Errorf("calibration: a is %v, not a finite number above 0", c.A))
	}
	if c.B-c.B != 0 || c.Method == CalibrationTemperature && c.B != 0 {
		errs = append(errs, fmt.Errorf("calibration: b is %v; it is finite, and 0 for %s", c.B, CalibrationTemperature))
	}
	return errors.Join(errs...)
}

// Score returns p(YES) of the two logits, calibrated where the contract says
// so. It returns ErrNotFinite rather than a number for logits that are none.
func (c *Contract) Score(logitYes, logitNo float64) (float64, error) {
	if logitYes-logitYes != 0 || logitNo-logitNo != 0 {
		return 0, fmt.Errorf("yes %v, no %v: %w", logitYes, logitNo, ErrNotFinite)
	}
	return c.Calibration.Apply(logitYes - logitNo), nil
}
