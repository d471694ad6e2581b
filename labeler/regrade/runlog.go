package regrade

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// ParseRunLog reads the report that a harness printed into its own log,
// run_instance.log, as a literal of Python: `report: {'ID': {…}}`. The last one
// counts. The error wraps ErrNoReport where there is none.
func ParseRunLog(log []byte) (*Report, error) {
	i := bytes.LastIndex(log, []byte("report: {"))
	if i < 0 {
		return nil, fmt.Errorf("no line of the log is a report: %w", ErrNoReport)
	}
	text := log[i+len("report: "):]
	if n := bytes.IndexByte(text, '\n'); n >= 0 {
		text = text[:n]
	}
	doc, err := pythonJSON(bytes.TrimRight(text, "\r "))
	if err != nil {
		return nil, err
	}
	return ParseReport(doc)
}

// pythonJSON writes a literal of Python's dicts, lists, strings, numbers, True,
// False and None as JSON.
func pythonJSON(text []byte) ([]byte, error) {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\'' || c == '"':
			s, n, err := pythonString(text[i:])
			if err != nil {
				return nil, err
			}
			quoted, err := json.Marshal(s)
			if err != nil {
				return nil, err
			}
			out, i = append(out, quoted...), i+n
		case bytes.HasPrefix(text[i:], []byte("True")):
			out, i = append(out, "true"...), i+4
		case bytes.HasPrefix(text[i:], []byte("False")):
			out, i = append(out, "false"...), i+5
		case bytes.HasPrefix(text[i:], []byte("None")):
			out, i = append(out, "null"...), i+4
		default:
			out, i = append(out, c), i+1
		}
	}
	if !json.Valid(out) {
		return nil, fmt.Errorf("the literal is none of dicts, lists and plain values: %w", ErrNoReport)
	}
	return out, nil
}

// pythonEscapes are those of one letter.
var pythonEscapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', '\'': '\'', '"': '"', 'a': 7, 'b': 8, 'f': 12, 'v': 11, '0': 0}

// pythonString reads the string that text begins with and returns its length.
func pythonString(text []byte) (string, int, error) {
	quote, s := text[0], make([]byte, 0, 64)
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case quote:
			return string(s), i + 1, nil
		case '\\':
			if i++; i == len(text) {
				break
			}
			if plain, ok := pythonEscapes[text[i]]; ok {
				s = append(s, plain)
				continue
			}
			if n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[text[i]]; n > 0 && i+n < len(text) {
				r := rune(0)
				if _, err := fmt.Sscanf(string(text[i+1:i+1+n]), "%x", &r); err == nil {
					s, i = append(s, string(r)...), i+n
					continue
				}
			}
			s = append(s, '\\', text[i])
		default:
			s = append(s, c)
		}
	}
	return "", 0, fmt.Errorf("a string has no end: %w", ErrNoReport)
}
