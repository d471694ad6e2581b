package sources

import (
	"context"
	"errors"
	"io"
	"iter"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/bystander"
	"github.com/swerm/swerm/internal/instance"
	"github.com/swerm/swerm/internal/sha256lanes"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/sources/all"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
	"github.com/swerm/swerm/sources/jsonscan"
)

// What bounds the memory of a reader.
const (
	// MaxFileBytes bounds one document or row unless the config says otherwise.
	// The longest runs with their quadratic prompts were seen at a few
	// megabytes; a document is held whole.
	MaxFileBytes = 128 << 20
	// budgetBytes bounds the documents in flight together: raw bytes that were
	// read and whose records have not been taken yet. A larger document waits
	// until it is alone. It is less for few workers (roomFor): what waits longer
	// than it must is memory that is touched for nothing.
	budgetBytes = 24 << 20
	shareBytes  = 4 << 20
	// Beside its bytes a document is taken to need textTimes as many, which is what its
	// text needs and more: a dozen small ones keep the workers busy, and each that
	// waits does so in memory of its own. textShare bounds it, so that several large
	// ones fit.
	textTimes = 3
	textShare = 1 << 20
	// maxInFlight bounds how many documents that may be.
	maxInFlight = 256
	// batchJobs and a batchPart of the budget bound what a worker decodes before
	// it passes any of it on: enough records to be named side by side.
	batchJobs = 2 * sha256lanes.Lanes
	batchPart = 4
)

// roomFor is the budget of a reader: a share for each worker, and one for what
// waits to be taken.
func roomFor(workers int) int64 { return min(budgetBytes, int64(workers+1)*shareBytes) }

// ErrUnrecognized is returned for a document that no format claims, and
// ErrAmbiguous for one that several do.
var (
	ErrUnrecognized = errors.New("no format recognises this document")
	ErrAmbiguous    = errors.New("several formats claim this document")
)

// An Item is one thing met in the inputs: a record, a failure, or a file that
// is ignored.
type Item struct {
	At      dataset.Cursor // increases from item to item
	URI     string
	Row     int64          // of a row that is dropped
	Record  *format.Record // nil unless a record
	Err     error          // *pipeline.RecordError for a failure
	Ignored bool
	Kind    bystander.Kind // of a file that is ignored

	Enriched bool // a row of a task data set told more of the record's task

	// Dropped says why a row of a file is no record though it could be read, ""
	// for any other item.
	Dropped pipeline.DropReason

	Bytes int64 // of the file, with its first item
}

// A Reader streams what its inputs hold.
type Reader struct {
	Inputs  []pipeline.Input
	Config  Config
	Names   *identity.Tables
	Tasks   *instance.Index // facts of tasks that documents do not tell; nil for none
	Plugin  format.Format   // reads every document instead of the known formats; nil for those
	Workers int             // 0 = one per CPU
	Limits  archive.Limits
	// Transient says that a record is of use only until the next item is asked
	// for: its text is then in memory that is used again.
	Transient bool

	formats []format.Format
	named   format.Format // the one that the config names, nil for detection
	beside  []string      // patterns of files that documents are read with
	room    int64         // bytes of documents in flight together
	budget  *semaphore.Weighted
	buffers buffers
	large   chan []byte // holds the one buffer of MaxFileBytes while it is free

	only  string // path of the one member that is read, "" for all
	watch func(doc format.Document, f format.Format, rows bool, items []Item)
}

// A file is one member of the inputs on its way.
type file struct {
	input  int
	member archive.Member
	named  bool // the user named it, or its suffix says trajectory
	rows   *lead
	claim  format.Format // whoever claimed a file of lines as a whole

	neighbor func(name string) []byte
	siblings func(pattern string) []string
}

// A job is a document or a run of rows: the walker makes it, a worker decodes
// it, the consumer takes its items.
type job struct {
	*file
	data   *[]byte
	large  bool          // data is the reader's large buffer
	rest   io.ReadCloser // what a worker has still to read of a document
	first  int64         // of a file of rows: the number of the first one in data
	ends   []int         // where rows end; nil: at line feeds
	list   bool          // rows are elements of a list, whose bracket may stand before the first
	held   int64         // of the budget
	memory *jsonscan.Memory
	text   *[]byte // memory of its records' text, nil where they have their own

	items []Item
	done  chan struct{}
}

// All yields items in the order of the inputs. A failure of a record is an
// item; the error ends the stream (a root that cannot be opened, ctx).
func (r *Reader) All(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		workers := r.Workers
		if workers <= 0 {
			workers = runtime.GOMAXPROCS(0)
		}
		r.formats = all.Formats()
		switch r.named = findFormat(r.Config.Format); {
		case r.Plugin != nil:
			r.formats = []format.Format{r.Plugin}
		case r.named != nil:
			r.formats = []format.Format{r.named}
		}
		r.beside = neighborPatterns(r.formats)
		r.room = roomFor(workers)
		r.budget = semaphore.NewWeighted(r.room)
		r.large = make(chan []byte, 1)
		r.large <- nil // made when it is first wanted
		work, order := make(chan *job, maxInFlight), make(chan *job, maxInFlight)
		var walkErr error
		wg.Go(func() {
			defer close(order)
			defer close(work)
			walkErr = r.walk(ctx, work, order)
		})
		for range workers {
			wg.Go(func() {
				b := batch{work: work, share: workers, bytes: r.room / batchPart}
				for b.fill() {
					for i := 0; i < len(b.jobs); i++ {
						if r.decode(ctx, b.jobs[i]); i+1 == len(b.jobs) {
							b.more()
						}
					}
					b.settle()
				}
			})
		}
		input, row := -1, int64(0)
		for j := range order {
			select {
			case <-j.done:
			case <-ctx.Done():
			}
			if ctx.Err() != nil { // a job that ended because of it says nothing of its file
				yield(Item{}, ctx.Err())
				return
			}
			if j.input != input {
				input, row = j.input, 0
			}
			for _, it := range j.items {
				it.At = dataset.Cursor{Input: input, Row: row}
				row++
				if !yield(it, nil) {
					return
				}
			}
			r.budget.Release(j.held)
			if j.text != nil {
				r.buffers.put(j.text)
			}
		}
		if walkErr == nil {
			walkErr = ctx.Err()
		}
		if walkErr != nil {
			yield(Item{}, walkErr)
		}
	}
}

// limit is how many bytes a document may have.
func (r *Reader) limit() int64 {
	if r.Config.MaxDocument > 0 {
		return r.Config.MaxDocument
	}
	return MaxFileBytes
}
