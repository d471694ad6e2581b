package contract

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/swerm/swerm/pipeline"
)

// A DropError is a trajectory that the contract does not render, with its
// reason from the closed set.
type DropError struct {
	Reason    pipeline.DropReason
	Tokens    int // it would take, as far as could be made shorter
	MaxTokens int
}

// Error says why.
func (e *DropError) Error() string {
	if e.Tokens == 0 {
		return string(e.Reason)
	}
	return fmt.Sprintf("%s: %d tokens, the limit is %d", e.Reason, e.Tokens, e.MaxTokens)
}

var errUnbound = errors.New("contract: not bound to a tokenizer")

// block is one encoded piece: ids[from:to] of the encoding's content.
type block struct {
	name     blockName
	turn     int
	from, to int
}

// encoding is one trajectory on its way to ids, and scratch space for the next.
type encoding struct {
	b      *binding
	enc    *tokenizer.Encoder
	ids    []int32 // content of all blocks, one after another
	blocks []block
	turns  int
}

// maxKeptTokens is the size above which scratch space is given back: few
// trajectories are that long.
const maxKeptTokens = 1 << 22

// take returns scratch space from the pool.
func (b *binding) take() *encoding {
	if e, ok := b.pool.Get().(*encoding); ok {
		e.ids, e.blocks, e.turns = e.ids[:0], e.blocks[:0], 0
		return e
	}
	return &encoding{b: b, enc: b.tok.NewEncoder()}
}

func (b *binding) give(e *encoding) {
	if cap(e.ids) <= maxKeptTokens {
		b.pool.Put(e)
	}
}

// Encode appends the ids of a trajectory to dst and returns its row, whose IDs
// share dst's memory. The error is a *DropError when the trajectory has no
// message to read or is too long. Safe for concurrent use.
func (c *Contract) Encode(t *pipeline.Trajectory, dst []int32) (pipeline.TokenRow, error) {
	row := pipeline.TokenRow{TrajectoryID: t.ID, TaskID: t.TaskID}
	if c.bound == nil {
		return row, errUnbound
	}
	e := c.bound.take()
	defer c.bound.give(e)
	messages := 0
	c.Rendering.render(t, func(p piece) {
		if p.name != blockPatch {
			messages++
		}
		e.add(p)
	})
	if messages == 0 {
		return row, &DropError{Reason: pipeline.DropNoMessages}
	}
	whole := wholeCut()
	full := e.size(whole)
	if full > math.MaxInt32 {
		return row, &DropError{pipeline.DropOverLimit, full, c.MaxTokens}
	}
	plan, over := whole, full > c.MaxTokens
	if over {
		var err error
		if plan, err = c.overflow(e); err != nil {
			return row, err
		}
		row.Overflow = c.Overflow
	}
	was, size := len(dst), e.size(plan)
	dst, touched, markers := e.emit(slices.Grow(dst, size), plan)
	row.IDs = dst[was:len(dst):len(dst)]
	if len(row.IDs) > c.MaxTokens || len(row.IDs) != size {
		panic(fmt.Sprintf("contract: %d ids, planned %d, the limit is %d", len(row.IDs), size, c.MaxTokens))
	}
	row.TokensFull = int32(full)
	row.TokensElided = int32(full - (len(row.IDs) - markers))
	row.Segments = int32(touched)
	return row, nil
}

// add encodes one piece.
func (e *encoding) add(p piece) {
	from := len(e.ids)
	switch p.patch {
	case patchNone:
		e.ids = append(e.ids, e.b.noPatch...)
	case patchEmpty:
		e.ids = append(e.ids, e.b.emptyPatch...)
	default:
		e.ids = e.enc.Encode(e.ids, p.text)
	}
	if p.args != nil {
		e.ids = append(e.ids, e.b.call...)
		e.ids = e.enc.Encode(e.ids, *p.args)
	}
	e.blocks = append(e.blocks, block{p.name, p.turn, from, len(e.ids)})
	e.turns = max(e.turns, p.turn)
}

// emit appends the ids under a cut. It returns how many blocks the cut touched
// and how many ids are markers that stand for what is gone.
func (e *encoding) emit(dst []int32, c cut) (out []int32, touched, markers int) {
	dst = append(dst, e.b.begin...)
	gone := false
	for _, b := range e.blocks {
		if c.drops(b) {
			touched++
			if !gone {
				was := len(dst)
				dst = append(dst, e.b.open[blockElided]...)
				dst = append(dst, e.b.elidedTurns...)
				dst = append(dst, e.b.close...)
				markers += len(dst) - was
				gone = true
			}
			continue
		}
		content := e.ids[b.from:b.to]
		dst = append(dst, e.b.open[b.name]...)
		if keep := c.keep(b); len(content) > keep+len(e.b.elidedText) {
			touched++
			dst = append(dst, content[:(keep+1)/2]...)
			dst = append(dst, e.b.elidedText...)
			dst = append(dst, content[len(content)-keep/2:]...)
			markers += len(e.b.elidedText)
		} else {
			dst = append(dst, content...)
		}
		dst = append(dst, e.b.close...)
	}
	return append(dst, e.b.end...), touched, markers
}
