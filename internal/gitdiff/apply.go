package gitdiff

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
)

// Every error of Apply wraps one of these.
var (
	// ErrPatch is the patch's fault: it is malformed, does not apply, or
	// leaves the tree. Git would not apply it either.
	ErrPatch = errors.New("patch does not apply")
	// ErrRefused is ours: the patch is larger than the limits, or has what a
	// tree of text files cannot hold. It says nothing about the patch's worth.
	ErrRefused = errors.New("patch is not read here")
)

// Limits of Apply.
const (
	MaxPatchBytes = 8 << 20  // the largest patches of public datasets are a hundredth of it
	MaxFiles      = 4_000    // files that one patch may name
	MaxWorkBytes  = 64 << 20 // read and written: a patch may copy and rename one file again and again
	maxLineBytes  = 4 << 10  // of a header line; the parser's time grows with its square
	maxPathBytes  = 1 << 10
	maxCauseBytes = 300 // of a parser's message, which may quote the patch
)

// Apply returns the tree that patch makes of files. files is left as it is.
func Apply(files map[string]string, patch string) (map[string]string, error) {
	if strings.TrimSpace(patch) == "" {
		return cloned(files), nil
	}
	changes, git, err := parse(patch)
	if err != nil {
		return nil, err
	}
	tree := cloned(files)
	work := 0
	for _, c := range changes {
		if !git {
			plainNames(c)
		}
		if err := applyFile(tree, c, &work); err != nil {
			return nil, err
		}
	}
	for p := range tree {
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			if _, ok := tree[dir]; ok {
				return nil, fault("%s is a file and a folder", shown(dir))
			}
			if dir == "/" {
				break
			}
		}
	}
	return tree, nil
}

func cloned(files map[string]string) map[string]string {
	if files == nil {
		return map[string]string{}
	}
	return maps.Clone(files)
}

// fault is the patch's, refused is ours.
func fault(format string, args ...any) error   { return failure(ErrPatch, format, args...) }
func refused(format string, args ...any) error { return failure(ErrRefused, format, args...) }

func failure(kind error, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if len(text) > maxCauseBytes {
		text = strings.ToValidUTF8(text[:maxCauseBytes], "") + "…"
	}
	return fmt.Errorf("%w: %s", kind, text)
}

func shown(name string) string { return fmt.Sprintf("%.100q", name) }

// parse checks the patch's bounds and takes it apart. git says that its files
// have git's headers, whose names come without a/ and b/.
func parse(patch string) (changes []*gitdiff.File, git bool, err error) {
	if len(patch) > MaxPatchBytes {
		return nil, false, refused("it has %d bytes, more than %d", len(patch), MaxPatchBytes)
	}
	n := 0
	for line := range strings.Lines(patch) {
		n++
		header := strings.HasPrefix(line, "diff --git ")
		git = git || header
		if len(line) > maxLineBytes && (header || strings.HasPrefix(line, "@@ ") || strings.HasPrefix(line, "--- ") || strings.HasPrefix(line, "+++ ") ||
			strings.HasPrefix(line, "rename ") || strings.HasPrefix(line, "copy ")) {
			return nil, false, refused("line %d: a header of %d bytes", n, len(line))
		}
	}
	// A last line without its end is what a trimmed answer looks like.
	if !strings.HasSuffix(patch, "\n") {
		patch += "\n"
	}
	changes, _, err = gitdiff.Parse(bufio.NewReader(strings.NewReader(patch)))
	switch {
	case err != nil:
		return nil, false, fault("%s", strings.TrimPrefix(err.Error(), "gitdiff: "))
	case len(changes) == 0:
		return nil, false, fault("it names no file")
	case len(changes) > MaxFiles:
		return nil, false, refused("it names %d files, more than %d", len(changes), MaxFiles)
	}
	return changes, git, nil
}

// plainNames takes a/ and b/ off the names of a patch without git's headers.
func plainNames(c *gitdiff.File) {
	for _, name := range []*string{&c.OldName, &c.NewName} {
		if rest, ok := strings.CutPrefix(*name, "a/"); ok {
			*name = rest
		} else if rest, ok := strings.CutPrefix(*name, "b/"); ok {
			*name = rest
		}
	}
}

// applyFile makes one file's change in tree. work counts the bytes that all
// files took.
func applyFile(tree map[string]string, c *gitdiff.File, work *int) error {
	if err := checkKind(c); err != nil {
		return err
	}
	from, to := c.OldName, c.NewName
	old, had := tree[from]
	switch {
	case c.IsNew:
		if _, ok := tree[to]; ok {
			return fault("%s exists already", shown(to))
		}
		old = ""
	case !had:
		return fault("%s: no such file", shown(from))
	case from != to && !c.IsDelete:
		if _, ok := tree[to]; ok {
			return fault("%s exists already", shown(to))
		}
	}
	is := old
	if len(c.TextFragments) > 0 {
		var err error
		if is, err = patched(old, c, work); err != nil {
			return err
		}
	}
	if c.IsDelete {
		if is != "" && len(c.TextFragments) > 0 {
			return fault("%s: it is not empty after its deletion", shown(from))
		}
		delete(tree, from)
		return nil
	}
	if !c.IsNew && !c.IsCopy {
		delete(tree, from)
	}
	tree[to] = is
	return nil
}

func patched(old string, c *gitdiff.File, work *int) (string, error) {
	*work += len(old)
	if *work > MaxWorkBytes {
		return "", refused("more than %d bytes to read and write", MaxWorkBytes)
	}
	var out strings.Builder
	if err := gitdiff.Apply(&out, strings.NewReader(old), c); err != nil {
		return "", applyFault(c, err)
	}
	*work += out.Len()
	return out.String(), nil
}

func applyFault(c *gitdiff.File, err error) error {
	name := c.OldName
	if c.IsNew {
		name = c.NewName
	}
	var at *gitdiff.ApplyError
	if errors.As(err, &at) && at.Line > 0 {
		return fault("%s: line %d: %v", shown(name), at.Line, err)
	}
	return fault("%s: %v", shown(name), err)
}

// checkKind refuses what a tree of text files cannot hold.
func checkKind(c *gitdiff.File) error {
	names := []string{}
	if !c.IsNew {
		names = append(names, c.OldName)
	}
	if !c.IsDelete {
		names = append(names, c.NewName)
	}
	for _, n := range names {
		if err := checkPath(n); err != nil {
			return err
		}
	}
	if len(c.TextFragments) == 0 && !(c.IsNew || c.IsDelete || c.IsRename || c.IsCopy || c.IsBinary || c.OldMode != 0 || c.NewMode != 0) {
		return fault("%s: a header without a change", shown(names[0]))
	}
	if c.IsBinary || c.BinaryFragment != nil {
		return refused("%s: binary data", shown(names[0]))
	}
	for _, mode := range []uint32{uint32(c.OldMode), uint32(c.NewMode)} {
		// The file type of git's modes: 10 is a file, 12 a link, 16 a submodule.
		if kind := mode >> 12; mode != 0 && kind != 0o10 {
			return refused("%s: mode %o is not that of a file", shown(names[0]), mode)
		}
	}
	for _, f := range c.TextFragments {
		if f.OldPosition < 0 || f.NewPosition < 0 || f.OldLines < 0 || f.NewLines < 0 {
			return fault("%s: a fragment at a negative line", shown(names[0]))
		}
	}
	return nil
}

// checkPath refuses names that could lead out of a tree, or that a tree on
// disk would take for something else.
func checkPath(p string) error {
	switch {
	case p == "" || p == "." || p != path.Clean(p) || path.IsAbs(p) || p == ".." || strings.HasPrefix(p, "../"):
		return fault("path %s leaves the tree or is not clean", shown(p))
	case len(p) > maxPathBytes:
		return refused("path of %d bytes", len(p))
	case !utf8.ValidString(p) || strings.ContainsFunc(p, unicode.IsControl) || strings.Contains(p, `\`):
		return refused("path %s holds characters that no path should", shown(p))
	}
	for part := range strings.SplitSeq(p, "/") {
		if strings.EqualFold(part, ".git") {
			return fault("path %s is git's own", shown(p))
		}
	}
	return nil
}
