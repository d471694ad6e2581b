package labeler

import (
	"fmt"

	"github.com/swerm/swerm/labeler/grade"
)

// GradeConfig are the options of the stage "label_grade".
type GradeConfig struct {
	Rules     string `json:"rules" yaml:"rules"`           // rule set; "" = the one of each task's data set
	NoHistory bool   `json:"no_history" yaml:"no_history"` // does not look at the commands of trajectories
	Evidence  bool   `json:"evidence" yaml:"evidence"`     // writes what every label rests on, not only of those that are no score
}

// Validate lists every fault.
func (c *GradeConfig) Validate() error {
	if c.Rules == "" {
		return nil
	}
	if _, err := grade.Find(c.Rules); err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	return nil
}
