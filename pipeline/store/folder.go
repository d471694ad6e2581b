package store

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/swerm/swerm/internal/localfs"
)

// foldersAhead of a level are read while others are walked: asking a file system for
// what is in a folder is waiting, above all over a network.
const foldersAhead = 8

// A folder is read on a goroutine of its own.
type folder struct {
	read chan struct{} // closed when it has been

	dir   *localfs.Dir // stays open for what is in it; nil where err is not
	err   error        // of the folder
	names []named
}

type named struct {
	fs.DirEntry
	info localfs.Info // of what is no folder
	err  error
}

// readFolder reads a folder and asks for everything in it that is no folder.
func readFolder(open func() (*localfs.Dir, error)) *folder {
	f := &folder{read: make(chan struct{})}
	go func() {
		defer close(f.read)
		var entries []fs.DirEntry
		if f.dir, f.err = open(); f.err != nil {
			return
		}
		if entries, f.err = f.dir.List(); f.err != nil {
			return
		}
		f.names = make([]named, len(entries))
		for i, e := range entries {
			f.names[i].DirEntry = e
			if !e.IsDir() {
				f.names[i].info, f.names[i].err = f.dir.Stat(e.Name())
			}
		}
		slices.SortFunc(f.names, func(a, b named) int { return strings.Compare(a.inOrder(), b.inOrder()) })
	}()
	return f
}

// inOrder is what a name is sorted by, so that whole paths are in the order of their
// bytes, as object stores list: "a-b/x" before "a/x".
func (n *named) inOrder() string {
	if n.IsDir() {
		return n.Name() + "/"
	}
	return n.Name()
}

// close waits for the folder to be read, and closes it.
func (f *folder) close() {
	if <-f.read; f.dir != nil {
		_ = f.dir.Close()
	}
}

// walk yields what is in a folder, which it closes.
func (l Local) walk(ctx context.Context, f *folder, dir string, yield func(Entry, error) bool) bool {
	<-f.read
	defer f.close()
	if err := ctx.Err(); err != nil {
		return yield(Entry{}, err) && false
	}
	if f.err != nil {
		return yield(Entry{}, l.at(dir, f.err))
	}
	var ahead []*folder
	defer func() { // before the folder is closed that they are read from
		for _, sub := range ahead {
			sub.close()
		}
	}()
	next := 0 // of the names, to be read ahead
	for i := range f.names {
		n := &f.names[i]
		if !n.IsDir() {
			if !l.entry(path.Join(dir, n.Name()), n, yield) {
				return false
			}
			continue
		}
		for ; len(ahead) < foldersAhead && next < len(f.names); next++ {
			if name := f.names[next].Name(); f.names[next].IsDir() {
				ahead = append(ahead, readFolder(func() (*localfs.Dir, error) { return f.dir.Sub(name) }))
			}
		}
		sub := ahead[0]
		ahead = ahead[1:]
		if !l.walk(ctx, sub, path.Join(dir, n.Name()), yield) {
			return false
		}
	}
	return true
}

// entry yields what is no folder.
func (l Local) entry(p string, n *named, yield func(Entry, error) bool) bool {
	switch {
	case n.err == nil:
		return yield(entryOf(p, n.info), nil)
	case errors.Is(n.err, fs.ErrNotExist):
		return true // removed since the folder was read
	default:
		return yield(Entry{}, l.at(p, n.err))
	}
}
