package labeler

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/swerm/swerm/labeler/grade"
)

// ExecConfig are the options of the stage "label_exec".
type ExecConfig struct {
	Harness  string        `json:"harness" yaml:"harness"`     // which of the harnesses there are runs the tests
	Rules    string        `json:"rules" yaml:"rules"`         // the rule set that reads their logs
	Runs     int           `json:"runs" yaml:"runs"`           // of every patch; runs that disagree are flaky
	Timeout  time.Duration `json:"timeout" yaml:"timeout"`     // of one run; 0 = none
	KeepLogs bool          `json:"keep_logs" yaml:"keep_logs"` // false: only of what is no score

	known []string // names of harnesses; nil = any
}

// maxRuns of one patch: the twentieth tells no more about a flaky suite.
const maxRuns = 20

// Validate lists every fault.
func (c *ExecConfig) Validate() error {
	var errs []error
	if c.Harness == "" {
		errs = append(errs, errors.New("harness: none is named"))
	} else if c.known != nil && !slices.Contains(c.known, c.Harness) {
		errs = append(errs, fmt.Errorf("harness: no harness is named %q; there are: %s", c.Harness, strings.Join(c.known, ", ")))
	}
	if _, err := grade.Find(c.Rules); err != nil {
		errs = append(errs, fmt.Errorf("rules: %w", err))
	}
	if c.Runs < 1 || c.Runs > maxRuns {
		errs = append(errs, fmt.Errorf("runs: %d is not in 1 to %d", c.Runs, maxRuns))
	}
	if c.Timeout < 0 {
		errs = append(errs, fmt.Errorf("timeout: %v is below 0", c.Timeout))
	}
	return errors.Join(errs...)
}
