package tokenizer

import "math/bits"

// A mergeTable finds the merge of two neighbouring tokens: open addressing
// over packed pairs, half full at most, so that a lookup is one or two loads.
type mergeTable struct {
	slots []mergeSlot
	shift uint
}

type mergeSlot struct {
	pair uint64 // left<<32 | right, plus one so that 0 is free
	rank uint32
	id   int32
}

const noRank = ^uint32(0)

func newMergeTable(n int) mergeTable {
	size := max(16, 1<<bits.Len(uint(2*n)))
	return mergeTable{slots: make([]mergeSlot, size), shift: uint(64 - bits.TrailingZeros(uint(size)))}
}

func packPair(l, r int32) uint64 { return (uint64(uint32(l))<<32 | uint64(uint32(r))) + 1 }

func (t *mergeTable) slot(pair uint64) int { return int(pair * 0x9e3779b97f4a7c15 >> t.shift) }

// put adds a merge; of two with one pair the later wins.
func (t *mergeTable) put(l, r int32, rank uint32, id int32) {
	pair := packPair(l, r)
	for i := t.slot(pair); ; i = (i + 1) & (len(t.slots) - 1) {
		if p := t.slots[i].pair; p == 0 || p == pair {
			t.slots[i] = mergeSlot{pair, rank, id}
			return
		}
	}
}

// get returns the rank and the result of merging l and r, noRank if they do
// not merge.
func (t *mergeTable) get(l, r int32) (rank uint32, id int32) {
	pair := packPair(l, r)
	for i := t.slot(pair); ; i = (i + 1) & (len(t.slots) - 1) {
		switch s := &t.slots[i]; s.pair {
		case pair:
			return s.rank, s.id
		case 0:
			return noRank, 0
		}
	}
}

// shortWord is the number of bytes up to which scanning for the next merge is
// faster than keeping a heap.
const shortWord = 48

// mergeShort merges sym, lowest rank first and leftmost among equals, by
// scanning the ranks of all neighbours after each merge.
func (e *Encoder) mergeShort(sym []int32) []int32 {
	var ranks [shortWord]uint32
	var results [shortWord]int32
	t := &e.t.merges
	n := len(sym)
	for i := 0; i+1 < n; i++ {
		ranks[i], results[i] = t.get(sym[i], sym[i+1])
	}
	for n > 1 {
		best, at := noRank, -1
		for i, r := range ranks[:n-1] {
			if r < best {
				best, at = r, i
			}
		}
		if at < 0 {
			break
		}
		sym[at] = results[at]
		copy(sym[at+1:n-1], sym[at+2:n])
		copy(ranks[at:n-1], ranks[at+1:n-1])
		copy(results[at:n-1], results[at+1:n-1])
		n--
		if at > 0 {
			ranks[at-1], results[at-1] = t.get(sym[at-1], sym[at])
		}
		if at+1 < n {
			ranks[at], results[at] = t.get(sym[at], sym[at+1])
		}
	}
	return sym[:n]
}

// A link is one token of a long word while it is being merged.
type link struct {
	prev, next int32  // -1 at the ends
	id         int32  // of the token
	rank       uint32 // of merging it with the next; noRank if none or gone
}

// mergeLong does what mergeShort does in O(n log n): a linked list, and a heap
// of rank<<32|position. A heap entry is stale unless the rank stored at its
// position is still the same; ranks name pairs, so nothing else needs checking.
func (e *Encoder) mergeLong(dst []int32, sym []int32) []int32 {
	t := &e.t.merges
	links := make([]link, len(sym))
	h := make(minHeap, 0, len(sym))
	for i, id := range sym {
		links[i] = link{int32(i - 1), int32(i + 1), id, noRank}
		if i+1 == len(sym) {
			links[i].next = -1
		} else if rank, _ := t.get(id, sym[i+1]); rank != noRank {
			links[i].rank = rank
			h = append(h, uint64(rank)<<32|uint64(i))
		}
	}
	h.order()
	rerank := func(i int32) {
		l := &links[i]
		l.rank = noRank
		if l.next < 0 {
			return
		}
		if rank, _ := t.get(l.id, links[l.next].id); rank != noRank {
			l.rank = rank
			h.push(uint64(rank)<<32 | uint64(i))
		}
	}
	for len(h) > 0 {
		top := h.pop()
		i := int32(uint32(top))
		l := &links[i]
		if l.rank != uint32(top>>32) {
			continue
		}
		gone := &links[l.next]
		_, l.id = t.get(l.id, gone.id)
		l.next = gone.next
		gone.rank = noRank
		if l.next >= 0 {
			links[l.next].prev = i
		}
		rerank(i)
		if l.prev >= 0 {
			rerank(l.prev)
		}
	}
	for i := int32(0); i >= 0; i = links[i].next {
		dst = append(dst, links[i].id)
	}
	return dst
}

// A minHeap is a binary heap with its smallest element first.
type minHeap []uint64

// order makes a heap of elements in any order.
func (h minHeap) order() {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}

func (h *minHeap) push(x uint64) {
	s := append(*h, x)
	i := len(s) - 1
	for i > 0 {
		p := (i - 1) / 2
		if s[p] <= x {
			break
		}
		s[i] = s[p]
		i = p
	}
	s[i] = x
	*h = s
}

func (h *minHeap) pop() uint64 {
	s := *h
	top := s[0]
	last := len(s) - 1
	s[0] = s[last]
	*h = s[:last]
	if last > 1 {
		h.down(0)
	}
	return top
}

func (h minHeap) down(i int) {
	x := h[i]
	for {
		c := 2*i + 1
		if c >= len(h) {
			break
		}
		if c+1 < len(h) && h[c+1] < h[c] {
			c++
		}
		if h[c] >= x {
			break
		}
		h[i] = h[c]
		i = c
	}
	h[i] = x
}
