//go:build unix

package localfs

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A Dir is an open folder. Its methods may be called from several goroutines.
type Dir struct{ f *os.File }

// Open opens a file for reading. It blocks where the path is a pipe that nobody
// writes to: ask first what it is.
func Open(p string) (*os.File, error) { return openAt(unix.AT_FDCWD, "open", p, 0) }

// OpenDir opens the folder of a root.
func OpenDir(root *os.Root) (*Dir, error) {
	f, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	return &Dir{f}, nil
}

// OpenPath opens a folder by its path, whose last element may be a link.
func OpenPath(p string) (*Dir, error) {
	f, err := openAt(unix.AT_FDCWD, "open", p, unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	return &Dir{f}, nil
}

// Sub opens a folder of the folder.
func (d *Dir) Sub(name string) (*Dir, error) {
	f, err := openAt(int(d.f.Fd()), "openat", name, unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err != nil {
		return nil, err
	}
	return &Dir{f}, nil
}

// Open opens a file of the folder for reading. As with the function Open, its
// caller knows that it is none that blocks.
func (d *Dir) Open(name string) (*os.File, error) {
	return openAt(int(d.f.Fd()), "openat", name, unix.O_NOFOLLOW)
}

// Size returns the size of a file of the folder.
func (d *Dir) Size(name string) (int64, error) {
	var st unix.Stat_t
	err := retry(func() error { return unix.Fstatat(int(d.f.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	if err != nil {
		return 0, &fs.PathError{Op: "statat", Path: name, Err: err}
	}
	return st.Size, nil
}

// Stat describes what a name in the folder leads to, links followed wherever they
// lead; a link that leads nowhere is described itself.
func (d *Dir) Stat(name string) (Info, error) {
	var st unix.Stat_t
	fd := int(d.f.Fd())
	err := retry(func() error { return unix.Fstatat(fd, name, &st, 0) })
	if err != nil {
		err = retry(func() error { return unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	}
	if err != nil {
		return Info{}, &fs.PathError{Op: "statat", Path: name, Err: err}
	}
	return Info{Size: st.Size, ModTime: time.Unix(st.Mtim.Unix()), Regular: st.Mode&unix.S_IFMT == unix.S_IFREG}, nil
}

// List returns what is in the folder, in any order, and with an error what was
// read before it.
func (d *Dir) List() ([]fs.DirEntry, error) { return d.f.ReadDir(-1) }

// Close closes the folder. Files that were opened from it stay open.
func (d *Dir) Close() error { return d.f.Close() }

// openAt goes around os.OpenFile: a descriptor that is handed to os.NewFile in
// blocking mode is not shown to the poller.
func openAt(dir int, op, name string, flags int) (*os.File, error) {
	var fd int
	err := retry(func() (err error) {
		fd, err = unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC|flags, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// retry does again what a signal interrupted.
func retry(f func() error) error {
	for {
		if err := f(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
