package trainer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/moe/kernel"
	"github.com/swerm/swerm/moe/safetensors"
)

// pieceMark stands in the name of a tensor's piece before the place of its
// first number.
const pieceMark = "@"

// momentItems are the moments that this rank holds and, unless it holds a
// slice, writes: numbers, or codes of eight bits and their scales.
func (e *engineOf[Num]) momentItems() (items []safetensors.Item) {
	for _, p := range e.model.Trained() {
		if !e.sliced && !e.model.Owns(p) {
			continue
		}
		add := func(it safetensors.Item, lo, n, whole int) {
			switch {
			case n == 0:
				return
			case n < whole:
				it.Name += pieceMark + strconv.Itoa(lo)
				it.Shape = []int{n}
			}
			items = append(items, it)
		}
		part, first, second := e.opt.Of(p)
		for i, data := range [...][]Num{first, second} {
			add(p.Item(p.Name+momentSuffixes[i], data), part.Lo, len(data), len(p.Grad))
		}
		part, first8, second8, _ := e.opt.Of8(p)
		for i, d := range [...]kernel.Dynamic{first8, second8} {
			name, blocks := p.Name+momentSuffixes[i], kernel.DynamicBlocks(len(p.Grad))
			add(safetensors.Item{Name: name, Shape: p.Shape, Bytes: d.Codes}, part.Lo, len(d.Codes), len(p.Grad))
			add(safetensors.Item{Name: name + scaleSuffix, Shape: []int{blocks}, Data: d.Scales},
				part.Lo/kernel.DynamicBlock, len(d.Scales), blocks)
		}
	}
	return items
}

var momentSuffixes = [...]string{".m", ".v"}

// scaleSuffix stands behind the name of a moment in eight bits for its scales, one for
// 256 codes; a piece of them is counted in scales.
const scaleSuffix = ".scales"

// momentsFile names the file of this rank's moments.
func (e *engineOf[Num]) momentsFile() string {
	rank, of, kind := e.shard().Rank, e.shard().Of, ""
	if e.sliced {
		rank, of, kind = e.world.Rank(), e.world.Size(), "-slice"
	}
	if of <= 1 {
		return momentsPrefix + ".safetensors"
	}
	return fmt.Sprintf("%s%s-%05d-of-%05d.safetensors", momentsPrefix, kind, rank+1, of)
}

// A piece is consecutive numbers of one moment in a file.
type piece struct {
	name string // in the file
	lo   int
	n    int
}

// moments finds tensors by name, in one piece or several, in whichever files
// hold them: the checkpoint may be of another layout.
type moments struct {
	*safetensors.Set
	pieces map[string][]piece
}

func openMoments(dir string) (*moments, error) {
	set, err := openState(dir, momentsPrefix)
	if err != nil {
		return nil, fmt.Errorf("moments: %w", err)
	}
	m := &moments{set, map[string][]piece{}}
	for _, full := range set.Names() {
		name, at, cut := strings.Cut(full, pieceMark)
		lo, err := strconv.Atoi(at)
		t, ok := set.Lookup(full)
		if !ok || cut && (err != nil || lo < 0) {
			set.Close()
			return nil, fmt.Errorf("moments: %s: the name %q", dir, full)
		}
		m.pieces[name] = append(m.pieces[name], piece{full, lo, t.Len()})
	}
	return m, nil
}

// copyWritten is copy into zeros: what stays zero is not written, so that moments
// that nothing ever reached are no memory after a restart either.
func copyWritten[T comparable](to, from []T) int {
	const block = 1 << 14
	n := min(len(to), len(from))
	for at := 0; at < n; at += block {
		if part := from[at:min(at+block, n)]; slices.ContainsFunc(part, func(x T) bool { return x != *new(T) }) {
			copy(to[at:], part)
		}
	}
	return n
}

// loadMoments restores what this rank holds from a checkpoint.
func (e *engineOf[Num]) loadMoments(dir string) error {
	m, err := openMoments(dir)
	if err != nil {
		return err
	}
	defer m.Close()
	for _, p := range e.model.Trained() {
		if err := e.loadMomentsOf(m, p); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	return nil
}

func (e *engineOf[Num]) loadMomentsOf(m *moments, p *moe.ParamOf[Num]) error {
	part, first, second := e.opt.Of(p)
	for i, into := range [...][]Num{first, second} {
		if err := readMoments(m, p.Name+momentSuffixes[i], part.Lo, into, readNumbers[Num]); err != nil {
			return err
		}
	}
	part, first8, second8, _ := e.opt.Of8(p)
	for i, d := range [...]kernel.Dynamic{first8, second8} {
		name := p.Name + momentSuffixes[i]
		if err := readMoments(m, name, part.Lo, d.Codes, (*safetensors.Set).ReadBytes); err != nil {
			return err
		}
		if err := readMoments(m, name+scaleSuffix, part.Lo/kernel.DynamicBlock, d.Scales, (*safetensors.Set).ReadFloat32); err != nil {
			return err
		}
		if i := slices.IndexFunc(d.Scales, func(x float32) bool { return !(x >= 0) }); i >= 0 {
			return fmt.Errorf("moments: scale %d of tensor %q is %v", i, name, d.Scales[i])
		}
	}
	return nil
}

// readMoments fills into, which is zero, with a tensor's numbers from lo on.
func readMoments[T comparable](m *moments, name string, lo int, into []T, read func(f *safetensors.Set, name string, into []T) error) error {
	for at := lo; at < lo+len(into); {
		list := m.pieces[name]
		i := slices.IndexFunc(list, func(p piece) bool { return p.lo <= at && at < p.lo+p.n })
		if i < 0 {
			return fmt.Errorf("moments: number %d of tensor %q is in no file", at, name)
		}
		p := list[i]
		data := make([]T, p.n)
		if err := read(m.Set, p.name, data); err != nil {
			return fmt.Errorf("moments: %w", err)
		}
		at += copyWritten(into[at-lo:], data[at-p.lo:])
	}
	return nil
}
