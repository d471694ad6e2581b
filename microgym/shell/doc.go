// Package shell is what an agent can do to a task: a shell and a set of tools
// over a tree of files that exists only in memory.
//
// A Workspace holds the tree. Run takes a command line and answers as bash and
// coreutils would, error messages included; Call takes a tool call by name and
// JSON arguments, for scaffolds that work that way. Both see one tree, and
// Diff says what has become of it.
//
// # The shell
//
// Command lines are parsed as bash by mvdan.cc/sh, and words are expanded by
// it. What runs them is here, because nothing may depend on the host: a
// pipeline runs its sides one after the other over buffers, without threads or
// pipes of the system, so the same command on the same tree gives the same
// bytes. There is no background, no process substitution and no terminal.
// Pipelines, lists, redirections, here-documents, loops, conditions,
// functions, arithmetic, globs and command substitution work. Each Run starts
// in /repo, the root of the tree, with a new environment; /tmp can be written
// as well and is no part of the tree.
//
// Commands are listed in commands.go: those of coreutils that agents use, grep,
// sed, find, xargs, a git that knows one commit, starlark, pytest, and submit,
// which ends an episode. No name leads to a program of the host, and no path
// to a file of it.
//
// # Limits
//
// A command line is bounded in steps, in bytes read and written, in the size
// of the tree, of its streams and variables, and in the work of the programs
// it runs; limits.go names each. One that goes over is ended with a message
// and code 137, as a killed process would be. Output too long to read is cut
// in the middle and says so. A Result carries an error only when the context
// has ended: whatever an agent says is answered.
package shell
