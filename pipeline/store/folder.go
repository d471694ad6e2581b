package store

import (
	"context"
	"errors"
	"io/fs"
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
	name   string // of a folder, with a slash behind it: that is how names are sorted
	folder bool
	info   localfs.Info // of what is no folder
	err    error
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
			n := &f.names[i]
			n.name, n.folder = e.Name(), e.IsDir()
			if n.folder {
				n.name += "/"
			} else {
				n.info, n.err = f.dir.Stat(n.name)
			}
		}
		// Whole paths are then in the order of their bytes, as object stores list:
		// "a-b/x" before "a/x".
		slices.SortFunc(f.names, func(a, b named) int { return strings.Compare(a.name, b.name) })
	}()
	return f
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
	if dir != "" {
		dir += "/"
	}
	next := 0 // of the names, to be read ahead
	for i := range f.names {
		n := &f.names[i]
		if !n.folder {
			if !l.entry(dir+n.name, n, yield) {
				return false
			}
			continue
		}
		for ; len(ahead) < foldersAhead && next < len(f.names); next++ {
			if n := &f.names[next]; n.folder {
				ahead = append(ahead, readFolder(func() (*localfs.Dir, error) { return f.dir.Sub(n.bare()) }))
			}
		}
		sub := ahead[0]
		ahead = ahead[1:]
		if !l.walk(ctx, sub, dir+n.bare(), yield) {
			return false
		}
	}
	return true
}

// bare is the name of a folder as the system has it.
func (n *named) bare() string { return n.name[:len(n.name)-1] }

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
