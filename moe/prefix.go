package moe

// prefixes finds what the sequences of a batch start with in common, in whole
// runs of pageAlign tokens. It is a tree whose edges are such runs.
type prefixes struct {
	next  map[prefixEdge]int32 // the node that an edge leads to
	owner []int32              // of each node: the first sequence that has it
}

// prefixEdge leaves a node by a run of tokens; node 0 is the start.
type prefixEdge struct {
	node int32
	run  [pageAlign]int32
}

// reset forgets all sequences.
func (t *prefixes) reset() {
	if t.next == nil {
		t.next = map[prefixEdge]int32{}
	}
	clear(t.next)
	t.owner = append(t.owner[:0], -1)
}

// add puts sequence i into the tree and returns how many of its first tokens
// an earlier sequence has too, and which one computes the last of them. It is
// never all tokens: the last position of a sequence is its own.
func (t *prefixes) add(i int, ids []int32) (shared, with int) {
	e, following := prefixEdge{}, true
	for at := 0; at+pageAlign <= len(ids); at += pageAlign {
		copy(e.run[:], ids[at:])
		node, ok := t.next[e]
		if following = following && ok && at+pageAlign < len(ids); following {
			shared, with = at+pageAlign, int(t.owner[node])
		}
		if !ok {
			node = int32(len(t.owner))
			t.next[e], t.owner = node, append(t.owner, int32(i))
		}
		e.node = node
	}
	return shared, with
}
