package shell

import (
	"context"
	"fmt"
)

// Limits of one command line, and of the tree. Commands of agents stay below a
// hundredth of them; they are there for those that do not.
const (
	maxCommandBytes  = 64 << 10  // a line may carry a whole file
	maxSteps         = 5_000     // commands, loop rounds and conditions
	maxWorkBytes     = 64 << 20  // read, written, matched
	maxStreamBytes   = 1 << 20   // one pipe, one substitution, the output
	maxFileBytes     = 1 << 20   // one file
	maxTreeBytes     = 8 << 20   // the files of a tree
	maxTreeFiles     = 2_000     // files and folders
	maxVariableBytes = 16 << 10  // one variable
	maxVariables     = 200       // all of them
	maxWordBytes     = 256 << 10 // the arguments of one command
	maxExpansions    = 64        // $x and $(…) in one word: a word may grow by this factor
	maxReplacement   = 256       // bytes of b in ${x/a/b}: likewise
	maxDepth         = 50        // nested functions, substitutions and scripts
	maxProgramSteps  = 2_000_000 // of Starlark, all programs of one line together
	maxPatternBytes  = 1_000     // of a regular expression
	maxOutputBytes   = 12 << 10  // shown; the rest is cut from the middle
	maxUndo          = 50        // states that undo can go back to
)

// codeKilled is the exit code of a command line that went over a limit.
const codeKilled = 137

// budget is what is left to one command line. All its subshells share it.
type budget struct {
	ctx     context.Context
	steps   int
	work    int
	program uint64 // steps of Starlark
	over    string // the limit that ended it
	ended   error  // the context's error
}

// step counts one command; false means to stop.
func (b *budget) step() bool {
	b.steps++
	if b.steps > maxSteps {
		b.exceed(fmt.Sprintf("more than %d commands", maxSteps))
	}
	return b.spend(0)
}

// spend counts n bytes of work.
func (b *budget) spend(n int) bool {
	if b.ended == nil {
		b.ended = b.ctx.Err()
	}
	b.work += n
	if b.work > maxWorkBytes {
		b.exceed(fmt.Sprintf("more than %d bytes of work", maxWorkBytes))
	}
	return b.live()
}

func (b *budget) exceed(what string) {
	if b.over == "" {
		b.over = what
	}
}

func (b *budget) live() bool { return b.over == "" && b.ended == nil }
