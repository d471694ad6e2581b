package main

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
)

// TestColoursAreThePagesOwn holds that a page without its own sequences is what a
// page without colours is, whatever the text holds.
func TestColoursAreThePagesOwn(t *testing.T) {
	text := "a \x1b[31mred\x1b[0m word\x07"
	tr := &pipeline.Trajectory{ID: "x\x1b[2J", Patch: &text, Messages: []pipeline.Message{
		{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: &text, Reasoning: &text, Name: &text,
			ToolCalls: []pipeline.ToolCall{{Name: text, Arguments: `{"a\u001b[2J":"` + `\u001b[1mb` + `"}`}}},
		{Role: pipeline.RoleTool, Kind: pipeline.KindObservation, Content: &text, RawOutput: &text},
	}}
	show := func(colour bool) string {
		var out bytes.Buffer
		p := &page{w: bufio.NewWriter(&out), full: true, colour: colour}
		p.trajectory(tr)
		if err := p.w.Flush(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	bare, coloured := show(false), show(true)
	if strings.ContainsAny(bare, "\x1b\x07") {
		t.Errorf("a control sequence came through:\n%q", bare)
	}
	if coloured == bare {
		t.Error("no colour")
	}
	for _, s := range []style{strong, faint, policy, world, notice, gone, "\x1b[0m"} {
		coloured = strings.ReplaceAll(coloured, string(s), "")
	}
	if coloured != bare {
		t.Errorf("%q\n%q", coloured, bare)
	}
}

func TestElidedTextIsHeadCountAndTail(t *testing.T) {
	for name, s := range map[string]string{
		"lines":     strings.Repeat("0123456789\n", 400),
		"one line":  strings.Repeat("ä", 9000),
		"few lines": strings.Repeat("x", 2000) + "\n" + strings.Repeat("y", 2000),
	} {
		head, left, tail := elide(s)
		if left == "" || !strings.HasPrefix(s, head) || !strings.HasSuffix(s, tail) || len(head)+len(tail) >= len(s) {
			t.Errorf("%s: %d + %d of %d: %q", name, len(head), len(tail), len(s), left)
		}
	}
	if head, left, _ := elide("short"); head != "short" || left != "" {
		t.Errorf("%q %q", head, left)
	}
}
