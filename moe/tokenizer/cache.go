package tokenizer

const (
	maxCachedWord = 32 // bytes; longer words are rare and seldom repeat
	maxCachedIDs  = 6  // of one word; a word with more is merged each time
	cacheSetBits  = 14 // sets times two ways times 64 bytes = 2 MB, a core's share of most L2 caches
)

// A wordCache remembers the ids of words. Each set has two places; the one
// that was not used last is given to a new word, so the size never changes and
// hostile text can at most make the cache useless.
type wordCache struct {
	sets [][2]cacheEntry
}

// A cacheEntry is one cache line: the word in up to 32 bytes, zero padded,
// its length and its ids. A zero length is a free place.
type cacheEntry struct {
	key [4]uint64
	ids [maxCachedIDs]int32
	len uint8
	n   uint8
	hot bool // used after its neighbour
}

func newWordCache() wordCache { return wordCache{sets: make([][2]cacheEntry, 1<<cacheSetBits)} }

// find returns the entry of s[:n], or the place to put it.
func (c *wordCache) find(s string, n int) (*cacheEntry, bool) {
	key := wordKey(s, n)
	h := (key[0]^key[2]*0xff51afd7ed558ccd^key[3])*0x9e3779b97f4a7c15 ^ (key[1]+uint64(n))*0xc2b2ae3d27d4eb4f
	h ^= h >> 32
	set := &c.sets[h*0x9e3779b97f4a7c15>>(64-cacheSetBits)]
	for i := range set {
		if e := &set[i]; int(e.len) == n && e.key == key {
			e.hot, set[1-i].hot = true, false
			return e, true
		}
	}
	victim := 0
	if set[0].hot {
		victim = 1
	}
	e := &set[victim]
	e.len = 0
	e.hot, set[1-victim].hot = true, false
	e.key = key
	return e, false
}

// set fills an entry that find gave for w; it stays free when the ids are too
// many.
func (e *cacheEntry) set(w string, ids []int32) {
	if len(ids) > maxCachedIDs {
		return
	}
	e.len, e.n = uint8(len(w)), uint8(copy(e.ids[:], ids))
}

// wordKey packs s[:n], n at most 32, into words of eight bytes, zero padded.
func wordKey(s string, n int) (key [4]uint64) {
	if n <= 8 {
		key[0] = load(s, n)
		return key
	}
	i := 0
	for ; n > 8; n -= 8 {
		key[i] = load(s[8*i:], 8)
		i++
	}
	key[i] = load(s[8*i:], n)
	return key
}

// load reads s[:n], n in 1 to 8.
func load(s string, n int) uint64 {
	if len(s) >= 8 {
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		return w & (^uint64(0) >> uint(64-8*n))
	}
	var w uint64
	for i := range n {
		w |= uint64(s[i]) << (8 * i)
	}
	return w
}
