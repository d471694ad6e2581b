// Package program draws the small programs that the procedural world is made
// of: Starlark packages of two to four modules, a docstring on each function,
// of a size that a person might have written in ten minutes.
//
// # What a template is
//
// A [Template] is a family of programs that do the same job. Its Build takes a
// random source and returns one member: other names for the package, the
// functions and the parameters, other constants, features present or absent,
// other arguments in the cases. The template is the unit of hold-out: a task
// whose template was never trained on asks for a program whose shape is new,
// not only for one whose names are.
//
// A [Program] is always correct as built. Bugs are somebody else's business
// (a mutation of the Target module), and so are tests: a [Func] lists call
// expressions, from ordinary to edge, and what they ought to return is
// whatever the correct program answers. Nobody writes an expected value by
// hand, so none can be wrong.
//
// # Promises
//
//   - Build is a pure function of the numbers it draws: the same seed gives the
//     same bytes on every host.
//   - Every module parses and loads, no case fails, each function has at least
//     ten distinct cases, and a program is at most 60 lines long.
//   - Arguments in cases are literals; results are plain values (numbers,
//     strings, lists, tuples, dicts, None) whose repr reads back.
//   - Cases lie on both sides of every boundary they know of, so that a small
//     bug shows in some of them and not in others.
//
// # Writing one
//
// A template is a function that fills a sketch: it draws words, then writes
// modules with $word holes and lists functions with cases. The sketch's
// comment explains the notation. Programs are read by a language model token
// by token, so they stay short: one-line docstrings, no blank line inside a
// function, no comment that the code already says.
//
// The package does not run Starlark; microgym/harness does.
package program
