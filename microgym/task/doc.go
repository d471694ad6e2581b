// Package task makes repair tasks out of programs: a small tree of Starlark
// with one bug in it, an issue that somebody could have written about it,
// visible tests, hidden tests that decide, and the patch that puts it right.
//
//	t, err := task.Generate(ctx, task.Options{Seed: 1}, 0)
//
// A task is a row in the manner of SWE-bench (instance_id, repo,
// problem_statement, patch, FAIL_TO_PASS, PASS_TO_PASS) with its files beside
// it. Repo is "microgym/" and the template's name, so that a split by repo
// holds out whole templates.
//
// # What is promised
//
// Every claim of a task comes from running it. With the patch every hidden
// test passes; without it every test of FailToPass fails and every test of
// PassToPass passes. The visible tests are a part of the hidden ones, word for
// word; VisibleCovers says whether one of them fails on the bug. A test named
// in KnownFailures fails before and after and counts for nothing.
//
// A task depends on the seed, the list of templates and its index alone: any
// worker can make any of them, and making one more changes none before it.
//
// # Fixes
//
// A world in which agents act needs attempts that are wrong in the ways that
// people's are. Fixes gives a menu for a task, each entry run against the
// tests: the patch itself, right fixes in other words, and wrong ones, of
// which most pass every visible test. Right and wrong ones are made of the
// same edits (a mutation, rewrites beside it), so that the size of a patch
// says little about it.
//
// # What it does not
//
// The issue never names the bug's kind, and the random stream of its words
// does not know it; but its example is a real symptom, and may give much away.
// Nothing here is a benchmark of software engineering: programs have some
// forty lines and one fault.
package task
