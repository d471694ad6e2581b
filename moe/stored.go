package moe

import (
	"errors"
	"fmt"
	"sync"

	"github.com/swerm/swerm/moe/safetensors"
)

// A tensor's numbers are its Data, or they stay in the file of a checkpoint that
// is open: decoded a few rows at a time by whoever packs them into panels, so that
// a page of the file is read when a product wants it, and panels are the same as
// those of a copy. Vectors are copied always: they are small, and every row of
// tokens reads them.

// read copies numbers of the tensor from number at on. Where they are away it is
// to be called in [PassOf.reading] or its like.
func (p *ParamOf[Num]) read(dst []Num, at int) {
	switch {
	case !p.away:
		copy(dst, p.Data[at:at+len(dst)])
	case p.narrow != nil:
		p.widen(dst, at)
	case p.view != nil:
		copy(dst, p.view[at:at+len(dst)])
	default:
		safetensors.Read(p.stored, dst, at)
	}
}

// maxJoined is the most tensors that are one matrix to the products: q, k and v.
const maxJoined = 3

// matrix is what the products see as one matrix: the rows of a tensor, or of
// several, one below the other.
type matrix[Num Float] struct {
	data []Num // all rows, where they lie back to back and can be read in place

	parts [maxJoined]*ParamOf[Num] // without data: who has them
	first int                      // row of the first part at which the matrix begins
	away  bool                     // some are in a file
}

// joined is the matrix of the rows of some tensors.
func (m *ModelOf[Num]) joined(parts ...*ParamOf[Num]) (w matrix[Num]) {
	copy(w.parts[:], parts)
	together, end := true, parts[0].home
	for _, p := range parts {
		w.away = w.away || p.away
		together = together && p.home == end
		end = p.home + p.len()
	}
	switch {
	case !w.away && together:
		w.data = m.flat[parts[0].home:end]
	case len(parts) == 1:
		w.data = parts[0].view
	}
	return w
}

// from is the matrix without its first rows, of a matrix of one tensor.
func (w matrix[Num]) from(row int) matrix[Num] {
	if w.data != nil {
		w.data = w.data[row*w.parts[0].Shape[1]:]
	}
	w.first += row
	return w
}

// rows returns n rows from row on: in place where one tensor has them so, else
// copied into the scratch memory.
func (w *matrix[Num]) rows(row, n int, scratch *[]Num) []Num {
	row += w.first
	width := w.parts[0].Shape[1]
	var all []Num
	for _, p := range w.parts {
		if n == 0 || p == nil {
			break
		}
		have := p.Shape[0]
		if row >= have {
			row -= have
			continue
		}
		got := min(n, have-row)
		if all == nil {
			if whole := p.inPlace(); got == n && whole != nil {
				return whole[row*width : (row+n)*width]
			}
			all = grow(scratch, n*width)[:0]
		}
		part := all[len(all) : len(all)+got*width]
		p.read(part, row*width)
		all = all[:len(all)+got*width]
		row, n = 0, n-got
	}
	return all
}

// inPlace returns all numbers where they can be read where they lie.
func (p *ParamOf[Num]) inPlace() []Num {
	if p.away {
		return p.view
	}
	return p.Data
}

// inPlace reports whether all rows can be read where they lie.
func (w *matrix[Num]) inPlace() bool {
	for _, p := range w.parts {
		if p != nil && p.inPlace() == nil {
			return false
		}
	}
	return true
}

// columns copies n columns of k rows, from column at on, into the scratch memory.
func (w *matrix[Num]) columns(at, n, k int, scratch *[]Num) []Num {
	out := grow(scratch, k*n)
	to, row, left := 0, w.first, k
	for _, p := range w.parts {
		if p == nil {
			break
		}
		width := p.Shape[1]
		for ; row < p.Shape[0] && left > 0; row++ {
			p.read(out[to:to+n], row*width+at)
			to, left = to+n, left-1
		}
		row = 0
	}
	return out
}

// packPanels is how many panels one unit of packing makes.
const packPanels = 4

// pack makes the panels of some columns of a job.
func (p *PassOf[Num]) pack(w *worker[Num], j *packJob[Num], at, cols int) {
	p.reading(j.src.away, func() { j.pack(p.products(j.whole), at, cols, &w.rows) })
}

// packAll makes all panels of a job on one goroutine.
func (p *PassOf[Num]) packAll(w *worker[Num], j packJob[Num]) { p.pack(w, &j, 0, j.n) }

// pack makes panels from column at on. Numbers that cannot be read in place go
// through the scratch memory: one panel's at a time where the source's rows are
// columns here, and a few panels' where columns are, which lie apart in a file.
func (j *packJob[Num]) pack(f kernels[Num], at, cols int, scratch *[]Num) {
	dst := j.dst[f.PanelLen(j.k, at):]
	switch step := f.PanelWidth(); {
	case j.src.data != nil && j.transpose:
		f.PackT(dst, j.src.data[at*j.k:], j.k, j.k, cols)
	case j.src.data != nil:
		f.Pack(dst, j.src.data[at:], j.n, j.k, cols)
	case j.transpose:
		for i := 0; i < cols; i += step {
			n := min(step, cols-i)
			f.PackT(dst[f.PanelLen(j.k, i):], j.src.rows(at+i, n, scratch), j.k, j.k, n)
		}
	default:
		for i := 0; i < cols; i += packPanels * step {
			n := min(packPanels*step, cols-i)
			f.Pack(dst[f.PanelLen(j.k, i):], j.src.columns(at+i, n, j.k, scratch), n, j.k, n)
		}
	}
}

// rowScratch is how many numbers one goroutine decodes weights into that are read
// from files, where none can be read in place: a panel's rows forward, the columns
// of packPanels panels backward. The head's product takes so many entries of the
// vocabulary at a time, 0 where there is none.
func (m *ModelOf[Num]) rowScratch(f kernels[Num], entries int, backward bool) int {
	forward, back := 0, 0
	count := func(parts ...*ParamOf[Num]) {
		away, rows := false, 0
		for _, p := range parts {
			away, rows = away || p.away, rows+p.Shape[0]
		}
		if away {
			forward, back = max(forward, parts[0].Shape[1]), max(back, rows)
		}
	}
	for i := range m.layers {
		l := &m.layers[i]
		count(l.q, l.k, l.v)
		count(l.o)
		if l.router != nil {
			count(l.router)
		}
		for _, e := range l.experts {
			count(e.gate, e.up)
			count(e.down)
		}
	}
	if m.head.away && entries > 0 {
		forward, back = max(forward, m.head.Shape[1]), max(back, min(entries, m.head.Shape[0]))
	}
	if !backward {
		back = 0
	}
	return f.PanelWidth() * max(forward, packPanels*back)
}

// ErrChanged is wrapped by errors of passes over a model whose files changed, or
// could not be read any more, while it had them open.
var ErrChanged = safetensors.ErrChanged

// ErrClosed is returned by a pass over a model that was closed.
var ErrClosed = errors.New("moe: the model was closed")

// Close gives up the files of an opened model, which no pass may be reading. It
// does nothing to a model that lies in memory.
func (m *ModelOf[Num]) Close() error {
	if m.files == nil || m.closed {
		return nil
	}
	m.closed = true
	if err := m.files.Close(); err != nil {
		return fmt.Errorf("moe: %w", err)
	}
	return nil
}

// reading runs do, which reads weights. Where they are in files, and one of them
// changes or fails, the pass goes on with whatever numbers there are, so that ranks
// go on together, and [PassOf.sound] says so in the end.
func (p *PassOf[Num]) reading(away bool, do func()) {
	if !away {
		do()
		return
	}
	if err := p.m.guard(do); err != nil {
		p.lost.set(err)
	}
}

// guard runs do, which reads weights that may be in files.
func (m *ModelOf[Num]) guard(do func()) error {
	if m.files == nil {
		do()
		return nil
	}
	return m.files.Guard(do)
}

// sound returns the error of files that a pass has read while they changed.
func (p *PassOf[Num]) sound() error {
	if p.m.files == nil {
		return nil
	}
	err := p.lost.get()
	if err == nil {
		err = p.m.files.Unchanged()
	}
	if err != nil {
		return fmt.Errorf("moe: %w", err)
	}
	return nil
}

// firstError keeps the first error that any goroutine sets.
type firstError struct {
	mu  sync.Mutex
	err error
}

func (f *firstError) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *firstError) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *firstError) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = nil
}

// eachBlock calls do with the numbers of a tensor, a block at a time, and stops
// where it returns false. It returns the error of a file that changed.
func (m *ModelOf[Num]) eachBlock(p *ParamOf[Num], do func(block []Num) bool) error {
	if !p.away {
		do(p.Data)
		return nil
	}
	scratch := make([]Num, min(p.len(), adamChunk))
	for at, n := 0, p.len(); at < n; at += len(scratch) {
		block := scratch[:min(len(scratch), n-at)]
		if err := m.guard(func() { p.read(block, at) }); err != nil {
			return err
		}
		if !do(block) {
			return nil
		}
	}
	return nil
}
