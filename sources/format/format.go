package format

import (
	"encoding/hex"
	"errors"
	"iter"
	"path"
	"strings"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/blake3lanes"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/jsonscan"
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

	// Fates lists what becomes of the parts of a document that do not stand in
	// its record as they are written. What no fate covers is kept.
	Fates() []Fate

	// Decode yields the attempts that a document holds, in their order. A
	// yielded error ends that attempt; what the error concerns has been read
	// as far as it could. Decode fills what the document says and nothing
	// else: names are canonical and ids are made by the importer. It must not
	// keep d.Data.
	Decode(d Document) iter.Seq2[*Record, error]
}

// A Reach is a format whose documents are read with files beside them. Inside
// an archive such a document waits until all of it has been seen.
type Reach interface {
	// Neighbors lists patterns of path.Match, relative to the document's
	// folder: "args.yaml", "events/*.json".
	Neighbors() []string
}

// A General format reads what no other one claims, so that its documents may
// look like those of formats that say more of themselves.
type General interface {
	// General does nothing; it marks the format.
	General()
}

// Claimants are the formats that claim a document of this shape. A general one
// is among them only where it is alone.
func Claimants(formats []Format, sh Shape) []Format {
	var claims, general []Format
	for _, f := range formats {
		if !f.Detect(sh) {
			continue
		}
		if _, ok := f.(General); ok {
			general = append(general, f)
		} else {
			claims = append(claims, f)
		}
	}
	if len(claims) == 0 {
		return general
	}
	return claims
}

// ErrIgnored is yielded instead of a record for a document that is no attempt and
// was not meant to be one.
var ErrIgnored = errors.New("not a trajectory")

// A Fate says what becomes of leaves at a place in documents.
type Fate struct {
	// Path is keys separated by dots; [] stands for an element of a list, * for
	// any key or element, ** at the end for all that is below. $ steps into a
	// string that holds JSON. "messages[].extra.response.**"
	Path string
	Why  string // in words for a user: where it went, or why it is left behind
}

// A Document is one file in memory, or one row of a file of rows: a line of
// JSONL, an element of a list, a row of a table, each as JSON. A file of lines
// that a format claims as a whole (Shape.Lines) comes as it is.
type Document struct {
	URI  string // of the file, relative to the input root
	Row  int64  // of a file of rows; 0 for a file
	Data []byte

	// Memory is lent for the text of records; nil: they have their own.
	Memory *jsonscan.Memory

	// Neighbor returns a small file that a pattern of Reach matches, by its
	// path relative to the document's folder, nil where there is none.
	Neighbor func(name string) []byte
	// Siblings lists the files that a pattern of Reach matches, sorted.
	Siblings func(pattern string) []string
}

// Scanner returns one over the document, whose strings may be in d.Memory.
func (d *Document) Scanner() *jsonscan.Scanner { return jsonscan.NewIn(d.Memory, d.Data) }

// Beside is Neighbor for documents that may have none.
func (d *Document) Beside(name string) []byte {
	if d.Neighbor == nil {
		return nil
	}
	return d.Neighbor(name)
}

// Match lists siblings for documents that may have none.
func (d *Document) Match(pattern string) []string {
	if d.Siblings == nil {
		return nil
	}
	return d.Siblings(pattern)
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

// A Continued ends a document that is the beginning of another one beside it.
// It is no failure: what the document holds stands in the other, and a record of
// it would be a second copy of a part of an attempt.
type Continued struct {
	By string // the other document, relative to the folder of this one
}

// Error says where the dialogue goes on.
func (c *Continued) Error() string {
	return "the dialogue goes on in " + c.By + ", which holds all of it"
}

// HashContent names the bytes of a raw record, as `b3sum` prints them. It is
// BLAKE3 and says so: every byte of every input passes through it, and SHA-256
// without help from the processor takes longer than reading a record does.
func HashContent(b []byte) string { return HashName(blake3lanes.Sum256(b)) }

// HashName writes a sum as HashContent does.
func HashName(sum [blake3lanes.Size]byte) string { return "blake3:" + hex.EncodeToString(sum[:]) }
