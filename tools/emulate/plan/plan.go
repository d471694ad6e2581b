// Package plan is what the host writes into the initial file system and the
// first process of the guest reads: which test binaries to run, where and how.
package plan

// Path is where the plan lies in the guest.
const Path = "/plan.json"

// Plan is the whole work of one boot.
type Plan struct {
	Env   []string // added to the environment of every test, KEY=VALUE
	Tests []Test
}

// Test is one test binary and how to start it.
type Test struct {
	Package string   // import path relative to the module, as the user gave it
	Binary  string   // absolute path in the guest
	Dir     string   // working directory in the guest
	Args    []string // flags of the test binary
}

// Lines that the guest prints among the output of the tests. The name of the
// package follows Begin; the name and the exit status follow End, with a blank between.
const (
	Begin = "emulate: begin "
	End   = "emulate: end "
	Done  = "emulate: done"
)
