package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// A Template is the text around a trajectory. Its texts are encoded with
// control tokens on.
type Template struct {
	Name    string `json:"name"`
	Version int    `json:"version"`

	Begin string `json:"begin"` // before the first block
	Open  string `json:"open"`  // begins a block; holds {block} once
	Close string `json:"close"` // ends a block
	Call  string `json:"call"`  // between the name of a tool and its arguments
	End   string `json:"end"`   // after the last block, up to the verdict

	NoPatch     string `json:"no_patch"`     // in the patch block where none is recorded
	EmptyPatch  string `json:"empty_patch"`  // in the patch block where it is empty
	ElidedText  string `json:"elided_text"`  // where the middle of a block was
	ElidedTurns string `json:"elided_turns"` // in the block where whole turns were

	// Control lists the added tokens that blocks are made of. Open and Close
	// must begin with one, or a trajectory could spell a block's end.
	Control []string `json:"control"`
}

// blockMark stands in Template.Open for the name of the block.
const blockMark = "{block}"

// A blockName says what a block holds.
type blockName uint8

const (
	blockSystem blockName = iota
	blockIssue
	blockUser
	blockAssistant
	blockReasoning
	blockCall
	blockObservation
	blockPatch
	blockElided
	blockNames // how many there are
)

func (n blockName) String() string {
	return [blockNames]string{"system", "issue", "user", "assistant", "reasoning", "call", "observation", "patch", "elided"}[n]
}

// DefaultTemplate is the name of the template used when none is named.
const DefaultTemplate = "swerm-judge-1"

// Templates lists the known templates. One that was ever released never
// changes: a better one gets another name.
func Templates() []Template {
	return []Template{{
		Name:    DefaultTemplate,
		Version: 1,
		Begin: "<|im_start|>system\n" +
			"You review attempts of software engineering agents. You are shown an issue in a code repository, every step that " +
			"an agent took, and the patch it left behind. Decide whether the patch resolves the issue: whether tests written " +
			"for the issue would now pass, and whether tests that passed before still do. Judge what the patch does, not what " +
			"the agent says about it. Answer YES or NO.<|im_end|>\n",
		Open:        "<|im_start|>" + blockMark + "\n",
		Close:       "<|im_end|>\n",
		Call:        "\n",
		End:         "<|im_start|>user\nDoes the patch resolve the issue? Answer YES or NO.<|im_end|>\n<|im_start|>assistant\n",
		NoPatch:     "No patch was recorded.",
		EmptyPatch:  "The patch is empty.",
		ElidedText:  "\n[the middle is left out]\n",
		ElidedTurns: "[earlier steps are left out]",
		Control:     []string{"<|im_start|>", "<|im_end|>"},
	}}
}

// FindTemplate returns a known template; "" is the default.
func FindTemplate(name string) (Template, error) {
	if name == "" {
		name = DefaultTemplate
	}
	var known []string
	for _, t := range Templates() {
		if t.Name == name {
			return t, nil
		}
		known = append(known, t.Name)
	}
	return Template{}, fmt.Errorf("template %q is not known; known are %s", name, strings.Join(known, ", "))
}

// Hash names the template's texts.
func (t Template) Hash() string {
	b, err := pipeline.CanonicalJSON(t)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Validate lists every fault at once.
func (t Template) Validate() error {
	var errs []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("template: "+format, args...))
		}
	}
	control := func(s string) bool {
		return slices.ContainsFunc(t.Control, func(c string) bool { return c != "" && strings.HasPrefix(s, c) })
	}
	fault(t.Name == "", "name is empty")
	fault(strings.Count(t.Open, blockMark) != 1, "open must hold %s once", blockMark)
	fault(!control(t.Open), "open does not begin with one of control %q", t.Control)
	fault(!control(t.Close), "close does not begin with one of control %q", t.Control)
	fault(t.End == "", "end is empty: the model would answer inside a block")
	fault(t.ElidedText == "" || t.ElidedTurns == "", "elided_text and elided_turns must not be empty: what is left out must show")
	return errors.Join(errs...)
}
