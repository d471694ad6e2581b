// Package microgym is a procedural world for software engineering agents:
// small Starlark programs with planted bugs, tests that really run, and
// scripted policies that really act. It is what the whole path can be tried
// and measured on without downloading anything or running foreign code.
//
// The package itself holds the two stages: "world" writes tasks, which come
// from microgym/task, and "collect" lets the policies of microgym/agent
// attempt them and writes one trajectory per run, the same bytes for any
// number of workers. Labels are made elsewhere, by running the hidden tests.
//
// A world is worth nothing as a test of reward models if labels leak. The
// package's tests bound what length, turns, patch size, exit status, policy
// and kind of bug tell about the outcome.
package microgym
