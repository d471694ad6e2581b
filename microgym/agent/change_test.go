package agent

import (
	"strings"
	"testing"
)

func TestLineChange(t *testing.T) {
	for _, c := range []struct {
		name, before, after string
		start               int
		old, new            string
	}{
		{"replace", "a\nb\nc\n", "a\nx\nc\n", 2, "b", "x"},
		{"insert", "a\nc\n", "a\nb\nc\n", 1, "a", "a|b"},
		{"insert first", "a\nc\n", "b\na\nc\n", 1, "a", "b|a"},
		{"delete", "a\nb\nc\n", "a\nc\n", 1, "a|b", "a"},
		{"delete first", "a\nb\n", "b\n", 1, "a|b", "b"},
		{"append", "a\n", "a\nb\n", 1, "a", "a|b"},
		{"repeat", "a\na\n", "a\na\na\n", 2, "a", "a|a"},
	} {
		got, ok := lineChange(c.before, c.after)
		if !ok || got.start != c.start || strings.Join(got.old, "|") != c.old || strings.Join(got.new, "|") != c.new {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if _, ok := lineChange("a\n", "a\n"); ok {
		t.Error("equal texts differ")
	}
}

func TestReplaceFindsOnePlace(t *testing.T) {
	before := "x = 1\nreturn x\ny = 1\nreturn x\n"
	c, _ := lineChange(before, "x = 1\nreturn x\ny = 1\nreturn y\n")
	old, new, ok := c.replace(before)
	if !ok || old != "y = 1\nreturn x" || new != "y = 1\nreturn y" {
		t.Errorf("%q -> %q, %v", old, new, ok)
	}
}
