package harness

import (
	"container/list"
	"errors"
	"fmt"
	"sync"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// language is the dialect of every file.
func language() *syntax.FileOptions {
	return &syntax.FileOptions{Set: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}
}

// sourceError is a fault that is found before a file runs.
type sourceError struct {
	kind      string // SyntaxError, NameError or LoadError
	path      string
	line, col int
	message   string
}

func (e *sourceError) Error() string {
	if e.line == 0 {
		return fmt.Sprintf("%s: %s", e.path, e.message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.path, e.line, e.col, e.message)
}

// compiled is what is kept of one source file.
type compiled struct {
	program *starlark.Program
	err     *sourceError
}

// compile parses and compiles one file. It never fails in another way than by
// a sourceError in its result, so that faults can be kept as well.
func compile(path, src string, l Limits) compiled {
	if len(src) > l.FileBytes {
		return compiled{err: &sourceError{kind: limitExceeded, path: path, message: fmt.Sprintf("file has %d bytes, more than %d", len(src), l.FileBytes)}}
	}
	// The file is parsed twice: what is wrong with it is what is wrong with it
	// as it was written, and resolving a tree changes it.
	plain, err := language().Parse(path, src, 0)
	if err == nil {
		err = resolve.File(plain, predeclared().Has, starlark.Universe.Has)
	}
	if err != nil {
		return compiled{err: newSourceError(path, err)}
	}
	f, err := language().Parse(path, src, 0)
	if err != nil {
		return compiled{err: newSourceError(path, err)}
	}
	if fault := rewrite(f); fault != nil {
		return compiled{err: fault}
	}
	p, err := starlark.FileProgram(f, predeclared().Has)
	if err != nil {
		return compiled{err: newSourceError(path, err)}
	}
	return compiled{program: p}
}

func newSourceError(path string, err error) *sourceError {
	var se syntax.Error
	if errors.As(err, &se) {
		return &sourceError{"SyntaxError", path, int(se.Pos.Line), int(se.Pos.Col), se.Msg}
	}
	var re resolve.ErrorList
	if errors.As(err, &re) && len(re) > 0 {
		return &sourceError{"NameError", path, int(re[0].Pos.Line), int(re[0].Pos.Col), re[0].Msg}
	}
	return &sourceError{kind: "SyntaxError", path: path, message: err.Error()}
}

// cacheBytes bounds the sources whose programs are kept. Programs are a few
// times their source.
const cacheBytes = 16 << 20

// programs keeps compiled files by path and content: an agent runs the same
// tree again and again, and only the file it edits has changed.
var programs = &programCache{entries: map[cacheKey]*list.Element{}}

type cacheKey struct{ path, src string }

type cacheEntry struct {
	key cacheKey
	compiled
}

// programCache is a bounded least-recently-used cache. Programs are immutable,
// so threads may share them.
type programCache struct {
	mu      sync.Mutex
	entries map[cacheKey]*list.Element
	order   list.List // front: used last
	bytes   int
}

func (c *programCache) get(path, src string, l Limits) compiled {
	if len(src) > l.FileBytes {
		return compile(path, src, l)
	}
	key := cacheKey{path, src}
	c.mu.Lock()
	if e, ok := c.entries[key]; ok {
		c.order.MoveToFront(e)
		c.mu.Unlock()
		return e.Value.(*cacheEntry).compiled
	}
	c.mu.Unlock()
	made := compile(path, src, l) // outside the lock: two may do the same work, with the same result
	c.put(key, made)
	return made
}

func (c *programCache) put(key cacheKey, made compiled) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[key]; ok {
		return
	}
	c.entries[key] = c.order.PushFront(&cacheEntry{key, made})
	c.bytes += len(key.path) + len(key.src)
	for c.bytes > cacheBytes {
		oldest := c.order.Back()
		k := oldest.Value.(*cacheEntry).key
		c.order.Remove(oldest)
		delete(c.entries, k)
		c.bytes -= len(k.path) + len(k.src)
	}
}
