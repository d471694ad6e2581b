package shell

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

// root is where the task's tree lies; scratch can be written too.
const (
	root    = "/repo"
	scratch = "/tmp"
)

// fault is an error worded as the system or a command words it.
type fault string

func (f fault) Error() string { return string(f) }

// Faults of the tree.
const (
	errNotExist = fault("No such file or directory")
	errIsDir    = fault("Is a directory")
	errNotDir   = fault("Not a directory")
	errExist    = fault("File exists")
	errDenied   = fault("Permission denied")
	errNoSpace  = fault("No space left on device")
	errNotEmpty = fault("Directory not empty")
)

// tree is a file system in memory: contents by absolute clean path, and every
// folder by name, the parents of files included.
type tree struct {
	files map[string]string
	dirs  map[string]bool
	bytes int
}

func newTree(files map[string]string) *tree {
	t := &tree{files: map[string]string{}, dirs: map[string]bool{"/": true, root: true, scratch: true}}
	for p, content := range files {
		t.files[path.Join(root, p)] = content
		t.bytes += len(content)
		t.addParents(path.Join(root, p))
	}
	return t
}

func (t *tree) clone() *tree {
	return &tree{files: maps.Clone(t.files), dirs: maps.Clone(t.dirs), bytes: t.bytes}
}

// repo returns the files below root, by path relative to it.
func (t *tree) repo() map[string]string {
	out := map[string]string{}
	for p, content := range t.files {
		if rel, ok := strings.CutPrefix(p, root+"/"); ok {
			out[rel] = content
		}
	}
	return out
}

func (t *tree) addParents(p string) {
	for d := path.Dir(p); !t.dirs[d]; d = path.Dir(d) {
		t.dirs[d] = true
	}
}

func (t *tree) isFile(p string) bool { _, ok := t.files[p]; return ok }
func (t *tree) isDir(p string) bool  { return t.dirs[p] }
func (t *tree) exists(p string) bool { return t.isFile(p) || t.isDir(p) }

func (t *tree) read(p string) (string, error) {
	if content, ok := t.files[p]; ok {
		return content, nil
	}
	if t.dirs[p] {
		return "", errIsDir
	}
	return "", t.missing(p)
}

// missing says why p does not exist.
func (t *tree) missing(p string) error {
	for d := path.Dir(p); d != "/"; d = path.Dir(d) {
		if t.isFile(d) {
			return errNotDir
		}
	}
	return errNotExist
}

// canMake says whether a file or folder may be made at p.
func (t *tree) canMake(p string) error {
	switch d := path.Dir(p); {
	case !t.dirs[d]:
		return t.missing(p)
	case !writable(p):
		return errDenied
	case len(t.files)+len(t.dirs) >= maxTreeFiles:
		return errNoSpace
	}
	return nil
}

// writable says whether p lies where an agent may write. The two folders
// themselves stay.
func writable(p string) bool {
	return strings.HasPrefix(p, root+"/") || strings.HasPrefix(p, scratch+"/")
}

func (t *tree) write(p, content string) error {
	old, had := t.files[p]
	switch {
	case t.dirs[p]:
		return errIsDir
	case !had:
		if err := t.canMake(p); err != nil {
			return err
		}
	}
	if len(content) > maxFileBytes || t.bytes-len(old)+len(content) > maxTreeBytes {
		return errNoSpace
	}
	t.bytes += len(content) - len(old)
	t.files[p] = content
	return nil
}

func (t *tree) mkdir(p string) error {
	if t.exists(p) {
		return errExist
	}
	if err := t.canMake(p); err != nil {
		return err
	}
	t.dirs[p] = true
	return nil
}

func (t *tree) remove(p string) error {
	switch {
	case t.isFile(p):
		t.bytes -= len(t.files[p])
		delete(t.files, p)
		return nil
	case !t.isDir(p):
		return t.missing(p)
	case !writable(p):
		return errDenied
	case len(t.list(p)) > 0:
		return errNotEmpty
	}
	delete(t.dirs, p)
	return nil
}

// list returns the names in a folder, sorted.
func (t *tree) list(dir string) []string {
	prefix := strings.TrimSuffix(dir, "/") + "/"
	var names []string
	add := func(p string) {
		if rest, ok := strings.CutPrefix(p, prefix); ok && rest != "" && !strings.Contains(rest, "/") {
			names = append(names, rest)
		}
	}
	for p := range t.files {
		add(p)
	}
	for p := range t.dirs {
		add(p)
	}
	slices.Sort(names)
	return names
}

// walk calls visit for p and all below it, parents first, names in order.
func (t *tree) walk(p string, visit func(p string, dir bool)) {
	dir := t.isDir(p)
	visit(p, dir)
	if !dir {
		return
	}
	for _, name := range t.list(p) {
		t.walk(path.Join(p, name), visit)
	}
}

// entry is a file or folder as the expansion of globs wants it.
type entry struct {
	name string
	dir  bool
}

func (e entry) Name() string               { return e.name }
func (e entry) IsDir() bool                { return e.dir }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) Size() int64                { return 0 }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) Sys() any                   { return nil }
func (e entry) Type() fs.FileMode          { return e.Mode().Type() }

func (e entry) Mode() fs.FileMode {
	if e.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

// readDir lists a folder for globs.
func (t *tree) readDir(p string) ([]fs.DirEntry, error) {
	if t.isFile(p) {
		return nil, syscall.ENOTDIR
	}
	if !t.isDir(p) {
		return nil, fs.ErrNotExist
	}
	var out []fs.DirEntry
	for _, name := range t.list(p) {
		out = append(out, entry{name, t.isDir(path.Join(p, name))})
	}
	return out, nil
}
