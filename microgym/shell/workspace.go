package shell

import (
	"context"
	"fmt"
	"strings"

	"github.com/swerm/swerm/internal/gitdiff"
)

// Workspace is one agent's copy of a task. It is not safe for concurrent use.
type Workspace struct {
	base      map[string]string // what git compares with
	tree      *tree
	undo      []*tree
	submitted bool
}

// New makes a workspace of files, by path relative to the root. The map is
// copied.
func New(files map[string]string) *Workspace {
	t := newTree(files)
	return &Workspace{base: t.repo(), tree: t}
}

// Result is the answer to one command or call.
type Result struct {
	Output    string // stdout and stderr in the order they were written
	Code      int    // exit code of the last command
	Submitted bool   // the agent has handed in its work
	Err       error  // the context's error, and no other: Output is not an answer then
}

// Files returns the tree as it is now.
func (w *Workspace) Files() map[string]string { return w.tree.repo() }

// Diff returns what has changed since New, in git's format.
func (w *Workspace) Diff() string { return gitdiff.Diff(w.base, w.tree.repo()) }

// Run runs one command line in the root of the tree.
func (w *Workspace) Run(ctx context.Context, command string) Result {
	b := &budget{ctx: ctx}
	if b.ended = ctx.Err(); b.ended != nil {
		return Result{Err: b.ended, Submitted: w.submitted}
	}
	if len(command) > maxCommandBytes {
		return Result{Output: "bash: Argument list too long\n", Code: 126, Submitted: w.submitted}
	}
	out := &sink{budget: b}
	s := newSession(w, b)
	code := s.script(command, streams{in: &input{}, out: out, err: out})
	return w.finish(b, out, code)
}

// finish turns what a command left into a result.
func (w *Workspace) finish(b *budget, out *sink, code int) Result {
	if b.ended != nil {
		return Result{Err: b.ended, Submitted: w.submitted}
	}
	text := cutMiddle(out.b.String(), maxOutputBytes)
	if b.over != "" {
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		text += fmt.Sprintf("bash: Killed: %s\n", b.over)
		code = codeKilled
	}
	return Result{Output: text, Code: code, Submitted: w.submitted}
}

// keep remembers the tree for undo. Trees share their contents.
func (w *Workspace) keep() {
	if w.undo = append(w.undo, w.tree.clone()); len(w.undo) > maxUndo {
		w.undo = w.undo[1:]
	}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
