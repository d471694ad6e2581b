package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/starlark"
)

const (
	// tickSteps is how often a running program is looked at: often enough
	// that recursion cannot go far past its depth between two looks.
	tickSteps = 128
	// maxMessageBytes bounds what a failure says.
	maxMessageBytes = 2_000
	// meterKey is where a thread keeps its meter.
	meterKey = "harness.meter"
)

// errLimit says that a program used up what it was allowed. It ends the
// program: assert_fails does not catch it.
type errLimit struct{ what string }

func (e *errLimit) Error() string { return e.what }

// meter watches one thread: its steps, depth, output and context.
type meter struct {
	ctx    context.Context
	thread *starlark.Thread
	max    uint64 // steps at which the thread ends
	limits Limits
	over   *errLimit // set once, by the first limit that was hit
	ended  error     // the context's error, once seen

	oddKeys   int    // keys so far whose hash can be chosen
	loadSteps uint64 // steps of the loads inside the module that is being run
	out       strings.Builder
	outCut    bool
	lookedCtx uint64
}

// newMeter returns a thread whose work is bounded by l, with at most steps
// steps, and its meter.
func newMeter(ctx context.Context, name string, steps uint64, l Limits) *meter {
	m := &meter{ctx: ctx, max: steps, limits: l}
	m.thread = &starlark.Thread{Name: name, Print: m.print, OnMaxSteps: m.tick}
	m.thread.SetLocal(meterKey, m)
	m.thread.SetMaxExecutionSteps(min(tickSteps, steps))
	return m
}

func meterOf(thread *starlark.Thread) *meter {
	m, ok := thread.Local(meterKey).(*meter)
	if !ok {
		panic("harness: a thread without a meter")
	}
	return m
}

// tick runs every tickSteps steps, in the interpreter's loop.
func (m *meter) tick(thread *starlark.Thread) {
	steps := thread.Steps
	if steps >= m.max {
		m.stop(fmt.Sprintf("step limit of %d reached", m.max))
		return
	}
	if thread.CallStackDepth() > m.limits.Depth {
		m.stop(fmt.Sprintf("recursion deeper than %d calls", m.limits.Depth))
		return
	}
	if steps-m.lookedCtx >= 16*tickSteps {
		m.lookedCtx = steps
		if err := m.ctx.Err(); err != nil {
			m.ended = err
			thread.Cancel(err.Error())
			return
		}
	}
	thread.SetMaxExecutionSteps(min(steps+tickSteps, m.max))
}

func (m *meter) stop(what string) {
	if m.over == nil {
		m.over = &errLimit{what}
	}
	m.thread.Cancel(what)
}

func (m *meter) print(_ *starlark.Thread, msg string) {
	room := m.limits.OutputBytes - m.out.Len()
	if len(msg)+1 > room {
		if !m.outCut {
			m.outCut = true
			m.out.WriteString(cutText(msg, max(room-1, 0)))
			m.out.WriteString("\n[output cut]\n")
		}
		return
	}
	m.out.WriteString(msg)
	m.out.WriteByte('\n')
}

// cutText cuts s to at most n bytes, at a rune.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// call calls fn and returns its result, or what went wrong as a failure. The
// error is the context's, and nothing else.
func (m *meter) call(fn starlark.Value, args ...starlark.Value) (starlark.Value, *failure, error) {
	v, err := starlark.Call(m.thread, fn, args, nil)
	if err == nil {
		return v, nil, nil
	}
	f, err := m.judge(err)
	return nil, f, err
}

// judge says what an error of the interpreter was.
func (m *meter) judge(err error) (*failure, error) {
	if m.ended != nil {
		return nil, m.ended
	}
	f := newFailure(err)
	if m.over != nil {
		f.limit = true
		f.kind, f.message = limitExceeded, m.over.what
	}
	return f, nil
}

// limitExceeded is the kind of a failure that is not the program's own.
const limitExceeded = "LimitExceeded"

// failure is why a program ended before its end.
type failure struct {
	kind    string // AssertionError, Error, SyntaxError, LimitExceeded
	message string
	frames  []frame // outermost first, built-ins left out
	limit   bool
}

type frame struct {
	path, name string
	line, col  int
}

func newFailure(err error) *failure {
	f := &failure{kind: "Error", message: cutText(err.Error(), maxMessageBytes)}
	if eval := innermost(err); eval != nil {
		f.message = cutText(eval.Msg, maxMessageBytes)
		for _, c := range eval.CallStack {
			if c.Pos.Filename() == "<builtin>" {
				continue
			}
			f.frames = append(f.frames, frame{c.Pos.Filename(), c.Name, int(c.Pos.Line), int(c.Pos.Col)})
		}
	}
	var assertion *assertionError
	var source *sourceError
	switch {
	case errors.As(err, &assertion):
		f.kind, f.message = "AssertionError", assertion.message
	case errors.As(err, &source):
		f.kind, f.message = source.kind, source.message
		f.limit = source.kind == limitExceeded
		if source.line > 0 {
			f.frames = append(f.frames, frame{source.path, "", source.line, source.col})
		}
	}
	return f
}

// innermost returns the first of the errors that a failure became on its way
// out through loads; its stack is the whole one.
func innermost(err error) *starlark.EvalError {
	var found *starlark.EvalError
	for e := err; errors.As(e, &found); e = found.Unwrap() {
	}
	return found
}

// text is the failure on one line, as the summary shows it.
func (f *failure) text() string {
	if f.kind == "AssertionError" {
		return f.message
	}
	return f.kind + ": " + f.message
}

// place returns the innermost file and line.
func (f *failure) place() (string, int) {
	if n := len(f.frames); n > 0 {
		return f.frames[n-1].path, f.frames[n-1].line
	}
	return "", 0
}
