package run

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/swerm/swerm/internal/term"
)

// Status is how a run directory stands.
type Status struct {
	Name   string       `json:"name"`
	Out    string       `json:"out"`
	HeldBy string       `json:"held_by,omitempty"` // who is running it now
	Stages []StageState `json:"stages"`
	Stale  []string     `json:"stale,omitempty"` // outputs that no id points to any more
}

// StageState is the last thing that happened to one id.
type StageState struct {
	ID     string  `json:"id"`
	Last   *Event  `json:"last,omitempty"`
	Output *Output `json:"output,omitempty"` // the committed one
}

// ReadStatus reads run.json and the ledger of a run directory. The error
// wraps fs.ErrNotExist where no run has been.
func ReadStatus(out string) (*Status, error) {
	state, err := ReadState(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	events, lerr := ReadLedger(out)
	if lerr != nil {
		return nil, lerr
	}
	if err != nil && len(events) == 0 {
		return nil, err
	}
	s := &Status{Out: out, HeldBy: heldBy(out)}
	if state == nil {
		state = &State{}
	}
	s.Name = state.Name
	at := map[string]int{}
	stage := func(id string) *StageState {
		if _, ok := at[id]; !ok {
			at[id] = len(s.Stages)
			s.Stages = append(s.Stages, StageState{ID: id})
		}
		return &s.Stages[at[id]]
	}
	for i := range events {
		stage(events[i].ID).Last = &events[i]
	}
	current := map[string]bool{}
	for id, o := range state.Stages {
		stage(id).Output = &o
		current[o.Path] = true
	}
	s.Stale = stale(out, current)
	return s, nil
}

// stale lists outputs on disk that no id points to: of earlier configs.
func stale(out string, current map[string]bool) []string {
	manifests, _ := filepath.Glob(filepath.Join(out, "*", "manifest.json"))
	var names []string
	for _, m := range manifests {
		if name := filepath.Base(filepath.Dir(m)); !current[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// heldBy says who holds the lock now, "" when nobody does.
func heldBy(out string) string {
	f, err := os.Open(filepath.Join(out, ".lock"))
	if err != nil {
		return ""
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return "" // closing f lets it go again
	}
	return readHolder(f).String()
}

// Print writes the status as a table for people.
func (s *Status) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "stage\tlast\twhen\ttime\tcounts\toutput")
	var failures []string
	for _, st := range s.Stages {
		last, when, took, counts, place := "", "", "", "", ""
		if e := st.Last; e != nil {
			last, when = e.Event, e.Time.Local().Format("2006-01-02 15:04:05")
			if e.Event == EventStart && s.HeldBy == "" {
				last = "killed"
			}
			if e.Seconds > 0 {
				took = clock(e.Seconds)
			}
			if e.Counts != nil {
				counts = e.Counts.String()
			}
			if e.Event == EventFail {
				failures = append(failures, fmt.Sprintf("%s: %s", st.ID, e.Error))
			}
		}
		if st.Output != nil {
			place = st.Output.Path
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", term.Line(st.ID), last, when, took, counts, place)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, f := range failures {
		fmt.Fprintln(w, term.Text(f))
	}
	if len(s.Stale) > 0 {
		fmt.Fprintf(w, "of earlier configs: %s\n", strings.Join(s.Stale, " "))
	}
	if s.HeldBy != "" {
		_, err := fmt.Fprintf(w, "running now: %s\n", s.HeldBy)
		return err
	}
	return nil
}
