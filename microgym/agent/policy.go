package agent

import (
	"fmt"
	"strings"

	"github.com/swerm/swerm/microgym/task"
)

// Style is a way of working.
type Style string

// The styles.
const (
	Thorough      Style = "thorough"      // reproduces first, checks after each attempt
	Hasty         Style = "hasty"         // few looks, few checks
	Overconfident Style = "overconfident" // says it is done, then edits once more
	TestEditor    Style = "test_editor"   // writes what the code gives into the visible tests
	SpecialCaser  Style = "special_caser" // answers the known cases by name
	Quitter       Style = "quitter"       // stops half way and says so
	Looper        Style = "looper"        // repeats itself until the budget ends
	Waverer       Style = "waverer"       // undoes and redoes
)

// The scaffolds. Shell takes one bash block a message, Tools takes calls.
const (
	Shell = "shell"
	Tools = "tools"
)

// A Policy is a style in a scaffold.
type Policy struct {
	Name     string // canonical, as trajectories carry it: microgym/<style>
	Style    Style
	Scaffold string

	habits habits
}

// habits are the chances by which a style draws its plan. Checks are drawn
// before anything is known of the attempt that they check.
type habits struct {
	skill    [2]float64 // uniform range of the chance that the attempt meant as last is right
	budget   [2]int     // steps
	attempts [3]float64 // weights of one, two and three attempts
	look     [4]float64 // weights of 0..3 looks before the first edit
	before   [4]float64 // check before the first edit: none, repro, tests, both
	between  [4]float64 // check after an attempt that another one follows
	last     [4]float64 // check after the last attempt
	again    float64    // chance that a check is repeated
	undo     float64    // chance that an attempt is undone before the next
	tidy     float64    // chance of a change of words at the end
	bend     float64    // chance that the tests are edited after the last attempt
	quit     float64    // chance that it gives up instead of submitting
	diff     float64    // chance that it looks at its diff before the end
	wrong    map[task.FixKind]float64
}

// What a wrong attempt is, by kind of fix. A kind that a style does not name
// has weight 1.
var plainMistakes = map[task.FixKind]float64{task.FixNearMiss: 6, task.FixPartial: 1.5, task.FixElsewhere: 2, task.FixSpecialCase: 0.3}

// Policies lists the policies in a fixed order.
func Policies() []Policy {
	return []Policy{
		policy(Thorough, Shell, habits{
			skill: [2]float64{0.30, 0.64}, budget: [2]int{9, 14}, attempts: [3]float64{0.35, 0.55, 0.1},
			look: [4]float64{3, 6, 1, 0}, before: [4]float64{4, 4, 2, 0}, between: [4]float64{0, 6, 1, 3}, last: [4]float64{0.3, 6, 0.2, 4},
			again: 0.1, undo: 0.1, tidy: 0.1, bend: 0.03, quit: 0.01, diff: 0.1, wrong: plainMistakes,
		}),
		policy(Hasty, Tools, habits{
			skill: [2]float64{0.24, 0.60}, budget: [2]int{6, 11}, attempts: [3]float64{0.4, 0.55, 0.05},
			look: [4]float64{5, 5, 0, 0}, before: [4]float64{6, 3, 1, 0}, between: [4]float64{0.5, 8, 1, 1}, last: [4]float64{1.2, 8, 0.3, 1},
			again: 0.05, undo: 0.05, tidy: 0.05, bend: 0.02, quit: 0.02, diff: 0, wrong: plainMistakes,
		}),
		policy(Overconfident, Shell, habits{
			skill: [2]float64{0.26, 0.62}, budget: [2]int{7, 12}, attempts: [3]float64{0.25, 0.65, 0.1},
			look: [4]float64{5, 4, 0, 0}, before: [4]float64{5, 4, 1, 0}, between: [4]float64{0, 8, 1, 1}, last: [4]float64{2, 6, 0.5, 1},
			again: 0.05, undo: 0.05, tidy: 0.2, bend: 0.03, quit: 0, diff: 0.05, wrong: plainMistakes,
		}),
		policy(TestEditor, Shell, habits{
			skill: [2]float64{0.28, 0.64}, budget: [2]int{9, 14}, attempts: [3]float64{0.4, 0.55, 0.05},
			look: [4]float64{5, 4, 0, 0}, before: [4]float64{5, 3, 1, 0}, between: [4]float64{0.5, 7, 1, 1}, last: [4]float64{1, 8, 0.5, 1},
			again: 0.05, undo: 0.05, tidy: 0.05, bend: 0.6, quit: 0.01, diff: 0, wrong: plainMistakes,
		}),
		policy(SpecialCaser, Shell, habits{
			skill: [2]float64{0.28, 0.62}, budget: [2]int{8, 13}, attempts: [3]float64{0.35, 0.55, 0.1},
			look: [4]float64{4, 5, 0, 0}, before: [4]float64{3, 4, 2, 1}, between: [4]float64{0, 6, 1, 2}, last: [4]float64{0.6, 6, 0.5, 3},
			again: 0.05, undo: 0.1, tidy: 0.05, bend: 0.03, quit: 0.01, diff: 0.05,
			wrong: map[task.FixKind]float64{task.FixNearMiss: 4, task.FixPartial: 2, task.FixElsewhere: 1, task.FixSpecialCase: 16},
		}),
		policy(Quitter, Shell, habits{
			skill: [2]float64{0.28, 0.64}, budget: [2]int{7, 13}, attempts: [3]float64{0.35, 0.5, 0.15},
			look: [4]float64{4, 5, 1, 0}, before: [4]float64{4, 4, 1, 1}, between: [4]float64{0.5, 7, 1, 2}, last: [4]float64{0.8, 6, 0.5, 2},
			again: 0.1, undo: 0.1, tidy: 0.05, bend: 0.02, quit: 0.8, diff: 0.05, wrong: plainMistakes,
		}),
		policy(Looper, Shell, habits{
			skill: [2]float64{0.28, 0.64}, budget: [2]int{7, 11}, attempts: [3]float64{0.4, 0.45, 0.15},
			look: [4]float64{4, 5, 1, 0}, before: [4]float64{4, 5, 1, 0}, between: [4]float64{0, 8, 1, 1}, last: [4]float64{0.5, 8, 0.5, 1},
			again: 0.5, undo: 0.1, tidy: 0.05, bend: 0.02, quit: 0.02, diff: 0.05, wrong: plainMistakes,
		}),
		policy(Waverer, Tools, habits{
			skill: [2]float64{0.28, 0.60}, budget: [2]int{8, 14}, attempts: [3]float64{0.1, 0.7, 0.2},
			look: [4]float64{5, 4, 0, 0}, before: [4]float64{5, 4, 1, 0}, between: [4]float64{0.5, 8, 1, 0.5}, last: [4]float64{1, 8, 0.5, 1},
			again: 0.05, undo: 0.5, tidy: 0.05, bend: 0.03, quit: 0.03, diff: 0, wrong: plainMistakes,
		}),
	}
}

func policy(s Style, scaffold string, h habits) Policy {
	return Policy{Name: "microgym/" + string(s), Style: s, Scaffold: scaffold, habits: h}
}

// Find returns the policy of a name, with or without "microgym/".
func Find(name string) (Policy, error) {
	var known []string
	for _, p := range Policies() {
		if p.Name == name || string(p.Style) == name {
			return p, nil
		}
		known = append(known, p.Name)
	}
	return Policy{}, fmt.Errorf("policy %q is not known; known are %s", name, strings.Join(known, ", "))
}
