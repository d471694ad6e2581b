package bystander

import (
	"bytes"
	"encoding/json"
)

// A reader steps through JSON that may be cut off anywhere. What it steps over is
// searched for quotes and brackets alone; where the bytes are no JSON it ends.
type reader struct {
	b  []byte
	at int
}

// peek returns the next byte that is no white space, 0 at the end.
func (r *reader) peek() byte {
	for ; r.at < len(r.b); r.at++ {
		switch c := r.b[r.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// take steps over one byte if it is the next.
func (r *reader) take(c byte) bool {
	if r.peek() != c || r.at == len(r.b) {
		return false
	}
	r.at++
	return true
}

// outline reads keys until the object ends or the bytes do.
func (r *reader) outline() *outline {
	o := &outline{}
	for name := range r.keys {
		if o.keys = append(o.keys, name); len(o.keys) == maxKeys {
			break
		}
		switch r.peek() {
		case '[':
			o.lists = append(o.lists, name)
		case '{':
			if o.below == nil {
				o.table, o.below = len(o.keys) == 1, r.below()
			}
		}
	}
	return o
}

// below reads the keys of an object that is a value.
func (r *reader) below() (keys []string) {
	r.at++
	for name := range r.keys {
		if len(keys) < maxKeys {
			keys = append(keys, name)
		}
	}
	return keys
}

// keys yields the keys of the object that has been opened and steps over what the
// caller leaves of their values.
func (r *reader) keys(yield func(string) bool) {
	for !r.take('}') {
		name, ok := r.text()
		if !ok || !r.take(':') || r.peek() == 0 {
			r.end()
			return
		}
		start := r.at
		if !yield(name) {
			return
		}
		if r.at == start {
			r.skip()
		}
		if !r.take(',') && r.peek() != '}' {
			r.end()
			return
		}
	}
}

// end gives up.
func (r *reader) end() { r.at = len(r.b) }

// skip steps over a value.
func (r *reader) skip() {
	switch r.peek() {
	case '"':
		r.quoted()
	case '{', '[':
		r.nested()
	default:
		if n := bytes.IndexAny(r.b[r.at:], ",]} \t\r\n"); n > 0 {
			r.at += n
		} else {
			r.end()
		}
	}
}

// nested steps over a list or an object.
func (r *reader) nested() {
	for depth := 0; r.at < len(r.b); {
		switch r.b[r.at] {
		case '"':
			r.quoted()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if r.at++; depth == 0 {
			return
		}
	}
}

// text reads a string.
func (r *reader) text() (s string, ok bool) {
	if r.peek() != '"' {
		return "", false
	}
	raw := r.quoted()
	switch {
	case raw == nil:
		return "", false
	case bytes.IndexByte(raw, '\\') < 0:
		return string(raw[1 : len(raw)-1]), true
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// quoted steps over a string and returns it with its quotes, nil if it has no end.
func (r *reader) quoted() []byte {
	start := r.at
	for at := start + 1; ; at++ {
		n := bytes.IndexByte(r.b[at:], '"')
		if n < 0 {
			r.end()
			return nil
		}
		at += n
		escapes := 0
		for r.b[at-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			r.at = at + 1
			return r.b[start:r.at]
		}
	}
}
