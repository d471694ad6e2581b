package run

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/swerm/swerm/internal/term"
	"github.com/swerm/swerm/pipeline"
)

// Print writes the summary as a table for people.
func (s *Summary) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "stage\tstate\tin\tout\tdropped\tfailed\ttime\toutput")
	for _, r := range s.Rows {
		in, out, dropped, failed := "", "", "", ""
		if c := r.Counts; c != nil {
			in, out = fmt.Sprint(c.In), fmt.Sprint(c.Out)
			dropped, failed = fmt.Sprint(c.DroppedTotal()), fmt.Sprint(c.Failed)
		}
		seconds := ""
		if r.State != StateCached && r.State != StateSkipped {
			seconds = clock(r.Seconds)
		}
		place := r.URI
		if r.Done == nil {
			place = ""
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.State, in, out, dropped, failed, seconds, place)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s in %s\n", term.Line(s.headline()), clock(s.Seconds))
	return err
}

func (s *Summary) headline() string {
	n := map[string]int{}
	for _, r := range s.Rows {
		n[r.State]++
	}
	name := s.Name
	if name == "" {
		name = "run"
	}
	text := fmt.Sprintf("%s: %d done, %d cached", name, n[StateDone], n[StateCached])
	for _, state := range []string{StateFailed, StateSkipped, StateInterrupted} {
		if n[state] > 0 {
			text += fmt.Sprintf(", %d %s", n[state], state)
		}
	}
	if s.Rejected > 0 {
		text += fmt.Sprintf("; %d records rejected", s.Rejected)
	}
	return text
}

// Print writes the plan as a table for people.
func (p *Plan) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "stage\tdoes\twould\tkey\toutput")
	runs := 0
	for _, task := range p.Tasks {
		would := StateCached
		if task.Done == nil {
			would = "run"
			if task.Redo {
				would = "run again"
			}
			runs++
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", task.Step.ID, task.Step.Stage.Name, would, task.Key.Short(), task.Out)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d to run, %d cached\n", runs, len(p.Tasks)-runs)
	return err
}

// PlannedRow is one task of a plan as --json shows it.
type PlannedRow struct {
	ID     string       `json:"id"`
	Stage  string       `json:"stage"`
	Would  string       `json:"would"` // "run" or "cached"
	Key    pipeline.Key `json:"key"`
	URI    string       `json:"uri"`
	Reason string       `json:"reason,omitempty"`
}

// JSON returns the plan as --json shows it.
func (p *Plan) JSON() any {
	rows := []PlannedRow{}
	for _, t := range p.Tasks {
		r := PlannedRow{ID: t.Step.ID, Stage: t.Step.Stage.Name, Would: "run", Key: t.Key, URI: t.Out, Reason: t.Reason}
		if t.Done != nil {
			r.Would, r.Reason = StateCached, ""
		}
		rows = append(rows, r)
	}
	return map[string]any{"name": p.File.Name, "out": p.File.Out, "stages": rows}
}
