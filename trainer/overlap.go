package trainer

import (
	"sync"

	"github.com/swerm/swerm/moe"
)

// Tokens of one micro-batch can travel while another is computed: the backward
// pass of one runs beside the forward pass of the next, in two passes over the
// model. Only backward passes add gradients, one after the other, so gradients
// have the bits that they have without. The exchanges of the two take turns,
// the backward pass first, which is one order on every rank and one call at a
// time on this one, as comms ask for.

// turns orders the exchanges of two passes.
type turns struct {
	mu    sync.Mutex
	moved sync.Cond
	busy  [2]bool // passes that run side by side
	next  int
}

func newTurns() *turns {
	t := &turns{}
	t.moved.L = &t.mu
	return t
}

// pair begins a stretch in which both passes run, with this one's exchange first.
func (t *turns) pair(first int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy, t.next = [2]bool{true, true}, first
}

// done says that a pass has no more exchanges in this stretch.
func (t *turns) done(pass int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy[pass] = false
	t.moved.Broadcast()
}

func (t *turns) take(pass int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.busy[0] && t.busy[1] && t.next != pass {
		t.moved.Wait()
	}
}

func (t *turns) give(pass int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next = 1 - pass
	t.moved.Broadcast()
}

// inTurn are the peers of one of two passes.
type inTurn struct {
	moe.Peers
	turns *turns
	pass  int
}

func (p inTurn) AllToAllV(send, recv [][]byte) error {
	p.turns.take(p.pass)
	defer p.turns.give(p.pass)
	return p.Peers.AllToAllV(send, recv)
}

// twoPasses makes the training passes of an engine: one, or two that take turns.
func (e *engineOf[Num]) twoPasses(o moe.Options, overlap bool) {
	if !overlap || !e.sharded() {
		e.pass = e.model.NewPass(o)
		return
	}
	e.turns = newTurns()
	peers := o.Peers
	for i, pass := range []**moe.PassOf[Num]{&e.pass, &e.spare} {
		o.Peers = inTurn{peers, e.turns, i}
		*pass = e.model.NewPass(o)
	}
}

// eachPass does something to every training pass. None may be under way.
func (e *engineOf[Num]) eachPass(do func(p *moe.PassOf[Num]) error) error {
	if err := do(e.pass); err != nil || e.spare == nil {
		return err
	}
	return do(e.spare)
}

// start begins to go back through the last training verdict, and returns what
// waits for the end. With two passes it goes on beside the next verdict.
func (e *engineOf[Num]) start(back func() error) (wait func() error) {
	if e.turns == nil {
		err := back()
		return func() error { return err }
	}
	own := e.current
	e.pass, e.spare, e.current = e.spare, e.pass, 1-own
	e.turns.pair(own)
	end := make(chan error, 1)
	go func() {
		err := back()
		e.turns.done(own)
		end <- err
	}()
	return func() error {
		e.turns.done(1 - own) // the verdict beside it has ended, or there is none
		return <-end
	}
}
