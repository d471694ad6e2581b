package trainer

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/swerm/swerm/moe/safetensors"
	"github.com/swerm/swerm/trainer/comm"
)

// A part is one file of a checkpoint that this rank writes, with numbers that
// are the training's own.
type part struct {
	path  string // in the checkpoint's directory
	items []safetensors.Item
	dtype safetensors.DType
}

func (p part) write(dir string) error {
	return safetensors.Write(filepath.Join(dir, p.path), p.items, p.dtype)
}

// copies is the memory that checkpoints are copied into while steps go on: one
// checkpoint's, used for all of them.
type copies []part

// take copies the numbers of parts.
func (c *copies) take(parts []part) []part {
	if len(*c) != len(parts) {
		*c = make(copies, len(parts))
	}
	for i, p := range parts {
		to := &(*c)[i]
		to.path, to.dtype = p.path, p.dtype
		if len(to.items) != len(p.items) {
			to.items = make([]safetensors.Item, len(p.items))
		}
		for k, it := range p.items {
			mine := &to.items[k]
			mine.Name, mine.Shape = it.Name, it.Shape
			mine.Data = append(mine.Data[:0], it.Data...)
			mine.Wide = append(mine.Wide[:0], it.Wide...)
			mine.Narrow = append(mine.Narrow[:0], it.Narrow...)
			mine.Bytes = append(mine.Bytes[:0], it.Bytes...)
		}
	}
	return *c
}

// bytesOf is the memory that copies of parts take.
func bytesOf(parts []part) (n int64) {
	for _, p := range parts {
		for _, it := range p.items {
			n += int64(len(comm.Bytes(it.Data)) + len(comm.Bytes(it.Wide)) + 2*len(it.Narrow) + len(it.Bytes))
		}
	}
	return n
}

// A saver makes checkpoints of a run, while steps go on or between two of them.
//
// A checkpoint is begun by all ranks after the same step: the leading rank makes
// its directory under a temporary name, every rank copies what it will write, and
// the steps go on. Each rank then writes on a goroutine that takes part in no
// collective. Once all have, the leading rank commits on such a goroutine: it
// makes the metrics durable up to the step, then the directory, and renames it.
// How far the ranks are is told at the ends of steps, in the sum by which they
// agree on stopping, so that collectives keep one order on all ranks and a
// checkpoint is committed some steps after the one that it holds. A process that
// dies before leaves a directory under a temporary name, which nothing reads, and
// the run goes on from the checkpoint before.
//
// One checkpoint is under way at a time; another waits for it.
type saver struct {
	shelf   shelf
	net     *network
	journal *journal
	keep    int

	copies copies
	flight *flight // nil: none
}

// A flight is a checkpoint under way.
type flight struct {
	step, kept int64
	state      []byte
	temp       string
	prune      bool

	committing bool       // the last phase: the leading rank commits
	job        chan error // of this rank, in this phase; nil: it has none
}

// begin starts a checkpoint of what the network and the state are now. Unless
// it is copied, [saver.settle] has to follow before the weights change. Older
// checkpoints than keep, but for the one of step kept, go when it is committed,
// where prune says so.
func (s *saver) begin(st *State, kept int64, copied, prune bool) error {
	if err := s.settle(); err != nil {
		return err
	}
	if err := s.start(st, kept, copied, prune); err != nil {
		return s.named(st.Step, err)
	}
	return nil
}

func (s *saver) start(st *State, kept int64, copied, prune bool) error {
	f := &flight{step: st.Step, kept: kept, prune: prune, temp: s.shelf.temp(st.Step)}
	state, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err
	}
	f.state = append(state, '\n')
	if s.net.layout.lead() {
		if err := freshDir(f.temp); err != nil {
			return err
		}
	}
	if err := s.net.layout.world.Barrier(); err != nil {
		return err
	}
	parts := s.net.parts()
	if copied {
		parts = s.copies.take(parts)
	}
	s.flight = f
	f.committing = s.net.layout.alone() // there is nobody to wait for
	f.run(func() error {
		for _, p := range parts {
			if err := p.write(f.temp); err != nil {
				return err
			}
		}
		if f.committing {
			return s.commit(f)
		}
		return nil
	})
	return nil
}

// run does a phase's work of this rank on a goroutine.
func (f *flight) run(work func() error) {
	f.job = make(chan error, 1)
	go func() { f.job <- work() }()
}

// busy reports whether this rank still works on the checkpoint under way, and
// the error that its work ended with.
func (s *saver) busy() (bool, error) {
	if s.flight == nil || s.flight.job == nil {
		return false, nil
	}
	select {
	case err := <-s.flight.job:
		s.flight.job = nil
		return false, s.named(s.flight.step, err)
	default:
		return true, nil
	}
}

// advance goes on to the next phase. All ranks call it, after they have agreed
// that none of them is busy.
func (s *saver) advance() {
	f := s.flight
	switch {
	case f == nil:
	case f.committing:
		s.flight = nil
	default:
		f.committing = true
		if s.net.layout.lead() {
			f.run(func() error { return s.commit(f) })
		}
	}
}

// settle waits until the checkpoint under way is committed. It is collective.
func (s *saver) settle() error {
	for s.flight != nil {
		if err := s.wait(); err != nil {
			return err
		}
		if err := s.net.layout.world.Barrier(); err != nil {
			return s.named(s.flight.step, err)
		}
		s.advance()
	}
	return nil
}

// wait ends this rank's work of the phase, without the other ranks.
func (s *saver) wait() error {
	if s.flight == nil || s.flight.job == nil {
		return nil
	}
	err := <-s.flight.job
	s.flight.job = nil
	return s.named(s.flight.step, err)
}

// commit makes the parts a checkpoint. The metrics that it counts on come first.
func (s *saver) commit(f *flight) error {
	if err := s.journal.sync(); err != nil {
		return err
	}
	if err := s.net.finish(f.temp); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(f.temp, stateDir, stateName), f.state); err != nil {
		return err
	}
	if err := syncTree(f.temp); err != nil {
		return err
	}
	if err := s.shelf.accept(f.temp, f.step); err != nil {
		return err
	}
	if !f.prune {
		return nil
	}
	return s.shelf.prune(s.keep, f.kept)
}

func (s *saver) named(step int64, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("checkpoint of step %d: %w", step, err)
}

func freshDir(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Join(dir, stateDir), 0o755)
}
