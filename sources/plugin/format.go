package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"sync"
	"unicode/utf8"

	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

// A Format asks a program about every document. Close ends its processes.
type Format struct {
	ctx context.Context
	cmd *Command

	mu       sync.Mutex
	idle     []*process
	answered bool  // it has answered a question
	failures int   // processes that ended before it had
	broken   error // why it is given up
}

// maxFailures is how many processes may end without an answer, while none has ever
// come, before a program is given up: a script with a mistake in it starts, and ends
// at once.
const maxFailures = 8

// Broken returns why a program that has never answered is asked no more, nil while
// it is.
func (f *Format) Broken() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken
}

// Open starts the program once, so that one that cannot be started is told of
// before anything is read.
func Open(ctx context.Context, c *Command) (*Format, error) {
	p, err := start(c)
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %w", c.Title(), err)
	}
	return &Format{ctx: ctx, cmd: c, idle: []*process{p}}, nil
}

// Close ends the processes. No call of Decode may be under way.
func (f *Format) Close() {
	for _, p := range f.idle {
		p.close()
	}
	f.idle = nil
}

// Name returns "plugin".
func (*Format) Name() string { return "plugin" }

// Detect claims every document. A list of objects is left to be read element by
// element.
func (*Format) Detect(sh format.Shape) bool { return sh.Kind != jsonscan.Array || sh.First == nil }

// Fates returns nothing: what a program leaves behind, only it can say.
func (*Format) Fates() []format.Fate { return nil }

// Decode asks about a document.
func (f *Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		r, err := f.decode(&d)
		if err != nil {
			err = fmt.Errorf("plugin %s: %w", f.cmd.Title(), err)
		}
		yield(r, err)
	}
}

type question struct {
	N    int64           `json:"n"`
	URI  string          `json:"uri"`
	Row  int64           `json:"row"`
	Data json.RawMessage `json:"data,omitempty"`
	Text *string         `json:"text,omitempty"`
}

func (f *Format) decode(d *format.Document) (*format.Record, error) {
	q := question{URI: d.URI, Row: d.Row}
	switch {
	case json.Valid(d.Data) && utf8.Valid(d.Data):
		q.Data = d.Data
	case utf8.Valid(d.Data) && !bytes.ContainsRune(d.Data, 0):
		text := string(d.Data)
		q.Text = &text
	default:
		return nil, format.ErrIgnored // no text
	}
	p, err := f.take()
	if err != nil {
		return nil, err
	}
	p.asked++
	q.N = p.asked
	line, err := json.Marshal(&q)
	if err != nil {
		p.close()
		return nil, err
	}
	limit := f.cmd.Timeout
	if limit <= 0 {
		limit = DefaultTimeout
	}
	raw, err := p.ask(f.ctx, append(line, '\n'), limit)
	if err != nil {
		return nil, f.failed(err)
	}
	var a answer
	if err := a.read(raw, q.N); err != nil {
		p.kill() // whatever it says next may belong to this
		p.close()
		return nil, f.failed(err)
	}
	f.give(p)
	return a.record(f.cmd)
}

// failed counts a process that ended without an answer.
func (f *Format) failed(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failures++; !f.answered && f.failures == maxFailures && f.ctx.Err() == nil {
		f.broken = fmt.Errorf("plugin %s: no answer to any of its first %d questions; the last: %w", f.cmd.Title(), maxFailures, err)
	}
	return err
}

func (f *Format) take() (*process, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return nil, f.broken
	}
	if n := len(f.idle); n > 0 {
		p := f.idle[n-1]
		f.idle = f.idle[:n-1]
		return p, nil
	}
	return start(f.cmd)
}

// give keeps a process that has answered.
func (f *Format) give(p *process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.idle, f.answered = append(f.idle, p), true
}
