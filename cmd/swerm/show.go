package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/swerm/swerm/internal/arguments"
	"github.com/swerm/swerm/internal/term"
	"github.com/swerm/swerm/pipeline"
)

const (
	// shownRunes is how much of a long text is shown without --full: its head
	// and its tail, which is where commands say what matters.
	shownRunes = 1500
	// fewLines are not worth leaving out.
	fewLines = 4
)

// A style is what a terminal shows a line in.
type style string

const (
	plain  style = ""
	strong style = "\x1b[1m"
	faint  style = "\x1b[2m"
	policy style = "\x1b[1;36m"
	world  style = "\x1b[32m"
	notice style = "\x1b[33m"
	gone   style = "\x1b[31m"
)

// A page shows a trajectory to a person. Text of unknown origin passes through
// term on its way; the only control sequences are the page's own.
type page struct {
	w      *bufio.Writer
	full   bool // nothing is left out
	colour bool
}

func newPage(to io.Writer, full bool) *page {
	f, ok := to.(*os.File)
	return &page{w: bufio.NewWriter(to), full: full, colour: ok && term.IsTerminal(f) && os.Getenv("NO_COLOR") == ""}
}

// line writes one line in a style.
func (p *page) line(s style, text string) {
	if p.colour && s != plain && text != "" {
		text = string(s) + text + "\x1b[0m"
	}
	_, _ = p.w.WriteString(text) // Flush tells of errors
	_ = p.w.WriteByte('\n')
}

func (p *page) field(name, value string) {
	if value != "" {
		p.line(plain, fmt.Sprintf("%-10s %s", name, term.Line(value)))
	}
}

// printTrajectory writes a trajectory for a person: what the task was, each turn,
// how it ended.
func printTrajectory(to io.Writer, t *pipeline.Trajectory, full bool) error {
	p := newPage(to, full)
	p.trajectory(t)
	return p.w.Flush()
}

func (p *page) trajectory(t *pipeline.Trajectory) {
	p.head(t)
	turns := 0
	for i := range t.Messages {
		if t.Messages[i].Kind == pipeline.KindAction {
			turns++
		}
	}
	turn := 0
	for i := range t.Messages {
		m := &t.Messages[i]
		if m.Kind == pipeline.KindAction {
			turn++
		}
		p.message(i, m, turn, turns)
	}
	if t.Patch != nil {
		p.patch(*t.Patch)
	}
}

func (p *page) head(t *pipeline.Trajectory) {
	p.field("id", t.ID)
	p.field("task", t.TaskID)
	p.field("instance", text(t.InstanceID))
	p.field("repo", text(t.Repo))
	p.field("commit", text(t.BaseCommit))
	p.field("source", t.Source)
	p.field("policy", t.Policy)
	p.field("scaffold", t.Scaffold)
	p.field("run", sampleLine(t))
	p.field("exit", text(t.ExitStatus))
	p.field("usage", usageLine(&t.Usage))
	p.field("claims", p.short(text(t.Claims)))
	p.field("extra", p.short(text(t.Extra)))
	p.field("tools", toolNames(t.Tools))
	p.field("origin", fmt.Sprintf("%s row %d (%s %s)", t.Origin.URI, t.Origin.Row, t.Origin.Format, t.Origin.Version))
}

// shortRunes is how much of a value the head shows on its one line.
const shortRunes = 300

func (p *page) short(s string) string {
	n := utf8.RuneCountInString(s)
	if p.full || n <= shortRunes {
		return s
	}
	return fmt.Sprintf("%s … (%d characters; --full shows them)", string([]rune(s)[:shortRunes]), n)
}

func sampleLine(t *pipeline.Trajectory) string {
	line := text(t.Run)
	if t.Rollout != nil {
		line += fmt.Sprintf(" · sample %d", *t.Rollout)
	}
	if t.Attempt != nil {
		line += fmt.Sprintf(" · attempt %d", *t.Attempt)
	}
	return strings.TrimPrefix(line, " · ")
}

// toolNames lists what the policy could call.
func toolNames(schemas *string) string {
	var tools []struct {
		Name     string `json:"name"`
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	}
	if schemas == nil || json.Unmarshal([]byte(*schemas), &tools) != nil {
		return text(schemas)
	}
	var names []string
	for _, t := range tools {
		names = append(names, t.Name+t.Function.Name)
	}
	return strings.Join(names, ", ")
}

func usageLine(u *pipeline.Usage) string {
	var parts []string
	if u.Turns != nil {
		parts = append(parts, fmt.Sprintf("%d turns", *u.Turns))
	}
	if u.APICalls != nil {
		parts = append(parts, fmt.Sprintf("%d calls", *u.APICalls))
	}
	if u.CostUSD != nil {
		parts = append(parts, fmt.Sprintf("%.2f USD", *u.CostUSD))
	}
	if u.PromptTokens != nil {
		parts = append(parts, fmt.Sprintf("%d prompt tokens", *u.PromptTokens))
	}
	if u.CompletionTokens != nil {
		parts = append(parts, fmt.Sprintf("%d completion tokens", *u.CompletionTokens))
	}
	if u.WallSeconds != nil {
		parts = append(parts, fmt.Sprintf("%.0f s", *u.WallSeconds))
	}
	return strings.Join(parts, ", ")
}

// message writes one message below a rule that says which it is and whose.
func (p *page) message(i int, m *pipeline.Message, turn, turns int) {
	parts := []string{fmt.Sprintf("%d", i), string(m.Role)}
	look := strong
	switch m.Kind {
	case pipeline.KindAction:
		parts[1], look = fmt.Sprintf("turn %d of %d", turn, turns), policy
	case pipeline.KindObservation:
		look = world
	case pipeline.KindInterrupt, pipeline.KindFinal:
		look = notice
	}
	if string(m.Kind) != string(m.Role) && m.Kind != pipeline.KindAction {
		parts = append(parts, string(m.Kind))
	}
	if m.Name != nil {
		parts = append(parts, *m.Name)
	}
	if m.ReturnCode != nil {
		parts = append(parts, fmt.Sprintf("exit code %d", *m.ReturnCode))
	}
	if m.ToolCallID != nil {
		parts = append(parts, "answers "+*m.ToolCallID)
	}
	p.line(plain, "")
	p.line(look, "━━ "+term.Line(strings.Join(parts, " · ")))
	p.block(faint, "┆ ", text(m.Reasoning), false)
	p.block(plain, "", text(m.Content), m.Kind == pipeline.KindAction || m.Kind == pipeline.KindIssue)
	for k := range m.ToolCalls {
		p.call(&m.ToolCalls[k])
	}
	p.raw(m)
	p.field("extra", p.short(text(m.Extra)))
}

// raw tells of the output behind an observation, and shows it under --full.
func (p *page) raw(m *pipeline.Message) {
	if m.RawOutput == nil {
		return
	}
	if !p.full {
		p.line(faint, fmt.Sprintf("(the policy saw this; the output before it was shortened has %d characters, --full shows them)",
			utf8.RuneCountInString(*m.RawOutput)))
		return
	}
	p.line(faint, "(the output before it was shortened for the policy)")
	p.block(faint, "┆ ", *m.RawOutput, true)
}

// call writes a call as a person reads it: arguments by name, text of several
// lines below its name.
func (p *page) call(c *pipeline.ToolCall) {
	head := "→ " + c.Name
	if c.ID != nil {
		head += " (" + *c.ID + ")"
	}
	p.line(policy, term.Line(head))
	args, ok := arguments.Parse(c.Arguments)
	if !ok {
		p.block(plain, "    ", c.Arguments, false)
		return
	}
	for _, arg := range args {
		value := strings.TrimRight(arg.Value, "\n")
		if !strings.Contains(value, "\n") && utf8.RuneCountInString(value) <= shownRunes {
			p.line(plain, "  "+term.Line(arg.Name+": "+value))
			continue
		}
		p.line(plain, "  "+term.Line(arg.Name)+":")
		p.block(plain, "    ", value, false)
	}
}

// block writes text with an indent, and its middle as a count where it is long.
func (p *page) block(s style, indent, text string, whole bool) {
	text = strings.TrimRight(term.Text(text), "\n")
	if text == "" {
		return
	}
	head, left, tail := text, "", ""
	if !p.full && !whole {
		head, left, tail = elide(text)
	}
	p.indented(s, indent, head)
	if left != "" {
		p.line(notice, indent+left)
		p.indented(s, indent, tail)
	}
}

func (p *page) indented(s style, indent, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		p.line(s, indent+line)
	}
}

// elide cuts the middle out of a long text, at line ends where some are near.
func elide(s string) (head, left, tail string) {
	runes := utf8.RuneCountInString(s)
	if runes <= shownRunes {
		return s, "", ""
	}
	from, to := runeAt(s, shownRunes*2/3), runeAt(s, runes-shownRunes/3)
	if i := strings.LastIndexByte(s[:from], '\n'); i > from/2 {
		from = i + 1
	}
	if i := strings.IndexByte(s[to:], '\n'); i >= 0 && i < (len(s)-to)/2 {
		to += i + 1
	}
	cut := s[from:to]
	if lines := strings.Count(cut, "\n"); lines > fewLines {
		left = fmt.Sprintf("… %d lines, %d characters; --full shows them …", lines, utf8.RuneCountInString(cut))
	} else {
		left = fmt.Sprintf("… %d characters; --full shows them …", utf8.RuneCountInString(cut))
	}
	return strings.TrimSuffix(s[:from], "\n"), left, s[to:]
}

// runeAt is the offset of the n-th character.
func runeAt(s string, n int) int {
	for i := range s {
		if n--; n < 0 {
			return i
		}
	}
	return len(s)
}

func (p *page) patch(text string) {
	p.line(plain, "")
	if strings.TrimSpace(text) == "" {
		p.line(strong, "━━ patch: empty")
		return
	}
	p.line(strong, "━━ patch")
	head, left, tail := strings.TrimRight(term.Text(text), "\n"), "", ""
	if !p.full {
		head, left, tail = elide(head)
	}
	p.diff(head)
	if left != "" {
		p.line(notice, left)
		p.diff(tail)
	}
}

func (p *page) diff(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		look := plain
		switch {
		case strings.HasPrefix(line, "diff "), strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
			look = strong
		case strings.HasPrefix(line, "@@"):
			look = faint
		case strings.HasPrefix(line, "+"):
			look = world
		case strings.HasPrefix(line, "-"):
			look = gone
		}
		p.line(look, line)
	}
}
