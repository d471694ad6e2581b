package openhands

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// maxFields bounds the keys of one object of an event.
const maxFields = 256

var errFields = fmt.Errorf("an object of an event with more than %d keys", maxFields)

// A field is a value of an event that can only be understood once all of the
// event has been seen: keys come in any order. It lies in the document.
type field struct {
	key string
	at  int
	raw []byte
}

type fields []field

// take steps over the next value and remembers where it lies.
func (fs *fields) take(s *jsonscan.Scanner, key string) {
	if len(*fs) == maxFields {
		s.Fail(errFields)
		return
	}
	if fs.find(key) != nil {
		s.Fail(jsonscan.ErrDuplicate)
		return
	}
	f := field{key: strings.Clone(key), at: s.Mark()}
	f.raw = s.Raw()
	*fs = append(*fs, f)
}

// takeAll takes the values of an object; anything else under key is a value of
// its own.
func (fs *fields) takeAll(s *jsonscan.Scanner, key string) {
	switch s.Kind() {
	case jsonscan.Object:
		for name := range s.Fields() {
			fs.take(s, name)
		}
	case jsonscan.Null:
	default:
		fs.take(s, key)
	}
}

func (fs fields) find(key string) *field {
	for i := range fs {
		if fs[i].key == key {
			return &fs[i]
		}
	}
	return nil
}

// text reads a string, nil where none stands.
func (fs fields) text(s *jsonscan.Scanner, key string) (text *string) {
	fs.at(s, key, func() { text = chat.OptText(s) })
	return text
}

// each visits the fields, with the scanner at their values.
func (fs fields) each(s *jsonscan.Scanner, visit func(f *field)) {
	for i := range fs {
		s.At(fs[i].at, fs[i].key, func() { visit(&fs[i]) })
	}
}

// at reads one field, if it is there.
func (fs fields) at(s *jsonscan.Scanner, key string, read func()) {
	if f := fs.find(key); f != nil {
		s.At(f.at, key, read)
	}
}

// object writes the named fields that say something as a JSON object.
func (fs fields) object(names []string) string {
	all := map[string]json.RawMessage{}
	for _, f := range fs {
		if slices.Contains(names, f.key) && string(f.raw) != "null" {
			all[f.key] = chat.Canonical(f.raw)
		}
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return "{}" // every value is JSON
	}
	return string(raw)
}
