// Package gitdiff writes and applies patches in git's format over trees that
// are maps from path to content.
//
// Diff says what changed between two trees, as `git diff` would: files in the
// order of their paths, three lines of context, no index lines and no renames.
// Apply is its inverse, and takes patches that nobody has read: it is bounded
// in size, touches only clean relative paths, and either gives the whole
// patched tree or an error that says what was wrong: ErrPatch where the patch
// is at fault, ErrRefused where it is beyond what is read here. It is as strict as git is without options: a fragment whose lines are not found
// where it says does not apply.
//
// Trees hold text. A patch with binary data, symbolic links or submodules is
// refused; other modes are read and forgotten, since a tree has none.
package gitdiff
