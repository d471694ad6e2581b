package safetensors

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"unsafe"
)

// ErrChanged is wrapped by errors about a mapped file that is no longer what was
// opened, or that its disk no longer gives.
var ErrChanged = errors.New("the file changed, or its disk failed, while it was mapped")

// mapping is the bytes of a file: mapped, or read where a file cannot be.
type mapping struct {
	data  []byte
	file  *os.File    // stays open, to see whether it changes; nil where data was read
	was   fs.FileInfo // when it was opened
	unmap func([]byte) error
}

// openRegular opens a file that has an end: a device or a pipe under the name of
// a checkpoint could give bytes for ever.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

func (m *mapping) close() error {
	if m.file == nil {
		return nil
	}
	err := errors.Join(m.unmap(m.data), m.file.Close())
	m.file = nil
	return err
}

// unchanged compares the file with what was opened. A file that was replaced by
// a rename is still the old one here.
func (m *mapping) unchanged() error {
	if m.file == nil {
		return nil
	}
	is, err := m.file.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrChanged, err)
	case is.Size() != m.was.Size():
		return fmt.Errorf("%w: it had %d bytes and has %d now", ErrChanged, m.was.Size(), is.Size())
	case !is.ModTime().Equal(m.was.ModTime()):
		return fmt.Errorf("%w: it was written to at %v", ErrChanged, is.ModTime())
	}
	return nil
}

// holds reports whether an address lies in some bytes, and where.
func holds(b []byte, addr uintptr) (at uintptr, ok bool) {
	at = addr - uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return at, at < uintptr(len(b))
}

// guard runs do and returns the fault of a mapped file as an error: where a file
// has shrunk, or cannot be read, the system raises a signal at the first access to
// the page that is gone. Any other panic goes on.
func guard(files []*File, do func()) (err error) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		caught := recover()
		if caught == nil {
			return
		}
		if at, ok := caught.(interface{ Addr() uintptr }); ok {
			for _, f := range files {
				if err = f.faultAt(at.Addr()); err != nil {
					return
				}
			}
		}
		panic(caught)
	}()
	do()
	return nil
}

// faultAt says what a fault at an address means, nil if it lies elsewhere.
func (f *File) faultAt(addr uintptr) error {
	at, ok := holds(f.mapped.data, addr)
	if !ok || f.mapped.file == nil {
		return nil
	}
	err := f.mapped.unchanged()
	if err == nil {
		err = fmt.Errorf("%w: byte %d cannot be read", ErrChanged, at)
	}
	for i := range f.tensors {
		if _, ok := holds(f.tensors[i].raw, addr); ok {
			return fmt.Errorf("safetensors: %s: tensor %q: %w", f.path, f.tensors[i].Name, err)
		}
	}
	return fmt.Errorf("safetensors: %s: %w", f.path, err)
}

// Guard runs do, which reads views of this set, and returns an [ErrChanged] that
// names file and tensor where a file cannot be read any more. What do has made by
// then is undefined. It is for the calling goroutine: do reads on no other.
func (s *Set) Guard(do func()) error { return guard(s.files, do) }

// Unchanged returns an [ErrChanged] that names the file if one has another size or
// time of writing than when it was opened. It asks the system once a file.
func (s *Set) Unchanged() error {
	for _, f := range s.files {
		if err := f.mapped.unchanged(); err != nil {
			return fmt.Errorf("safetensors: %s: %w", f.path, err)
		}
	}
	return nil
}
