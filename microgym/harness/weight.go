package harness

import (
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// Prices of bulk work, in steps. One step of the interpreter takes some 20 ns,
// and so does about as much as one of these.
const (
	bytesPerStep    = 64 // of strings that are copied or scanned
	elementsPerStep = 4  // of lists that are copied: 16 bytes each
	oddKeySteps     = 8  // for a key whose hash can be chosen freely
	oddKeysPerStep  = 32 // and one more for so many before it
	compileBytes    = 16 // of source; compiling costs more than copying
	maxIntBits      = 8192
	maxDigits       = maxIntBits * 3 / 10 // decimal digits of such a number
)

// charge takes n steps from what the program may use, before work that one
// instruction does in bulk.
func (m *meter) charge(n int) error {
	if m.over != nil {
		return m.over
	}
	left := uint64(0)
	if m.thread.Steps < m.max {
		left = m.max - m.thread.Steps
	}
	if n < 0 || uint64(n) > left {
		m.thread.Steps = m.max
		m.stop(fmt.Sprintf("step limit of %d reached", m.max))
		return m.over
	}
	m.thread.Steps += uint64(n)
	return nil
}

// left is how many steps are left, as a bound for weighing.
func (m *meter) left() int {
	if m.thread.Steps >= m.max {
		return 0
	}
	return int(min(m.max-m.thread.Steps, 1<<40))
}

// chargeWeight charges the whole of a value, times n.
func (m *meter) chargeWeight(v starlark.Value, n int) error {
	limit := m.left()
	w := weigh(v, limit/max(n, 1)+1)
	if w > limit || n > 0 && w > limit/n {
		return m.charge(-1)
	}
	return m.charge(w * n)
}

// weigh is about the work to print, compare or hash the whole of v, shared
// parts counted each time they occur. It stops counting above limit.
func weigh(v starlark.Value, limit int) int {
	w := weigher{limit: limit}
	w.add(v)
	return w.sum
}

type weigher struct {
	sum, limit int
	path       []starlark.Value // containers that hold the one being weighed
}

func (w *weigher) add(v starlark.Value) {
	w.sum++
	if w.sum > w.limit {
		return
	}
	switch v := v.(type) {
	case starlark.String:
		w.sum += len(v) / (bytesPerStep / 4) // a byte may be printed as \xNN
	case starlark.Bytes:
		w.sum += len(v) / (bytesPerStep / 4)
	case starlark.Int:
		w.sum += size(v)
	case starlark.Tuple:
		for _, e := range v {
			if w.add(e); w.sum > w.limit {
				return
			}
		}
	case *starlark.List:
		if !w.enter(v) {
			return
		}
		for i := range v.Len() {
			if w.add(v.Index(i)); w.sum > w.limit {
				return
			}
		}
		w.leave()
	case *starlark.Dict:
		if !w.enter(v) {
			return
		}
		for k, e := range v.Entries() {
			w.add(k)
			if w.add(e); w.sum > w.limit {
				return
			}
		}
		w.leave()
	case *starlark.Set:
		for e := range v.Elements() {
			if w.add(e); w.sum > w.limit {
				return
			}
		}
	case *starlarkstruct.Struct:
		for _, name := range v.AttrNames() {
			e, _ := v.Attr(name)
			if w.add(e); w.sum > w.limit {
				return
			}
		}
	}
}

// enter goes into a container, unless it is inside itself. Looking that up
// costs what it costs the printer.
func (w *weigher) enter(v starlark.Value) bool {
	for _, outer := range w.path {
		if outer == v {
			return false
		}
	}
	w.sum += len(w.path)
	w.path = append(w.path, v)
	return w.sum <= w.limit
}

func (w *weigher) leave() { w.path = w.path[:len(w.path)-1] }

// size is the work to pass over v once: bytes of text, elements of a sequence.
// What cannot be iterated weighs nothing.
func size(v starlark.Value) int {
	switch v := v.(type) {
	case starlark.String:
		return len(v) / bytesPerStep
	case starlark.Bytes:
		return len(v) / bytesPerStep
	case starlark.Int:
		if _, small := v.Int64(); small {
			return 0
		}
		return v.BigInt().BitLen() / 512
	case starlark.Sequence:
		return v.Len()
	case starlark.Indexable: // the elements of a string
		return v.Len()
	case starlark.Iterable: // the code points of a string
		n := 0
		for range starlark.Elements(v) {
			n++
		}
		return n
	}
	return 0
}

// keyCost is the work to look a key up. Strings are hashed with a seed; other
// hashes can be chosen so that all keys collide, and each look-up then passes
// those before it: the price grows likewise.
func (m *meter) keyCost(k starlark.Value) int {
	switch k := k.(type) {
	case starlark.String:
		return len(k) / bytesPerStep
	case starlark.Bytes:
		return len(k) / bytesPerStep
	case starlark.NoneType, starlark.Bool:
		return 0
	case starlark.Int:
		if n, ok := k.Int64(); ok && n == int64(int32(n)) {
			return 0
		}
	}
	m.oddKeys++
	return oddKeySteps + m.oddKeys/oddKeysPerStep + weigh(k, m.left())
}

// chargeKeys charges the hashing of all elements of v.
func (m *meter) chargeKeys(v starlark.Value) error {
	it, ok := v.(starlark.Iterable)
	if !ok {
		return nil
	}
	if err := m.charge(size(v)); err != nil { // a range may be endless: before the walk
		return err
	}
	sum, limit := 0, m.left()
	for k := range starlark.Elements(it) {
		if sum += m.keyCost(k); sum > limit {
			return m.charge(-1)
		}
	}
	return m.charge(sum)
}

// compareCost is the work to compare x and y: that of the lighter one.
func compareCost(x, y starlark.Value, limit int) int {
	switch x.(type) {
	case starlark.NoneType, starlark.Bool, starlark.Int, starlark.Float:
		return 0
	}
	a := weigh(x, limit)
	return min(a, weigh(y, a))
}
