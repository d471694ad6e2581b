package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/swerm/swerm/internal/bystander"
	"github.com/swerm/swerm/internal/term"
	"github.com/swerm/swerm/labeler/report"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources"
	"github.com/swerm/swerm/sources/all"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
)

// docs/formats.md is written from the packages of the formats and from a survey
// of real files, by `go generate`; a test holds it fresh.
//
//go:generate go test -run TestFormatsPage -update .

func (a *app) formatsCommand() *cobra.Command {
	var depth int
	c := &cobra.Command{
		Use:   "formats [IN…]",
		Short: "List the formats that import reads, or what of them lies in files and folders",
		Long: `Without arguments, list the formats that import reads. With files or folders, read
them as import would and count what is there, by format and folder; nothing is
written. Every file that would be rejected is named with its reason.`,
		RunE: func(c *cobra.Command, roots []string) error {
			if len(roots) == 0 {
				return a.listFormats()
			}
			if depth < 0 {
				return usage("--depth %d: a number of folders", depth)
			}
			s, err := survey(c.Context(), roots, depth, a.workers)
			if err != nil {
				return err
			}
			if a.json {
				return a.print(s)
			}
			return s.show(a.out)
		},
	}
	c.Flags().IntVar(&depth, "depth", 2, "how many folders of a path make a group")
	return c
}

func (a *app) listFormats() error {
	var names []string
	for _, f := range all.Formats() {
		names = append(names, f.Name())
	}
	if a.json {
		return a.print(names)
	}
	_, err := fmt.Fprintln(a.out, strings.Join(names, "\n"))
	return err
}

// A surveyDoc is what an import of some inputs would meet.
type surveyDoc struct {
	Groups   []*groupDoc            `json:"groups"`  // by folder, then format
	Ignored  map[string]*ignoredDoc `json:"ignored"` // by folder
	Rejected []rejectedDoc          `json:"rejected"`
}

// A groupDoc counts what one format has in one folder.
type groupDoc struct {
	Folder     string `json:"folder"`
	Format     string `json:"format"`
	Files      int    `json:"files"`
	Records    int    `json:"records"`
	Idle       int    `json:"no_turn"` // records without a turn of the policy, which import drops
	Turns      int    `json:"turns"`
	Calls      int    `json:"tool_calls"`
	Unlinked   int    `json:"unlinked"` // answers whose id no call before them has
	Patches    int    `json:"patches"`
	Claims     int    `json:"claims"`
	Resolved   int    `json:"resolved"` // of the claims
	Unresolved int    `json:"unresolved"`

	last string // file of the record before
}

// An ignoredDoc counts the files of one folder that are no trajectories.
type ignoredDoc struct {
	Files     int                    `json:"files"`
	Kinds     map[bystander.Kind]int `json:"kinds"`
	Continued int                    `json:"continued"` // documents that another one holds whole, beside those files
}

type rejectedDoc struct {
	URI   string `json:"uri"`
	Row   int64  `json:"row"`
	Error string `json:"error"`
}

// survey reads inputs as an import would and counts.
func survey(ctx context.Context, roots []string, depth, workers int) (*surveyDoc, error) {
	names, err := identity.Shipped()
	if err != nil {
		return nil, err
	}
	r := sources.Reader{Names: names, Workers: workers}
	for _, root := range roots {
		r.Inputs = append(r.Inputs, pipeline.Input{Port: "raw", Name: filepath.Base(root), URI: root, Kind: pipeline.KindRaw})
	}
	s := &surveyDoc{Groups: []*groupDoc{}, Ignored: map[string]*ignoredDoc{}, Rejected: []rejectedDoc{}}
	groups := map[string]*groupDoc{}
	for it, err := range r.All(ctx) {
		if err != nil {
			return nil, err
		}
		folder := folderOf(it.URI, depth)
		var bad *pipeline.RecordError
		var on *format.Continued
		switch {
		case it.Ignored:
			s.ignored(folder).add(it.Kind)
		case errors.As(it.Err, &bad) && errors.As(bad.Err, &on):
			s.ignored(folder).Continued++
		case errors.As(it.Err, &bad):
			s.Rejected = append(s.Rejected, rejectedDoc{it.URI, bad.Row, bad.Err.Error()})
		case it.Record != nil:
			key := folder + "\x00" + it.Record.Origin.Format
			if groups[key] == nil {
				groups[key] = &groupDoc{Folder: folder, Format: it.Record.Origin.Format}
			}
			groups[key].add(it.URI, &it.Record.Trajectory)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		s.Groups = append(s.Groups, groups[key])
	}
	return s, nil
}

func folderOf(uri string, depth int) string {
	segs := strings.Split(uri, "/")
	segs = segs[:min(depth, len(segs)-1)]
	if len(segs) == 0 {
		return "."
	}
	return strings.Join(segs, "/")
}

func (s *surveyDoc) ignored(folder string) *ignoredDoc {
	if s.Ignored[folder] == nil {
		s.Ignored[folder] = &ignoredDoc{Kinds: map[bystander.Kind]int{}}
	}
	return s.Ignored[folder]
}

func (g *ignoredDoc) add(kind bystander.Kind) {
	g.Files++
	if kind != bystander.None {
		g.Kinds[kind]++
	}
}

func (g *groupDoc) add(uri string, t *pipeline.Trajectory) {
	if uri != g.last {
		g.Files, g.last = g.Files+1, uri
	}
	g.Records++
	turns := 0
	asked := map[string]bool{}
	for i := range t.Messages {
		m := &t.Messages[i]
		if m.Kind == pipeline.KindAction {
			turns++
		}
		for _, c := range m.ToolCalls {
			g.Calls++
			asked[text(c.ID)] = true
		}
		if m.ToolCallID != nil && !asked[*m.ToolCallID] {
			g.Unlinked++
		}
	}
	g.Turns += turns
	if turns == 0 {
		g.Idle++
	}
	if t.Patch != nil {
		g.Patches++
	}
	g.claim(t.Claims)
}

func (g *groupDoc) claim(claims *string) {
	if claims == nil {
		return
	}
	g.Claims++
	v, ok := report.ParseClaim(*claims)
	if !ok {
		return
	}
	switch v.Verdict {
	case pipeline.VerdictResolved:
		g.Resolved++
	case pipeline.VerdictUnresolved:
		g.Unresolved++
	}
}

// columns are the heads of the table, and row the cells below them.
var surveyColumns = []string{"folder", "format", "files", "records", "no turn", "turns", "tool calls", "unlinked", "patches", "claims", "resolved", "unresolved"}

func (g *groupDoc) row() []string {
	cells := []string{g.Folder, g.Format}
	for _, n := range []int{g.Files, g.Records, g.Idle, g.Turns, g.Calls, g.Unlinked, g.Patches, g.Claims, g.Resolved, g.Unresolved} {
		cells = append(cells, fmt.Sprint(n))
	}
	return cells
}

func (g *ignoredDoc) String() string {
	line := fmt.Sprintf("%d files", g.Files)
	if g.Files == 1 {
		line = "1 file"
	}
	for _, k := range bystander.Kinds() {
		if n := g.Kinds[k]; n > 0 {
			line += fmt.Sprintf(", %d of %s", n, k)
		}
	}
	if g.Continued > 0 {
		line += fmt.Sprintf("; %d more are the beginnings of others", g.Continued)
	}
	return line
}

func (s *surveyDoc) show(to io.Writer) error {
	t := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(surveyColumns, "\t"))
	for _, g := range s.Groups {
		cells := g.row()
		for i := range cells {
			cells[i] = cell(cells[i])
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, folder := range slices.Sorted(maps.Keys(s.Ignored)) {
		if _, err := fmt.Fprintf(to, "ignored in %s: %s\n", cell(folder), s.Ignored[folder]); err != nil {
			return err
		}
	}
	for _, r := range s.Rejected {
		if _, err := fmt.Fprintf(to, "rejected: %s row %d: %s\n", term.Line(r.URI), r.Row, term.Line(r.Error)); err != nil {
			return err
		}
	}
	return nil
}
