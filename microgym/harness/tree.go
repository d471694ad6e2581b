package harness

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// tree is the files of one test or script and what it has loaded of them.
type tree struct {
	files   map[string]string
	limits  Limits
	modules map[string]*module
	loading []*module // on the way to the file that is being loaded
	shared  map[string]*module
}

// module is a file that was run.
type module struct {
	path    string
	globals starlark.StringDict
	err     error
	steps   uint64   // that it took, without what it loaded
	loads   []string // what it loaded, in order
}

// newTree makes a tree. shared holds modules of other trees of the same files
// that can be used again, and takes new ones; see shareable.
func newTree(files map[string]string, l Limits, shared map[string]*module) *tree {
	return &tree{files: files, limits: l, modules: map[string]*module{}, shared: shared}
}

// load runs the file at name once, on the caller's thread. A name is a clean
// path from the root; nothing else exists.
func (t *tree) load(thread *starlark.Thread, name string) (starlark.StringDict, error) {
	if !strings.HasSuffix(name, ".star") || name != path.Clean(name) || path.IsAbs(name) || strings.HasPrefix(name, "../") {
		return nil, fmt.Errorf("%q is not a path from the root to a .star file", name)
	}
	if n := len(t.loading); n > 0 {
		t.loading[n-1].loads = append(t.loading[n-1].loads, name)
	}
	if m, ok := t.modules[name]; ok {
		return m.globals, m.err
	}
	if i := slices.IndexFunc(t.loading, func(m *module) bool { return m.path == name }); i >= 0 {
		var cycle []string
		for _, m := range t.loading[i:] {
			cycle = append(cycle, m.path)
		}
		return nil, fmt.Errorf("cycle in load: %s", strings.Join(append(cycle, name), " -> "))
	}
	src, ok := t.files[name]
	if !ok {
		return nil, errors.New("no such file")
	}
	return t.run(thread, name, src)
}

// run runs a source as the module name, or takes what another tree made of it.
// Both cost the same, so that a test alone takes the steps that it takes among
// others.
func (t *tree) run(thread *starlark.Thread, name, src string) (starlark.StringDict, error) {
	if len(t.modules)+len(t.loading) >= t.limits.Modules {
		return nil, &sourceError{kind: limitExceeded, path: name, message: fmt.Sprintf("more than %d files are loaded", t.limits.Modules)}
	}
	if m, ok := t.shared[name]; ok {
		return m.globals, t.reuse(thread, m)
	}
	m := &module{path: name}
	t.loading = append(t.loading, m)
	t.exec(thread, m, src)
	t.loading = t.loading[:len(t.loading)-1]
	t.modules[name] = m
	if t.shared != nil && t.shareable(m) {
		t.shared[name] = m
	}
	return m.globals, m.err
}

// reuse pays for a shared module and what it loads.
func (t *tree) reuse(thread *starlark.Thread, m *module) error {
	if _, ok := t.modules[m.path]; ok {
		return nil
	}
	t.modules[m.path] = m
	for _, name := range m.loads {
		if err := t.reuse(thread, t.shared[name]); err != nil {
			return err
		}
	}
	return meterOf(thread).charge(int(m.steps))
}

// exec compiles and runs one source. What it defines is not frozen: Freeze
// walks shared tuples again and again and does not end on a nested function
// that calls itself, and what can be changed is not shared.
func (t *tree) exec(thread *starlark.Thread, m *module, src string) {
	meter := meterOf(thread)
	before, odd := thread.Steps, meter.oddKeys
	inside := meter.loadSteps
	meter.loadSteps, meter.oddKeys = 0, 0
	defer func() {
		took := thread.Steps - before
		m.steps = took - meter.loadSteps
		meter.loadSteps, meter.oddKeys = inside+took, odd
	}()
	// Whether or not it was compiled before, it costs the same.
	if m.err = meter.charge(len(src) / compileBytes); m.err != nil {
		return
	}
	c := programs.get(m.path, src, t.limits)
	if c.err != nil {
		m.err = c.err
		return
	}
	thread.Load = t.load
	globals, err := c.program.Init(thread, predeclared())
	m.globals, m.err = globals, err
	if err != nil {
		m.globals = nil
	}
}

// shareable says whether no test can change a module, nor what it loaded: it
// holds functions and values without parts that can be set. Such a module is
// the same for all tests of a run.
func (t *tree) shareable(m *module) bool {
	if m.err != nil {
		return false
	}
	for _, name := range m.loads {
		if _, ok := t.shared[name]; !ok {
			return false
		}
	}
	in := inert{room: 1_000}
	for _, v := range m.globals {
		if !in.holds(v) {
			return false
		}
	}
	return true
}

// inert looks for values that can be changed.
type inert struct {
	room int // values still looked at: more are taken for changeable
	seen map[*starlark.Function]bool
}

func (in *inert) holds(v starlark.Value) bool {
	if in.room--; in.room < 0 {
		return false
	}
	switch v := v.(type) {
	case nil, starlark.NoneType, starlark.Bool, starlark.Int, starlark.Float, starlark.String, starlark.Bytes:
		return true
	case starlark.Tuple:
		for _, e := range v {
			if !in.holds(e) {
				return false
			}
		}
		return true
	case *starlark.Builtin:
		return v.Receiver() == nil || in.holds(v.Receiver())
	case *starlarkstruct.Struct:
		for _, name := range v.AttrNames() {
			if e, err := v.Attr(name); err != nil || !in.holds(e) {
				return false
			}
		}
		return true
	case *starlark.Function:
		return in.function(v)
	}
	return false
}

// function looks at default values and captured variables. Its globals are
// looked at with its module.
func (in *inert) function(fn *starlark.Function) bool {
	if in.seen[fn] {
		return true
	}
	if in.seen == nil {
		in.seen = map[*starlark.Function]bool{}
	}
	in.seen[fn] = true
	for i := range fn.NumParams() {
		if v := fn.ParamDefault(i); v != nil && !in.holds(v) {
			return false
		}
	}
	for i := range fn.NumFreeVars() {
		if _, v := fn.FreeVar(i); !in.holds(v) {
			return false
		}
	}
	return true
}
