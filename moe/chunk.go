package moe

import (
	"fmt"
	"slices"

	"github.com/swerm/swerm/moe/kernel"
)

// chunkRows bounds the rows that a scoring pass has activations of. What it
// keeps of every row is the residual stream, and the keys and values of the
// layer it is in. At this many rows an expert of a usual model still gets
// enough of them to be worth packing its matrices once more.
const chunkRows = 8192

// chunk is a run of rows that go through a layer together: in training the
// whole batch, whose activations the backward pass wants, in scoring at most
// chunkRows.
type chunk struct {
	lo, n int
	// Runs of positions of one sequence. Where a chunk ends inside a sequence it
	// does so at a multiple of pageAlign.
	parts []kernel.KeyRows
	items []kernel.Queries // of all rows, the most expensive first
	lasts []kernel.Queries // of last positions only
}

// row is the batch's row of a chunk's row.
func (c *chunk) row(r int) int { return c.lo + r }

// planChunks cuts the rows of the batch. There is always a chunk.
func (p *PassOf[Num]) planChunks(limit int) {
	p.chunks = p.chunks[:0]
	c := p.nextChunk()
	for i, s := range p.spans {
		for pos := s.from; pos < s.n; {
			n := min(s.n-pos, limit-c.n)
			if pos+n < s.n {
				n = n / pageAlign * pageAlign
			}
			if n == 0 {
				c = p.nextChunk()
				continue
			}
			c.parts = append(c.parts, kernel.KeyRows{Seq: i, Pos: pos, N: n, Row: c.n})
			c.n, pos = c.n+n, pos+n
		}
	}
	for i := range p.chunks {
		p.planItems(&p.chunks[i])
	}
}

// nextChunk appends an empty chunk behind the last, in the memory of an
// earlier batch where there is some.
func (p *PassOf[Num]) nextChunk() *chunk {
	n, lo := len(p.chunks), 0
	if n > 0 {
		lo = p.chunks[n-1].lo + p.chunks[n-1].n
	}
	if n < cap(p.chunks) {
		p.chunks = p.chunks[:n+1]
	} else {
		p.chunks = append(p.chunks, chunk{})
	}
	c := &p.chunks[n]
	*c = chunk{lo: lo, parts: c.parts[:0], items: c.items[:0], lasts: c.lasts[:0]}
	return c
}

// planItems lists a chunk's units of attention: some queries of one head.
func (p *PassOf[Num]) planItems(c *chunk) {
	for _, t := range c.parts {
		for at := 0; at < t.N; at += kernel.QueryBlock {
			for h := range p.H {
				c.items = append(c.items, kernel.Queries{Seq: t.Seq, Head: h, Pos: t.Pos + at, N: min(kernel.QueryBlock, t.N-at), Row: t.Row + at, Out: t.Row + at})
			}
		}
		if end := t.Pos + t.N; end == p.spans[t.Seq].n {
			for h := range p.H {
				c.lasts = append(c.lasts, kernel.Queries{Seq: t.Seq, Head: h, Pos: end - 1, N: 1, Row: t.Row + t.N - 1, Out: t.Seq})
			}
		}
	}
	// Queries late in their sequence cost most.
	slices.SortStableFunc(c.items, func(a, b kernel.Queries) int { return b.Pos - a.Pos })
}

// agreeChunks gives every rank as many chunks as the one that has most, since
// all of them take part in the exchange that each chunk of a layer makes.
func (p *PassOf[Num]) agreeChunks() error {
	mine, theirs := []int64{int64(len(p.chunks))}, make([]int64, p.o.Peers.Size())
	send, recv := p.messages()
	for r := range theirs {
		send[r], recv[r] = bytesOf(mine), bytesOf(theirs[r:r+1])
	}
	if err := p.o.Peers.AllToAllV(send, recv); err != nil {
		return fmt.Errorf("moe: chunks: %w", err)
	}
	most := slices.Max(theirs)
	if most > maxBatchTokens/pageAlign {
		return fmt.Errorf("moe: a rank announces %d chunks, at most %d", most, maxBatchTokens/pageAlign)
	}
	for int64(len(p.chunks)) < most {
		p.nextChunk()
	}
	return nil
}
