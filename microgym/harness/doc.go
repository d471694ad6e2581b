// Package harness runs Starlark programs and their tests inside a tree of
// files that exists only in memory, and reports as pytest does.
//
// It is what stands in for an interpreter, a test runner and a sandbox where a
// run must cost well under a millisecond: the world generator asks it whether
// a bug fails a test, an agent's shell runs it thousands of times, and a
// grader runs hidden tests against a patch that nobody has read.
//
// # The language
//
// Files end in .star and load each other by path from the root of the tree:
//
//	load("shelf/pricing.star", "price_after")
//
//	def test_small_discount():
//	    assert_eq(price_after(100, 10), 90)
//
// Recursion, sets, if and for at the top of a file and reassigned globals are
// allowed, while is not. Every file sees Starlark's own built-ins, struct, the
// math module, and three assertions: assert_eq(got, want), assert_true(x) and
// assert_fails(fn, *args), which returns the message of the failure. Globals
// are not frozen, so a mutable default argument or a global list misbehaves as
// it does in Python; but every test has a load of the files of its own, so no
// test sees what another one did: a test alone has the outcome that it has
// among all others.
//
// # What is promised
//
// The same tree gives the same report, steps and text included: there is no
// clock and no map order in it; the seconds in the last line are made from
// steps. Nothing outside the tree can be read or written, because the language
// has no way to say it. Work is bounded: see Limits. An error is returned only
// when the context ends, never for anything that the tree holds.
//
// # Reports and forgery
//
// The Report is the authority on outcomes; its text is for reading. Text that
// comes from the tree can still not pass for a status line in it: printed
// lines are shown behind "| ", lines of messages behind "E", source behind
// four spaces or ">", line separators inside them are escaped, and files whose
// names could hold a line break or "::" are not collected.
package harness
