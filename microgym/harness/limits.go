package harness

// Defaults of Limits. They are some hundred times what the programs of the
// world need, and small enough that the worst program costs milliseconds.
const (
	DefaultSteps       = 200_000   // a test of the world takes 20 to 2,000
	DefaultTotalSteps  = 4_000_000 // tests of one run together
	DefaultDepth       = 256       // calls; a Starlark call holds about 1 KiB of Go stack
	DefaultOutputBytes = 16 << 10  // print, per test or script
	DefaultFileBytes   = 64 << 10  // source of one file; compiling can take the square of it
	DefaultTests       = 2_000     // tests collected in one run
	DefaultModules     = 200       // files loaded in one run
)

// Limits bounds what a program may use. A zero field means its default.
//
// A step is one instruction of the interpreter. Work that one instruction does
// in bulk (repeat a string, sort a list, compare nested values) is charged in
// steps too, by the elements and bytes that it touches, before it is done; so
// Steps bounds time and memory as well.
type Limits struct {
	Steps       uint64 // per test, script, expression or load of a tree
	TotalSteps  uint64 // per run of tests
	Depth       int    // nested calls
	OutputBytes int    // what print may write, per test or script
	FileBytes   int    // source of one file
	Tests       int    // tests in one run
	Modules     int    // files loaded in one run
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.Steps, DefaultSteps)
	setDefault(&l.TotalSteps, DefaultTotalSteps)
	setDefault(&l.Depth, DefaultDepth)
	setDefault(&l.OutputBytes, DefaultOutputBytes)
	setDefault(&l.FileBytes, DefaultFileBytes)
	setDefault(&l.Tests, DefaultTests)
	setDefault(&l.Modules, DefaultModules)
	return l
}

func setDefault[T uint64 | int](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
