package moe

// Prefixes finds what sequences start with in common, in whole runs of 32
// tokens: what a scoring pass over all of them computes once. The zero value
// knows no sequence. Its memory grows with the tokens that are not shared, about
// five bytes for each byte of an id.
type Prefixes struct {
	next  map[prefixEdge]int32 // the node that an edge leads to
	owner []int32              // of each node: the first sequence that has it
	n     int32                // sequences
}

// prefixEdge leaves a node by a run of tokens; node 0 is the start.
type prefixEdge struct {
	node int32
	run  [pageAlign]int32
}

// Reset forgets all sequences.
func (t *Prefixes) Reset() {
	clear(t.next)
	t.owner, t.n = t.owner[:0], 0
}

// Add takes the next sequence and returns how many of its first tokens an
// earlier one has too, and which one computes the last of them, counted from 0.
// It is never all tokens: the last position of a sequence is its own.
func (t *Prefixes) Add(ids []int32) (shared, with int) {
	if t.n == 0 {
		t.owner = append(t.owner[:0], 0)
	}
	if t.next == nil {
		t.next = map[prefixEdge]int32{}
	}
	e, following := prefixEdge{}, true
	for at := 0; at+pageAlign <= len(ids); at += pageAlign {
		copy(e.run[:], ids[at:])
		node, ok := t.next[e]
		if following = following && ok && at+pageAlign < len(ids); following {
			shared, with = at+pageAlign, int(t.owner[node])
		}
		if !ok {
			node = int32(len(t.owner))
			t.next[e], t.owner = node, append(t.owner, t.n)
		}
		e.node = node
	}
	t.n++
	return shared, with
}
