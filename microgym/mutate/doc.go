// Package mutate proposes small edits of Starlark source: bugs, as a person
// might have written them, and rewrites, which say the same thing in other
// words.
//
// An edit is found on the syntax tree and is then an exact replacement of
// bytes, so that layout, comments and docstrings stay as they were:
//
//	edits, err := mutate.Bugs("shelf/pricing.star", source)
//	broken := edits[0].Apply(source)
//
// What the package promises: every edit lies inside the source, changes its
// text and leaves a file that parses; an edit whose two sides mean the same
// by construction (a swap of two equal arguments) is never proposed; the order
// of edits depends on the source alone.
//
// What it does not: whether a bug changes what a function returns for any
// argument that somebody tries is for a run to say. A flipped comparison may
// sit in a branch that nothing reaches, and a mutated loop may never end:
// callers run the result under a step limit and look.
//
// Only function bodies and the defaults of parameters are edited. Rewrites
// keep the value of a function for arguments that do not make it fail; where
// that needs a type (x += y is not x = x + y for a list), a rewrite is
// proposed only when the source shows the type.
package mutate
