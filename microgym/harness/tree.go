package harness

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// tree is the files of one run and what has been loaded of them.
type tree struct {
	files   map[string]string
	limits  Limits
	modules map[string]*module
	loading []string // paths on the way to the file that is being loaded
}

type module struct {
	globals starlark.StringDict
	err     error
}

func newTree(files map[string]string, l Limits) *tree {
	return &tree{files: files, limits: l, modules: map[string]*module{}}
}

// load runs the file at name once, on the caller's thread. A name is a clean
// path from the root; nothing else exists.
func (t *tree) load(thread *starlark.Thread, name string) (starlark.StringDict, error) {
	if !strings.HasSuffix(name, ".star") || name != path.Clean(name) || path.IsAbs(name) || strings.HasPrefix(name, "../") {
		return nil, fmt.Errorf("%q is not a path from the root to a .star file", name)
	}
	if m, ok := t.modules[name]; ok {
		return m.globals, m.err
	}
	if i := slices.Index(t.loading, name); i >= 0 {
		return nil, fmt.Errorf("cycle in load: %s", strings.Join(append(slices.Clone(t.loading[i:]), name), " -> "))
	}
	src, ok := t.files[name]
	if !ok {
		return nil, errors.New("no such file")
	}
	if len(t.modules)+len(t.loading) >= t.limits.Modules {
		return nil, fmt.Errorf("more than %d files are loaded", t.limits.Modules)
	}
	t.loading = append(t.loading, name)
	globals, err := t.exec(thread, name, src)
	t.loading = t.loading[:len(t.loading)-1]
	t.modules[name] = &module{globals, err}
	return globals, err
}

// exec compiles and runs one source. What it defines is not frozen: Freeze
// walks shared tuples again and again and does not end on a nested function
// that calls itself, and a tree lives for one test alone.
func (t *tree) exec(thread *starlark.Thread, name, src string) (starlark.StringDict, error) {
	c := programs.get(name, src, t.limits)
	if c.err != nil {
		return nil, c.err
	}
	thread.Load = t.load
	globals, err := c.program.Init(thread, predeclared())
	if err != nil {
		return nil, err
	}
	return globals, nil
}
