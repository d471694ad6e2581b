package pipeline

import (
	"context"
	"log/slog"
)

// Kind says what a dataset or an artifact holds.
type Kind string

// The five kinds of dataset, and the artifacts that stages also exchange. Raw
// stands for files from outside, keyed by their content.
const (
	KindTrajectories Kind = "trajectories"
	KindLabels       Kind = "labels"
	KindView         Kind = "view"
	KindTokens       Kind = "tokens"
	KindScores       Kind = "scores"

	KindTokenizer  Kind = "tokenizer"  // a directory with tokenizer.json
	KindCheckpoint Kind = "checkpoint" // a Hugging Face directory plus swerm.json
	KindReport     Kind = "report"     // evaluation.json and what shows it
	KindRaw        Kind = "raw"
)

// A Config is one stage's options. Its zero value need not be valid: NewConfig
// of the stage fills the defaults. Validate lists every fault at once.
type Config interface {
	Validate() error
}

// A Port is one named input of a stage.
type Port struct {
	Name     string
	Kind     Kind
	Optional bool
	Many     bool

	// ReadOnce says that the stage tells the sums of raw files as it reads them
	// (Input.Sums) and can do without its key until then (Task.Settle).
	ReadOnce bool
}

// A Stage turns datasets into a dataset. What Run writes depends on its
// inputs' content, its config and Version, and on nothing else.
type Stage struct {
	Name    string
	Version int // raised whenever equal inputs would give other bytes
	Doc     string
	Inputs  []Port
	Output  Kind

	// NewConfig returns a pointer to the stage's config struct with every
	// default filled in. Fields carry json and yaml tags of the same name.
	NewConfig func() Config

	// Run writes the output at t.Out, which does not exist yet, and returns
	// once it is whole. It is called from one goroutine, honours ctx, and may
	// find its own unfinished work beside t.Out and go on from there.
	Run func(ctx context.Context, t *Task) error
}

// An Input is one dataset or raw file given to a task.
type Input struct {
	Port string
	Name string // how the input root is named in origins: the base name unless the config says otherwise
	URI  string
	Kind Kind
	Key  Key

	// Sums is to be told the sums of the files of a ReadOnce port that are read
	// whole; nil where the key is known. The others are read again for it.
	Sums Sums
}

// Sums is told the BLAKE3 sums of files, by their path below the root of an input
// (the name of a file that is the root). It may be told from any goroutine.
type Sums interface {
	Tell(path string, size int64, sum [32]byte)
}

// A Task is one stage with its config and inputs filled in.
type Task struct {
	Stage   *Stage
	Config  Config
	Inputs  []Input
	Out     string // URI of the dataset or artifact to write
	Key     Key
	Workers int // bounded parallelism; never changes what is written

	// Settle, where it is not nil, gives the task and its inputs their keys, which
	// are provisional before: equal for files that have not changed by size and time.
	// A stage with ports that are ReadOnce calls it when it has read them, and
	// publishes under the key that the task then has. The writers of datasets and
	// artifacts do both.
	Settle func(ctx context.Context) error

	Log      *slog.Logger
	Progress Progress

	// Result is what the verb prints under --json; Run sets it.
	Result any
}

// Input returns the only input of a port, ok=false when an optional one is absent.
func (t *Task) Input(port string) (Input, bool) {
	for _, in := range t.Inputs {
		if in.Port == port {
			return in, true
		}
	}
	return Input{}, false
}

// All returns every input of a port, in the order given.
func (t *Task) All(port string) []Input {
	var ins []Input
	for _, in := range t.Inputs {
		if in.Port == port {
			ins = append(ins, in)
		}
	}
	return ins
}

// Progress is told how far long work has come. Calls are safe from any
// goroutine and cheap. Unit is "rows", "bytes", "steps".
type Progress interface {
	Total(n int64, unit string)
	Add(n int64)
}

// A Noter is a Progress that also shows a few words on what the work is like; the
// last ones count.
type Noter interface{ Note(text string) }

// NoProgress discards what it is told.
type NoProgress struct{}

// Total does nothing.
func (NoProgress) Total(int64, string) {}

// Add does nothing.
func (NoProgress) Add(int64) {}
