package harness

import (
	"context"
	"fmt"
	"path"
	"strings"

	"go.starlark.net/starlark"
)

// sourceName is the path that a program without a file has in tracebacks.
const sourceName = "<string>"

// Script is what running a program came to.
type Script struct {
	Stdout string // what it printed
	Stderr string // why it ended, when it crashed
	Code   int    // 0, 1 after a crash, 2 when there is no such file
	Steps  uint64
}

// RunFile runs the file at p as a script. It returns what the script printed,
// with the traceback at the end when it crashed, and the exit code. The error
// is the context's.
func RunFile(ctx context.Context, files map[string]string, p string, l Limits) (stdout string, code int, err error) {
	s, err := ExecFile(ctx, files, p, l)
	return s.Stdout + s.Stderr, s.Code, err
}

// RunSource runs src as a script in the tree.
func RunSource(ctx context.Context, files map[string]string, src string, l Limits) (stdout string, code int, err error) {
	s, err := ExecSource(ctx, files, src, l)
	return s.Stdout + s.Stderr, s.Code, err
}

// ExecFile is RunFile with its two streams apart.
func ExecFile(ctx context.Context, files map[string]string, p string, l Limits) (Script, error) {
	clean := path.Clean(p)
	if _, ok := files[clean]; !ok {
		return Script{Stderr: fmt.Sprintf("starlark: can't open file '%s': No such file or directory\n", printable(p)), Code: 2}, ctx.Err()
	}
	return run(ctx, files, clean, files[clean], l)
}

// ExecSource is RunSource with its two streams apart.
func ExecSource(ctx context.Context, files map[string]string, src string, l Limits) (Script, error) {
	return run(ctx, files, sourceName, src, l)
}

func run(ctx context.Context, files map[string]string, name, src string, l Limits) (Script, error) {
	if err := ctx.Err(); err != nil {
		return Script{}, err
	}
	l = l.withDefaults()
	m := newMeter(ctx, name, l.Steps, l)
	_, err := newTree(files, l, nil).run(m.thread, name, src)
	s := Script{Stdout: m.out.String(), Steps: m.thread.Steps}
	if err == nil {
		return s, nil
	}
	f, ended := m.judge(err)
	if ended != nil {
		return Script{}, ended
	}
	s.Stderr, s.Code = f.traceback(), 1
	return s, nil
}

// traceback renders the failure as the starlark command prints it.
func (f *failure) traceback() string {
	const ends = 8 // frames shown at either end of a deep recursion
	var b strings.Builder
	if f.kind == "SyntaxError" || f.kind == "NameError" {
		if n := len(f.frames); n > 0 {
			at := f.frames[n-1]
			fmt.Fprintf(&b, "%s:%d:%d: ", printable(at.path), at.line, at.col)
		}
		fmt.Fprintf(&b, "%s: %s\n", f.kind, f.message)
		return b.String()
	}
	if len(f.frames) > 0 {
		b.WriteString("Traceback (most recent call last):\n")
	}
	for i, fr := range f.frames {
		n := len(f.frames)
		if n > 2*ends && i >= ends && i < n-ends {
			if i == ends {
				fmt.Fprintf(&b, "  ... %d frames ...\n", n-2*ends)
			}
			continue
		}
		fmt.Fprintf(&b, "  %s:%d:%d: in %s\n", printable(fr.path), fr.line, fr.col, frameName(fr))
	}
	fmt.Fprintf(&b, "%s: %s\n", f.kind, f.message)
	return b.String()
}

// Value is what an expression came to: its repr, or its error.
type Value struct {
	Repr string
	Err  string
}

// Eval evaluates expressions against a tree, each as if in a load of its own,
// so that a value is the one that a test with only this expression would see.
// preamble holds the load statements, and may define functions. A fault of
// one expression is its Value's alone; the error is the context's.
func Eval(ctx context.Context, files map[string]string, preamble string, exprs []string, l Limits) ([]Value, error) {
	l = l.withDefaults()
	values := make([]Value, len(exprs))
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(preamble, "\n"))
	b.WriteByte('\n')
	for i, e := range exprs {
		if len(e) > l.FileBytes {
			values[i].Err = fmt.Sprintf("SyntaxError: expression of %d bytes", len(e))
		} else if _, err := language().ParseExpr(sourceName, e, 0); err != nil {
			values[i].Err = "SyntaxError: " + newSourceError(sourceName, err).message
		} else {
			// The line break keeps a comment at its end from the bracket.
			fmt.Fprintf(&b, "def expr_%d_(): return (%s\n)\n", i, e)
		}
	}
	src, shared := b.String(), map[string]*module{}
	for i := range exprs {
		if values[i].Err != "" {
			continue
		}
		v, err := evalOne(ctx, files, src, fmt.Sprintf("expr_%d_", i), l, shared)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

// evalOne calls one function of src, in a new load of the tree.
func evalOne(ctx context.Context, files map[string]string, src, name string, l Limits, shared map[string]*module) (Value, error) {
	if err := ctx.Err(); err != nil {
		return Value{}, err
	}
	m := newMeter(ctx, name, l.Steps, l)
	globals, err := newTree(files, l, shared).run(m.thread, sourceName, src)
	var f *failure
	if err != nil {
		f, err = m.judge(err)
	} else {
		var v starlark.Value
		m.loaded()
		if v, f, err = m.call(globals[name]); v != nil {
			if err := m.chargeWeight(v, 1); err != nil { // its repr may be far larger than it is
				return Value{Err: "LimitExceeded: " + err.Error()}, nil
			}
			return Value{Repr: v.String()}, nil
		}
	}
	if err != nil {
		return Value{}, err
	}
	return Value{Err: f.kind + ": " + f.message}, nil
}
