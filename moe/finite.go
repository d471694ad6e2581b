package moe

import "fmt"

// A NotFiniteError says where a forward pass that met a NaN or an infinity met
// it first. It is an [ErrNotFinite].
type NotFiniteError struct {
	Sequence int // of the batch; −1 where it is in the weights
	Position int // in the sequence; −1 where only the head shows it
	Layer    int // −1 outside of layers
	What     string
}

func (e *NotFiniteError) Error() string {
	switch {
	case e.Sequence < 0:
		return fmt.Sprintf("%v: the weights %s are not", ErrNotFinite, e.What)
	case e.Layer < 0:
		return fmt.Sprintf("%v: sequence %d, %s", ErrNotFinite, e.Sequence, e.What)
	}
	return fmt.Sprintf("%v: layer %d, %s, first at position %d of sequence %d", ErrNotFinite, e.Layer, e.What, e.Position, e.Sequence)
}

// Unwrap returns [ErrNotFinite].
func (e *NotFiniteError) Unwrap() error { return ErrNotFinite }

// notFinite finds out where a forward pass went wrong that gave sequence i no
// finite number. It looks at the weights, and then runs the pass once more and
// looks at each step: a second forward pass is nothing beside what failed. With
// peers the others are elsewhere by now, and only the weights are looked at.
func (p *PassOf[Num]) notFinite(i int) error {
	for _, q := range p.m.params {
		sound := true
		err := p.m.eachBlock(q, func(block []Num) bool {
			sound = finite(p.m.kern.SumSquares(block))
			return sound
		})
		if err != nil {
			return fmt.Errorf("moe: %w", err)
		}
		if !sound {
			return &NotFiniteError{Sequence: -1, Position: -1, Layer: -1, What: q.Name}
		}
	}
	found := &NotFiniteError{Sequence: i, Position: -1, Layer: -1, What: "the logits"}
	if p.o.Peers != nil {
		return found
	}
	p.watch = &watch{}
	err := p.forward(p.want)
	if p.watch.found != nil {
		found = p.watch.found
	}
	p.watch = nil
	if err != nil {
		return err
	}
	return found
}

// watch is what a pass that looks for the first number that is not finite has
// found. Steps of a layer come in their order, and rows in theirs.
type watch struct{ found *NotFiniteError }

// look searches n numbers of each of some rows, which lie ld apart; row r is
// that of the batch's row at(r).
func (p *PassOf[Num]) look(l int, what string, x []Num, rows, n, ld int, at func(r int) int) {
	if p.watch == nil || p.watch.found != nil {
		return
	}
	for r := range rows {
		if t := at(r); !finite(p.kern.SumSquares(x[r*ld : r*ld+n])) {
			p.watch.found = &NotFiniteError{Sequence: int(p.seq[t]), Position: int(p.pos[t]), Layer: l, What: what}
			return
		}
	}
}

// lookBefore searches what a layer did to a chunk before attention.
func (p *PassOf[Num]) lookBefore(l int, c *chunk, onlyLast bool) {
	if p.watch == nil || c.n == 0 {
		return
	}
	a := p.acts(l)
	p.look(l, "keys and values", a.qkv[p.HC:], c.n, 2*p.GC, p.W, c.row)
	if !onlyLast {
		p.look(l, "queries", a.qkv, c.n, p.HC, p.W, c.row)
	}
}

// lookBehind searches what a layer did behind attention to R rows.
func (p *PassOf[Num]) lookBehind(l, R int, at func(r int) int) {
	if p.watch == nil {
		return
	}
	a := p.acts(l)
	p.look(l, "attention", a.o, R, p.HC, p.HC, at)
	p.look(l, "the residual stream behind attention", a.xm, R, p.D, p.D, at)
	if a.routed {
		p.look(l, "the router", a.probs, R, p.E, p.E, at)
	}
	for r := range R {
		for _, s := range a.rowS[r*a.K : (r+1)*a.K] {
			if s >= 0 {
				p.look(l, "the experts", p.y[int(s)*p.D:], 1, p.D, p.D, func(int) int { return at(r) })
			}
		}
	}
}
