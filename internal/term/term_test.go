package term

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext":                "plain\ttext",
		"a\nb\r\n":                   "a\nb\n",
		"\x1b[31mred\x1b[0m":         "red",
		"\x1b[2J\x1b[1;1Hhome":       "home",
		"\x1b]0;title\x07after":      "after",
		"\x1b]8;;http://x\x1b\\link": "link",
		"\x1bPq#0\x1b\\x":            "x",
		"\x1b(Bx":                    "x",
		"\x1bcreset":                 "reset",
		"\u009b31mred":               "red",
		"\u009d0;t\u009cx":           "x",
		"\x1b]never ends":            "never ends",
		"bell\a\b\x7f\x00":           "bell",
		"\u202egpj.exe":              "gpj.exe",
		"bad\xff\xfe":                "bad\ufffd\ufffd",
		"日本語 é":                      "日本語 é",
		"\x1b":                       "",
		"\x1b[":                      "",
		"\x1b[38;2;1;2;3mx":          "x",
		"\x1b\x1b[31m":               "",
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Line("a\nb\x1b[0m"); got != "a b" {
		t.Errorf("Line: %q", got)
	}
}

func TestJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":"plain é 日本"}`:                   "",
		"{\"a\":\"\u009b31m\u009d0;t\u009c\"}": `{"a":"\u009b31m\u009d0;t\u009c"}`,
		"[\"x\u202egpj\x7f\", 1]":              `["x\u202egpj\u007f", 1]`,
	} {
		if want == "" {
			want = in
		}
		got := JSON([]byte(in))
		if string(got) != want {
			t.Errorf("JSON(%q) = %q, want %q", in, got, want)
		}
		var a, b any
		if err := errors.Join(json.Unmarshal([]byte(in), &a), json.Unmarshal(got, &b)); err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%q says something else: %v", got, err)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("\x1b[31mx\u009b")
	f.Fuzz(func(t *testing.T, s string) {
		got := Text(s)
		if strings.ContainsAny(got, "\x1b\x07\x08\r\x7f\u009b\u202e") {
			t.Errorf("%q leaves a control character: %q", s, got)
		}
		if Text(got) != got {
			t.Errorf("%q is cleaned twice", s)
		}
	})
}
