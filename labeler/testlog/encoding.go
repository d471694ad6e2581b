package testlog

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Encoding is how a log writes the text of a name.
type Encoding uint8

// The ways a name is written.
const (
	Plain Encoding = iota // as it is
	JSON                  // inside a string of JSON
	XML                   // inside an attribute of XML
)

// Decode returns the text that bytes of a log stand for. Bytes that break the
// rules of the encoding stay as they are.
func (e Encoding) Decode(raw []byte) string {
	switch raw = Strip(raw); e {
	case JSON:
		return unquoteJSON(raw)
	case XML:
		return unquoteXML(raw)
	}
	return string(raw)
}

// unquoteJSON decodes the inside of a string.
func unquoteJSON(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw)
	}
	var text string
	if json.Unmarshal(slices.Concat(quote, raw, quote), &text) != nil {
		return string(raw)
	}
	return text
}

var quote = []byte{'"'}

// maxReference is more than the longest reference to a character, `&#x10FFFF;`.
const maxReference = 12

// unquoteXML replaces references to single characters. There are no others: a
// document that declares entities of its own gets them back as they are written,
// so that none can expand.
func unquoteXML(raw []byte) string {
	if bytes.IndexByte(raw, '&') < 0 {
		return string(raw)
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] == '&' {
			within := raw[i+1 : min(len(raw), i+maxReference)]
			if n := bytes.IndexByte(within, ';'); n > 0 {
				if r := reference(string(within[:n])); r > 0 {
					out = utf8.AppendRune(out, r)
					i += n + 1
					continue
				}
			}
		}
		out = append(out, raw[i])
	}
	return string(out)
}

// reference returns the character that `&name;` stands for, 0 if none.
func reference(name string) rune {
	switch name {
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "amp":
		return '&'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	if len(name) < 2 || name[0] != '#' {
		return 0
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return 0
	}
	return rune(n)
}
