package comm

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Local returns the comms of n ranks that live in one process.
func Local(n int, limits Limits) []Comm {
	limits = limits.orDefault()
	pipes := make([][]*pipe, n) // from, to
	for from := range pipes {
		for range n {
			pipes[from] = append(pipes[from], newPipe())
		}
	}
	comms := make([]Comm, n)
	for r := range comms {
		links := make([]link, n)
		for peer := range links {
			if peer != r {
				links[peer] = &localLink{out: pipes[r][peer], in: pipes[peer][r], rank: r, stall: limits.Stall}
			}
		}
		comms[r] = newMesh(r, links)
	}
	return comms
}

// localLink hands slices over; the receiver copies from the sender's memory.
type localLink struct {
	out, in *pipe
	rank    int // of this end
	stall   time.Duration
}

func (l *localLink) send(c call, x []byte)       { l.out.put(c, x) }
func (l *localLink) recv(c call, x []byte) error { return l.in.take(c, x, l.stall) }
func (l *localLink) await(call) error            { return l.in.filled(l.stall) }
func (l *localLink) flush() error                { return l.out.drained(l.stall) }

func (l *localLink) abort(culprit int, cause error) {
	l.out.end(aborted(culprit, reason(cause)))
	l.in.end(ErrClosed)
}

func (l *localLink) close() error {
	err := l.flush()
	l.out.end(ErrLeft)
	l.in.end(ErrClosed)
	if errors.Is(err, ErrLeft) || errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

// A pipe is one direction between two ranks of a process.
type pipe struct {
	mu    sync.Mutex
	moved sync.Cond // the queue or the end changed
	queue []piece
	ended error
}

type piece struct {
	call call
	data []byte
}

func newPipe() *pipe {
	p := &pipe{}
	p.moved.L = &p.mu
	return p
}

func (p *pipe) put(c call, x []byte) {
	if len(x) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, piece{c, x})
	p.moved.Broadcast()
}

// take fills x from the queue.
func (p *pipe) take(c call, x []byte, limit time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(x) > 0 {
		if err := p.wait(limit, func() bool { return len(p.queue) > 0 }); err != nil {
			return err
		}
		head := &p.queue[0]
		if head.call != c {
			return mismatch(head.call, c)
		}
		n := copy(x, head.data)
		x, head.data = x[n:], head.data[n:]
		if len(head.data) == 0 {
			p.queue = p.queue[1:]
			p.moved.Broadcast()
		}
	}
	return nil
}

func (p *pipe) filled(limit time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wait(limit, func() bool { return len(p.queue) > 0 })
}

func (p *pipe) drained(limit time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wait(limit, func() bool { return len(p.queue) == 0 })
}

// wait holds the lock. What is in the queue outlives the end of the pipe.
func (p *pipe) wait(limit time.Duration, ready func() bool) error {
	if ready() {
		return nil
	}
	late := false
	timer := time.AfterFunc(limit, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		late = true
		p.moved.Broadcast()
	})
	defer timer.Stop()
	for !ready() {
		if p.ended != nil {
			return p.ended
		}
		if late {
			return fmt.Errorf("%w for %v", ErrStalled, limit)
		}
		p.moved.Wait()
	}
	return nil
}

func (p *pipe) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended == nil {
		p.ended = err
		p.moved.Broadcast()
	}
}

// mismatch names both operations.
func mismatch(theirs, ours call) error {
	return fmt.Errorf("%w: it is in %s, this rank in %s, or their sizes differ", ErrMismatch, theirs, ours)
}

// aborted is what a rank sees after another gave up.
func aborted(culprit int, why string) error {
	return &RankError{Rank: culprit, Cause: fmt.Errorf("%w: %s", ErrAborted, why)}
}

// reason is the text of an error for other ranks, which add who it was.
func reason(err error) string {
	var rank *RankError
	if errors.As(err, &rank) {
		err = rank.Cause
	}
	return strings.TrimPrefix(err.Error(), ErrAborted.Error()+": ")
}
