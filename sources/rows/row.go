package rows

import (
	"errors"
	"fmt"
	"strings"

	"github.com/swerm/swerm/sources/jsonscan"
)

// maxFields bounds the keys of one row, and of an object in it: datasets have
// tens.
const maxFields = 4096

var errFields = fmt.Errorf("more than %d keys in one object", maxFields)

// ErrNoDialogue is returned for a row without a list of messages.
var ErrNoDialogue = errors.New("no list of messages in it")

// A Row remembers where the values of a row stand, so that they are read once
// all keys are known. The zero value is ready.
type Row struct {
	// Patch is the final diff where the dialogue holds it and no key does.
	Patch *string

	// Verdict is what a verifier answers about the dialogue.
	Verdict *string

	fields []field
	index  map[string]int // of fields, where they are many
}

// manyFields is where looking through all of them is slower than an index.
const manyFields = 32

type field struct {
	key  string
	mark int
	kind jsonscan.Kind
	done bool // read by the format itself
}

// Note remembers where the value of a key stands and steps over it.
func (r *Row) Note(s *jsonscan.Scanner, key string) {
	r.add(s, key, false)
	s.Skip()
}

// Done says that a format reads the value of a key itself.
func (r *Row) Done(s *jsonscan.Scanner, key string) { r.add(s, key, true) }

func (r *Row) add(s *jsonscan.Scanner, key string, done bool) {
	switch {
	case r.field(key) != nil:
		s.Fail(jsonscan.ErrDuplicate)
	case len(r.fields) == maxFields:
		s.Fail(errFields)
	default:
		f := field{key: strings.Clone(key), mark: s.Mark(), kind: s.Kind(), done: done}
		r.fields = append(r.fields, f)
		if r.index != nil {
			r.index[f.key] = len(r.fields) - 1
		} else if len(r.fields) == manyFields {
			r.index = make(map[string]int, 2*manyFields)
			for i := range r.fields {
				r.index[r.fields[i].key] = i
			}
		}
	}
}

func (r *Row) field(key string) *field {
	if r.index != nil {
		if i, ok := r.index[key]; ok {
			return &r.fields[i]
		}
		return nil
	}
	for i := range r.fields {
		if r.fields[i].key == key {
			return &r.fields[i]
		}
	}
	return nil
}

// has reports whether the row says anything under a key.
func (r *Row) has(key string) bool {
	f := r.field(key)
	return f != nil && f.kind != jsonscan.Null
}

// Take reads a value that was noted, if it is of a kind, and reports whether it
// was there.
func (r *Row) Take(s *jsonscan.Scanner, key string, kind jsonscan.Kind, read func()) bool {
	f := r.field(key)
	if f == nil || f.done || f.kind != kind {
		return false
	}
	f.done = true
	s.At(f.mark, key, read)
	return true
}
