// Package agent holds scripted policies that attempt microgym tasks: they look
// around, reproduce, edit, run tests, change their minds and stop, and every
// command really runs in a workspace. A run's transcript is what came back.
//
// A policy is a style (thorough, hasty, …) in one of two scaffolds: a shell
// with one bash block a message, as mini-swe-agent has it, or function calls.
// Before it acts a run draws what it will try: a skill (the chance that the
// attempt it ends with is right), how talkative it is, how many steps it may
// take, how many attempts it makes and what it does between them. None of
// these looks at the task's hidden tests, and nothing that is counted (steps,
// words, commands, edits) depends on whether an attempt is right. What tells
// good runs from bad ones is therefore order and relation: what the last check
// said and whether anything was edited after it, whether a printed value is
// the one that the issue asks for, whether a test was bent to fit.
//
// The seed, the instance, the policy and the rollout alone decide a run. The
// package grades nothing: labels come from running the hidden tests.
package agent
