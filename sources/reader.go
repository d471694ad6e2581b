package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/sha256lanes"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/sources/all"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
)

// What bounds the memory of a reader.
const (
	// MaxFileBytes bounds one document. The longest runs with their quadratic
	// prompts were seen at a few megabytes; a document is held whole.
	MaxFileBytes = 128 << 20
	// budgetBytes bounds the documents in flight together: raw bytes of files
	// that were read and whose records have not been taken yet. A larger
	// document waits until it is alone.
	budgetBytes = 24 << 20
	// maxInFlight bounds how many documents that may be.
	maxInFlight = 256
	// sniffBytes of a file tell whether it can be JSON at all.
	sniffBytes = 512
	// outlineBytes of a file over the limit tell whether it was a trajectory.
	outlineBytes = 1 << 20
	// maxNeighborBytes bounds a small file read beside a document, and
	// neighborFolders how many of an archive's are remembered.
	maxNeighborBytes = 1 << 20
	neighborFolders  = 16
	// batchJobs and batchBytes bound what a worker decodes before it passes any
	// of it on: enough records to be named side by side.
	batchJobs  = 2 * sha256lanes.Lanes
	batchBytes = budgetBytes / 4
)

// neighborNames are the small files that formats ask for.
var neighborNames = []string{"args.yaml"}

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
	Record  *format.Record // nil unless a record
	Err     error          // *pipeline.RecordError for a failure
	Ignored bool
	Bytes   int64 // of the file, with its first item
}

// A Reader streams what its inputs hold.
type Reader struct {
	Inputs  []pipeline.Input
	Config  Config
	Names   *identity.Tables
	Workers int // 0 = one per CPU
	Limits  archive.Limits

	formats []format.Format
	budget  *semaphore.Weighted
	buffers sync.Pool
	large   chan []byte // holds the one buffer of MaxFileBytes while it is free
}

// A job is one file on its way: the walker fills it, a worker decodes it, the
// consumer takes its items.
type job struct {
	input  int
	member archive.Member
	named  bool // the user named this file, or its suffix says trajectory
	data   *[]byte
	large  bool // data is the reader's large buffer
	neigh  func(string) []byte
	held   int64 // of the budget

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
		if r.Config.Format != "" {
			r.formats = []format.Format{findFormat(r.Config.Format)}
		}
		r.budget = semaphore.NewWeighted(budgetBytes)
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
				b := batch{work: work, share: workers}
				for b.fill() {
					for _, j := range b.jobs {
						r.decode(ctx, j)
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
		}
		if walkErr == nil {
			walkErr = ctx.Err()
		}
		if walkErr != nil {
			yield(Item{}, walkErr)
		}
	}
}

// walk reads sequential members itself and leaves others to the workers.
func (r *Reader) walk(ctx context.Context, work, order chan<- *job) error {
	for i, in := range r.Inputs {
		w := walker{r: r, ctx: ctx, input: i, root: strings.TrimSuffix(in.URI, "/"), work: work, order: order}
		if err := w.run(); err != nil {
			return fmt.Errorf("%s: %w", in.URI, err)
		}
	}
	return nil
}

type walker struct {
	r           *Reader
	ctx         context.Context
	input       int
	root        string
	work, order chan<- *job

	neighbors map[string][]byte // path -> content, of an archive
	folders   []string          // of neighbors, oldest first
}

func (w *walker) run() error {
	for m, err := range walkURI(w.ctx, w.root, w.r.Limits) {
		var bad *archive.MemberError
		switch {
		case errors.As(err, &bad):
			// What lay behind the fault is lost: that is a failure even where
			// nothing says that it was a trajectory.
			err = w.settle(m, Item{URI: bad.Path, Err: &pipeline.RecordError{URI: bad.Path, Err: bad.Err}})
		case err != nil:
			return err
		case m.Irregular:
			err = w.settle(m, Item{URI: m.Path, Ignored: true})
		case m.Sequential:
			err = w.sequential(m)
		default:
			err = w.random(m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settle passes on a file whose items are known without decoding.
func (w *walker) settle(m archive.Member, items ...Item) error {
	j := &job{input: w.input, member: m, items: items, done: make(chan struct{})}
	close(j.done)
	return w.queue(j)
}

func (w *walker) queue(j *job) error {
	select {
	case w.order <- j:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

func (w *walker) submit(j *job) error {
	j.done = make(chan struct{})
	if err := w.queue(j); err != nil {
		return err
	}
	select {
	case w.work <- j:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

func (w *walker) hold(j *job, n int64) error {
	j.held = min(max(n, 4096), budgetBytes)
	return w.r.budget.Acquire(w.ctx, j.held)
}

// random hands a member that can be opened later to a worker.
func (w *walker) random(m archive.Member) error {
	j := &job{input: w.input, member: m, named: named(m.Path) || m.Path == path.Base(w.root)}
	size := m.Size
	if size < 0 {
		size = budgetBytes / 2 // a packed file says nothing before it is read
	}
	if err := w.hold(j, min(size, MaxFileBytes)); err != nil {
		return err
	}
	j.neigh = func(name string) []byte {
		f, err := m.OpenSibling(name)
		if err != nil {
			return nil
		}
		defer f.Close()
		return readNeighbor(f)
	}
	return w.submit(j)
}

// sequential reads a member of a stream now.
func (w *walker) sequential(m archive.Member) error {
	j := &job{input: w.input, member: m, named: named(m.Path)}
	f, err := m.Open()
	if err != nil {
		return err
	}
	if slices.Contains(neighborNames, path.Base(m.Path)) && m.Size <= maxNeighborBytes {
		w.remember(m.Path, readNeighbor(f))
		return w.settle(m, Item{URI: m.Path, Ignored: true, Bytes: m.Size})
	}
	if err := w.hold(j, m.Size); err != nil {
		return err
	}
	dir := path.Dir(m.Path)
	snapshot := map[string][]byte{}
	for _, name := range neighborNames {
		if b, ok := w.neighbors[path.Join(dir, name)]; ok {
			snapshot[name] = b
		}
	}
	j.neigh = func(name string) []byte { return snapshot[name] }
	if !w.r.load(w.ctx, j, f) {
		w.r.budget.Release(j.held)
		j.held = 0
		return w.settle(m, j.items...)
	}
	return w.submit(j)
}

func (w *walker) remember(p string, b []byte) {
	if len(w.folders) == neighborFolders {
		delete(w.neighbors, w.folders[0])
		w.folders = w.folders[1:]
	}
	if w.neighbors == nil {
		w.neighbors = map[string][]byte{}
	}
	w.neighbors[p], w.folders = b, append(w.folders, p)
}

func readNeighbor(f io.Reader) []byte {
	b, err := io.ReadAll(io.LimitReader(f, maxNeighborBytes))
	if err != nil {
		return nil
	}
	return b
}

// named reports whether a file's name says that it holds a trajectory. Such a
// file must be readable; another may be anything and is ignored if no format
// claims it.
func named(p string) bool {
	p = archive.TrimSuffix(p)
	return strings.HasSuffix(p, ".traj") || strings.HasSuffix(p, ".traj.json")
}
