package exec

import (
	"bufio"
	"bytes"
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/swerm/swerm/pipeline/store"
)

// TasksFile is the name of tasks in a folder.
const TasksFile = "tasks.jsonl"

const (
	// MaxTaskBytes bounds one row. Rows carry a whole tree; those of small
	// worlds have kilobytes.
	MaxTaskBytes = 32 << 20
	// maxFaults bounds what is told of malformed rows.
	maxFaults = 100
	// keepTasks are held parsed: attempts at one task stand together, and as
	// many tasks are in work as there are workers.
	keepTasks = 64
)

// Errors of [Tasks.Find] that are about the task and not about reading it.
var (
	// ErrNoTask is returned for an instance that no row is about.
	ErrNoTask = errors.New("no such task")
	// ErrBadTask is returned for one whose row cannot be used, or whose rows differ.
	ErrBadTask = errors.New("malformed task")
)

// Tasks finds tasks by instance. It remembers where each stands and reads it
// when it is asked for, so that memory does not grow with the trees. It is safe
// for concurrent use.
type Tasks struct {
	blobs []store.Blob
	names []string
	rows  map[string]place

	// Faults are the rows that cannot be used.
	Faults []Fault
	Rows   int64
	Failed int64 // rows with a fault, listed or not

	mu     sync.Mutex
	parsed map[string]*list.Element // of held
	recent *list.List               // *Task, the latest first
}

// A Fault is a row that is no task.
type Fault struct {
	URI   string `json:"uri"`
	Row   int64  `json:"row"`
	Error string `json:"error"`
}

type place struct {
	blob   int
	at     int64
	bytes  int
	row    int64
	sum    [sha256.Size]byte
	differ bool // another row says something else of the same instance
}

// A Source is a file of JSON lines or a folder with [TasksFile] in it. Name is
// what faults call it: a URI that is another on another host has no place in
// what is written.
type Source struct{ Name, URI string }

// OpenTasks reads where the tasks stand.
func OpenTasks(ctx context.Context, sources []Source) (*Tasks, error) {
	t := &Tasks{rows: map[string]place{}, parsed: map[string]*list.Element{}, recent: list.New(), Faults: []Fault{}}
	for _, s := range sources {
		if err := t.open(ctx, s); err != nil {
			return nil, errors.Join(fmt.Errorf("exec: tasks: %s: %w", s.URI, err), t.Close())
		}
	}
	return t, nil
}

func (t *Tasks) open(ctx context.Context, s Source) error {
	uri := s.URI
	if !strings.HasSuffix(uri, ".jsonl") {
		uri = store.Join(uri, TasksFile)
	}
	st, path, err := store.Open(ctx, uri)
	if err != nil {
		return err
	}
	blob, err := st.Open(ctx, path)
	if err != nil {
		return err
	}
	t.blobs, t.names = append(t.blobs, blob), append(t.names, s.Name)
	r := bufio.NewReaderSize(io.NewSectionReader(blob, 0, blob.Size()), 1<<20)
	at := int64(0)
	for row := int64(0); ; row++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		line, n, err := readLine(r)
		if len(bytes.TrimSpace(line)) > 0 || n > MaxTaskBytes {
			t.index(place{blob: len(t.blobs) - 1, at: at, bytes: len(line), row: row}, line, n > MaxTaskBytes)
		}
		if at += n; err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readLine reads one line of n bytes; of one over the limit it keeps nothing.
func readLine(r *bufio.Reader) (line []byte, n int64, err error) {
	for {
		piece, err := r.ReadSlice('\n')
		if n += int64(len(piece)); n <= MaxTaskBytes {
			line = append(line, piece...)
		} else {
			line = nil
		}
		if err != bufio.ErrBufferFull {
			return line, n, err
		}
	}
}

func (t *Tasks) index(p place, line []byte, long bool) {
	t.Rows++
	var head struct {
		Instance string `json:"instance_id"`
	}
	err := error(nil)
	switch {
	case long:
		err = fmt.Errorf("has over %d bytes", MaxTaskBytes)
	default:
		if err = json.Unmarshal(line, &head); err == nil && head.Instance == "" {
			err = errors.New("instance_id is missing")
		}
	}
	if err != nil {
		t.fault(p, err)
		return
	}
	p.sum = sha256.Sum256(bytes.TrimSpace(line))
	if q, ok := t.rows[head.Instance]; ok {
		if q.sum != p.sum {
			t.fault(p, fmt.Errorf("instance_id: %q has another row, %d of %s, that differs", head.Instance, q.row, t.names[q.blob]))
			q.differ = true
			t.rows[head.Instance] = q
		}
		return
	}
	t.rows[head.Instance] = p
}

func (t *Tasks) fault(p place, err error) {
	t.Failed++
	if len(t.Faults) < maxFaults {
		t.Faults = append(t.Faults, Fault{t.names[p.blob], p.row, err.Error()})
	}
}

// Len returns how many instances there are.
func (t *Tasks) Len() int { return len(t.rows) }

// Find returns the task of an instance. The error wraps ErrNoTask, ErrBadTask, or
// what kept it from being read.
func (t *Tasks) Find(instance string) (*Task, error) {
	p, ok := t.rows[instance]
	if !ok {
		return nil, fmt.Errorf("exec: %q: %w", instance, ErrNoTask)
	}
	if p.differ {
		return nil, fmt.Errorf("exec: %q: %w: rows of %s differ", instance, ErrBadTask, t.names[p.blob])
	}
	if task := t.held(instance); task != nil {
		return task, nil
	}
	row := make([]byte, p.bytes)
	if _, err := t.blobs[p.blob].ReadAt(row, p.at); err != nil && err != io.EOF {
		return nil, fmt.Errorf("exec: %s: row %d: %w", t.names[p.blob], p.row, err)
	}
	if sha256.Sum256(bytes.TrimSpace(row)) != p.sum {
		return nil, fmt.Errorf("exec: %s: row %d: changed while it was being read", t.names[p.blob], p.row)
	}
	task, err := ParseTask(row)
	if err != nil {
		return nil, fmt.Errorf("exec: %s: row %d: %w: %w", t.names[p.blob], p.row, ErrBadTask, err)
	}
	t.hold(task)
	return task, nil
}

func (t *Tasks) held(instance string) *Task {
	t.mu.Lock()
	defer t.mu.Unlock()
	el, ok := t.parsed[instance]
	if !ok {
		return nil
	}
	t.recent.MoveToFront(el)
	return el.Value.(*Task)
}

func (t *Tasks) hold(task *Task) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.parsed[task.Instance]; ok {
		return
	}
	t.parsed[task.Instance] = t.recent.PushFront(task)
	if t.recent.Len() > keepTasks {
		last := t.recent.Back()
		delete(t.parsed, t.recent.Remove(last).(*Task).Instance)
	}
}

// Close closes the files.
func (t *Tasks) Close() error {
	var errs []error
	for _, b := range t.blobs {
		errs = append(errs, b.Close())
	}
	t.blobs = nil
	return errors.Join(errs...)
}
