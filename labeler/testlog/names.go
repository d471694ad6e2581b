package testlog

import (
	"hash/maphash"
	"strings"
	"sync"
)

// shelf keeps names, many in one string: a name costs its bytes and no allocation
// of its own. What one log leaves of a chunk the next one fills.
type shelf struct{ chunk strings.Builder }

var shelves = sync.Pool{New: func() any { return &shelf{} }}

// chunkBytes is the size of a shelf's chunks. A name that is kept keeps all of its
// chunk.
const chunkBytes = 16 << 10

func (s *shelf) keep(name []byte) string {
	if s.chunk.Cap()-s.chunk.Len() < len(name) {
		s.chunk.Reset()
		s.chunk.Grow(max(chunkBytes, len(name)))
	}
	s.chunk.Write(name)
	all := s.chunk.String()
	return all[len(all)-len(name):]
}

// nameTable finds records by their names, which it does not keep: a slot is one
// more than the index of a record, 0 where it is free.
type nameTable struct {
	slots []int32
	used  int
}

// nameSeed is one for all tables, so that the hash of a name is made once.
var nameSeed = maphash.MakeSeed()

// find returns the index of the record of a name, given its hash and a test for
// it, -1 where there is none.
func (t *nameTable) find(records []Record, hash uint64, is func(known string) bool) int32 {
	if t.used == 0 {
		return -1
	}
	for i := t.first(hash); ; i = (i + 1) & (len(t.slots) - 1) {
		if at := t.slots[i] - 1; at < 0 || is(records[at].Name) {
			return at
		}
	}
}

// add puts in the record at an index, whose name is new.
func (t *nameTable) add(records []Record, at int32) {
	if 2*(t.used+1) > len(t.slots) {
		old := t.slots
		t.slots = make([]int32, max(512, 4*len(old)))
		for _, known := range old {
			if known > 0 {
				t.put(records, known-1)
			}
		}
	}
	t.put(records, at)
	t.used++
}

func (t *nameTable) put(records []Record, at int32) {
	i := t.first(maphash.String(nameSeed, records[at].Name))
	for t.slots[i] > 0 {
		i = (i + 1) & (len(t.slots) - 1)
	}
	t.slots[i] = at + 1
}

func (t *nameTable) first(hash uint64) int { return int(hash) & (len(t.slots) - 1) }

func (t *nameTable) clear() {
	clear(t.slots)
	t.used = 0
}

// Find returns the index of the record of a name, -1 where there is none. Only a
// [Reader] keeps one record for each name, and only its logs can be asked.
func (l *Log) Find(name string) int32 {
	return l.byName.find(l.Records, maphash.String(nameSeed, name), func(known string) bool { return known == name })
}

// find is Find by the bytes of a name.
func (l *Log) find(name []byte) int32 {
	return l.byName.find(l.Records, maphash.Bytes(nameSeed, name), func(known string) bool { return known == string(name) })
}
