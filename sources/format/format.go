package format

import (
	"encoding/hex"
	"iter"
	"path"
	"strings"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/blake3lanes"
	"github.com/swerm/swerm/pipeline"
)

// A Format reads one family of trajectory files. Its methods are called from
// many goroutines at once and keep no state.
type Format interface {
	// Name is how flags and configs name the format.
	Name() string

	// Detect says whether a document of this shape is in this format. Two
	// formats that claim one document are an error of the import, so it asks
	// for what only this format has.
	Detect(Shape) bool

	// Decode yields the attempts that a document holds, in their order. A
	// yielded error ends that attempt; what the error concerns has been read
	// as far as it could. Decode fills what the document says and nothing
	// else: names are canonical and ids are made by the importer. It must not
	// keep d.Data.
	Decode(d Document) iter.Seq2[*Record, error]
}

// A Document is one file in memory.
type Document struct {
	URI  string // relative to the input root
	Data []byte

	// Neighbor returns a small file of the same folder, nil where there is
	// none. Inside an archive it sees only members that come before.
	Neighbor func(name string) []byte
}

// Folder returns the names of the folders a document lies in, nearest first.
func (d *Document) Folder(up int) string {
	dir := path.Dir(d.URI)
	for range up {
		dir = path.Dir(dir)
	}
	if dir == "." || dir == "/" {
		return ""
	}
	return path.Base(dir)
}

// Stem is the file's name without what compressions and formats append to it.
func (d *Document) Stem() string {
	name := archive.TrimSuffix(path.Base(d.URI))
	for _, suffix := range []string{".json", ".jsonl", ".traj"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// A Record is an attempt as its document tells it, before names are made
// canonical. Trajectory has no ID, TaskID, Repo, Policy or Source yet.
type Record struct {
	pipeline.Trajectory

	// Version of the format, as written in the document; "" where it is not.
	Version string

	// SourceHint is what tells where the task comes from (an image name),
	// RunHint the folder that names the batch of runs.
	SourceHint string
	RunHint    string

	// Repaired counts invalid UTF-8 sequences that were replaced.
	Repaired int
}

// HashContent names the bytes of a raw record, as `b3sum` prints them. It is
// BLAKE3 and says so: every byte of every input passes through it, and SHA-256
// without help from the processor takes longer than reading a record does.
func HashContent(b []byte) string {
	sum := blake3lanes.Sum256(b)
	return "blake3:" + hex.EncodeToString(sum[:])
}
