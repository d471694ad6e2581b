package blake3lanes

import (
	"encoding/binary"
	"math/bits"
	"sync"
)

const (
	// unitChunks are hashed at once: a complete subtree, few enough to stay in a
	// core's cache and enough for its parents to fill the lanes too.
	unitChunks = 128
	unitBytes  = unitChunks * chunkBytes
	// maxLevels of complete subtrees stand side by side in 2^64 bytes.
	maxLevels = 54
)

// A tree is a message being hashed. Subtrees are joined as soon as both halves
// are there, except that the halves of the last unit wait: if nothing follows,
// joining them may be what gives the sum.
type tree struct {
	spine
	rest []byte // less than a unit, in text

	text   [unitBytes]byte
	values [unitChunks + 2*lanes]value // room for what idle lanes read
}

// A spine is what is known of the units before the rest.
type spine struct {
	done    uint64 // units that are whole
	halves  [2]value
	waiting bool // the halves of the last unit do
	stack   [maxLevels]value
	depth   int
}

// trees keeps memory for messages that are hashed at once.
var trees = sync.Pool{New: func() any { return new(tree) }}

func (t *tree) reset() { t.done, t.waiting, t.depth, t.rest = 0, false, 0, t.text[:0] }

func (t *tree) write(b []byte) {
	if len(t.rest) > 0 {
		n := copy(t.text[len(t.rest):], b)
		t.rest, b = t.text[:len(t.rest)+n], b[n:]
		if len(t.rest) == unitBytes {
			t.unit(t.text[:])
			t.rest = t.text[:0]
		}
	}
	for len(b) >= unitBytes {
		t.unit(b[:unitBytes])
		b = b[unitBytes:]
	}
	t.rest = t.text[:len(t.rest)+copy(t.text[len(t.rest):], b)]
}

// unit adds a complete unit.
func (t *tree) unit(text []byte) {
	t.settle()
	t.reduce(text, t.done*unitChunks)
	t.halves = [2]value{t.values[0], t.values[1]}
	t.waiting = true
	t.done++
}

// settle joins the halves that wait, and what that completes.
func (t *tree) settle() {
	if !t.waiting {
		return
	}
	t.waiting = false
	v := join(&t.halves[0], &t.halves[1], 0)
	for range bits.TrailingZeros64(t.done) {
		t.depth--
		v = join(&t.stack[t.depth], &v, 0)
	}
	t.stack[t.depth] = v
	t.depth++
}

func (t *tree) sum() [Size]byte {
	defer func(s spine) { t.spine = s }(t.spine) // more may follow
	var v value
	switch {
	case len(t.rest) == 0 && t.waiting:
		v = join(&t.halves[0], &t.halves[1], t.onlyRoot())
	default:
		t.settle()
		v = t.end()
	}
	for t.depth > 0 {
		t.depth--
		v = join(&t.stack[t.depth], &v, t.onlyRoot())
	}
	var out [Size]byte
	for i, w := range v {
		binary.LittleEndian.PutUint32(out[4*i:], w)
	}
	return out
}

// onlyRoot is the flag of what is joined last.
func (t *tree) onlyRoot() uint32 {
	if t.depth == 0 {
		return root
	}
	return 0
}

// end is the value of the rest.
func (t *tree) end() value {
	if t.depth == 0 && len(t.rest) <= chunkBytes {
		return chunk(t.rest, 0, root)
	}
	if t.reduce(t.rest, t.done*unitChunks) == 1 {
		return t.values[0]
	}
	return join(&t.values[0], &t.values[1], t.onlyRoot())
}

// reduce hashes at most a unit, whose first chunk has the given number, down to
// two values or one, and returns how many. A text shorter than a unit lies in
// t.text: lanes read behind its end.
func (t *tree) reduce(text []byte, counter uint64) int {
	whole := len(text) / chunkBytes
	for i := 0; i < whole; i += lanes {
		hashChunks(t.values[i:], text[i*chunkBytes:], counter+uint64(i))
	}
	n := whole
	if tail := text[whole*chunkBytes:]; len(tail) > 0 || whole == 0 {
		t.values[n] = chunk(tail, counter+uint64(whole), 0)
		n++
	}
	for n > 2 {
		pairs, odd := n/2, t.values[n-1] // lanes without a pair write too
		for i := 0; i < pairs; i += lanes {
			hashParents(t.values[i:], t.values[2*i:])
		}
		if n%2 == 1 {
			t.values[pairs] = odd
			pairs++
		}
		n = pairs
	}
	return n
}
