package main

import (
	"fmt"
	"io"
	"os"
	"path"
)

// archive writes the format in which a kernel takes its first file system
// (cpio, "newc"). The first error is kept and ends everything after it.
type archive struct {
	w    io.Writer
	ino  int             // last inode number
	dirs map[string]bool // folders written
	err  error
}

func newArchive(w io.Writer) *archive {
	return &archive{w: w, dirs: map[string]bool{"/": true}}
}

func (a *archive) fail(err error) {
	if a.err == nil {
		a.err = err
	}
}

// dir adds a folder and those above it, each once.
func (a *archive) dir(name string) {
	name = path.Clean(name)
	if a.dirs[name] {
		return
	}
	a.dir(path.Dir(name))
	a.dirs[name] = true
	a.entry(name[1:], 0o40755, nil)
}

// file adds a file with the permissions of mode.
func (a *archive) file(name string, mode uint32, data []byte) {
	a.dir(path.Dir(name))
	a.entry(name[1:], 0o100000|mode, data)
}

// copy adds a file of this machine, which everyone may run.
func (a *archive) copy(name, from string) {
	data, err := os.ReadFile(from)
	a.fail(err)
	a.file(name, 0o755, data)
}

func (a *archive) entry(name string, mode uint32, data []byte) {
	a.ino++
	const links, zero = 1, 0
	a.write(fmt.Appendf(nil, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		a.ino, mode, zero, zero, links, zero, len(data), zero, zero, zero, zero, len(name)+1, zero, name))
	a.write(data)
}

// write adds data and zeros up to a multiple of four bytes.
func (a *archive) write(data []byte) {
	if a.err != nil {
		return
	}
	data = append(data[:len(data):len(data)], make([]byte, -len(data)&3)...)
	_, err := a.w.Write(data)
	a.fail(err)
}

func (a *archive) close() error {
	a.entry("TRAILER!!!", 0, nil)
	return a.err
}
