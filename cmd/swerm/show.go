package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/swerm/swerm/internal/term"
	"github.com/swerm/swerm/pipeline"
)

// shownRunes is how much of an observation is shown without --full: head and
// tail, which is where commands say what matters.
const shownRunes = 1500

// printTrajectory writes a trajectory for a person: what the task was, each
// turn, how it ended. Control sequences are taken out.
func printTrajectory(to io.Writer, t *pipeline.Trajectory, full bool) error {
	w := bufio.NewWriter(to)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%-10s %s\n", name, term.Line(value))
		}
	}
	line("id", t.ID)
	line("task", t.TaskID)
	line("instance", text(t.InstanceID))
	line("repo", text(t.Repo))
	line("commit", text(t.BaseCommit))
	line("source", t.Source)
	line("policy", t.Policy)
	line("scaffold", t.Scaffold)
	line("exit", text(t.ExitStatus))
	line("usage", usageLine(&t.Usage))
	line("claims", text(t.Claims))
	line("extra", text(t.Extra))
	line("origin", fmt.Sprintf("%s row %d (%s %s)", t.Origin.URI, t.Origin.Row, t.Origin.Format, t.Origin.Version))
	for i := range t.Messages {
		printMessage(w, i, &t.Messages[i], full)
	}
	if t.Patch != nil {
		fmt.Fprintf(w, "\n━━ patch\n%s\n", body(*t.Patch, full))
	}
	return w.Flush()
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
	return strings.Join(parts, ", ")
}

func printMessage(w io.Writer, i int, m *pipeline.Message, full bool) {
	head := fmt.Sprintf("%d %s", i, m.Role)
	if string(m.Kind) != string(m.Role) {
		head += " · " + string(m.Kind)
	}
	if m.Name != nil {
		head += " · " + *m.Name
	}
	if m.ReturnCode != nil {
		head += fmt.Sprintf(" · exit code %d", *m.ReturnCode)
	}
	fmt.Fprintf(w, "\n━━ %s\n", term.Line(head))
	if m.Reasoning != nil && *m.Reasoning != "" {
		fmt.Fprintf(w, "(thinks) %s\n", body(*m.Reasoning, full))
	}
	if m.Content != nil && *m.Content != "" {
		fmt.Fprintln(w, body(*m.Content, full || m.Kind != pipeline.KindObservation))
	}
	for _, c := range m.ToolCalls {
		fmt.Fprintf(w, "→ %s %s\n", term.Line(c.Name), body(c.Arguments, full))
	}
}

func body(s string, full bool) string {
	s = strings.TrimRight(term.Text(s), "\n")
	r := []rune(s)
	if full || len(r) <= shownRunes {
		return s
	}
	return fmt.Sprintf("%s\n… %d characters; --full shows them …\n%s", string(r[:shownRunes*2/3]), len(r)-shownRunes, string(r[len(r)-shownRunes/3:]))
}
