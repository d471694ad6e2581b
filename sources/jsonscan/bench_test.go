package jsonscan

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// BenchmarkScan reads and steps over what dialogues are made of, with every
// kernel and byte by byte.
func BenchmarkScan(b *testing.B) {
	text := `"` + strings.Repeat(`def purr(x):\n    return \"a line of code\" + x\n`, 400) + `"`
	message := `{"role": "assistant", "content": ` + text + `, "tool_calls": [{"id": "call_1", "function": {"name": "bash", "arguments": "{}"}}]},`
	list := []byte("[" + strings.TrimSuffix(strings.Repeat(message, 50), ",") + "]")
	reply := `{"role": "tool", "usage": {"prompt_tokens": 1201, "completion_tokens": 55, "details": null}, "cost": 0.00125, "cached": false, "choices": [{"index": 0}]}`
	var replies bytes.Buffer
	if err := json.Indent(&replies, []byte("["+strings.TrimSuffix(strings.Repeat(reply+",", 50), ",")+"]"), "", "  "); err != nil {
		b.Fatal(err)
	}
	for _, k := range append(kernels(), nil) {
		name := "go"
		if k != nil {
			name = k.name
		}
		run := func(what string, doc []byte, read func(*Scanner)) {
			b.Run(what+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(doc)))
				s := &Scanner{fast: k}
				for b.Loop() {
					s.Reset(doc)
					if read(s); s.Err() != nil {
						b.Fatal(s.Err())
					}
				}
			})
		}
		run("skip list", list, (*Scanner).Skip)
		run("skip string", []byte(text), (*Scanner).Skip)
		run("read values", replies.Bytes(), readValues)
		run("read string", []byte(text), func(s *Scanner) { s.Str() })
	}
}

// readValues reads every value of a document.
func readValues(s *Scanner) {
	switch s.Kind() {
	case Object:
		for range s.Fields() {
			readValues(s)
		}
	case Array:
		for range s.Elements() {
			readValues(s)
		}
	case String:
		s.OptStr()
	case Number:
		s.OptFloat()
	default:
		s.OptBool()
	}
}
