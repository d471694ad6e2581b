package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// file writes tokenizer.json as the Rust library would for Qwen2's structure.
func (l *learner) file(special []string) []byte {
	var b bytes.Buffer
	put := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	put("{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n  \"added_tokens\": [")
	for i, s := range special {
		put("%s\n    {\"id\": %d, \"content\": %s, \"single_word\": false, \"lstrip\": false, \"rstrip\": false, \"normalized\": false, \"special\": true}",
			comma(i), len(l.tokens)+i, quote(s))
	}
	const byteLevel = `{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}`
	put("\n  ],\n  \"normalizer\": {\"type\": \"NFC\"},\n")
	put("  \"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [\n")
	put("    {\"type\": \"Split\", \"pattern\": {\"Regex\": %s}, \"behavior\": \"Isolated\", \"invert\": false},\n    %s]},\n", quote(QwenPattern), byteLevel)
	put("  \"post_processor\": %s,\n  \"decoder\": %s,\n", byteLevel, byteLevel)
	put("  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null,\n    \"unk_token\": null,\n    \"continuing_subword_prefix\": \"\",\n" +
		"    \"end_of_word_suffix\": \"\",\n    \"fuse_unk\": false,\n    \"byte_fallback\": false,\n    \"ignore_merges\": false,\n    \"vocab\": {")
	alphabet := newAlphabet()
	spelled := make([]string, len(l.tokens))
	for id, token := range l.tokens {
		spelled[id] = quote(alphabet.spell(token))
		put("%s\n      %s: %d", comma(id), spelled[id], id)
	}
	put("\n    },\n    \"merges\": [")
	for i, m := range l.merges {
		put("%s\n      [%s, %s]", comma(i), spelled[m[0]], spelled[m[1]])
	}
	put("\n    ]\n  }\n}\n")
	return b.Bytes()
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// quote writes a JSON string without escaping <, > and &.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // strings always encode
	}
	return string(bytes.TrimSpace(b.Bytes()))
}
