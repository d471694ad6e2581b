package report

import (
	"bytes"
	_ "embed" // the page's template and style sheet
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"github.com/swerm/swerm/judge"
	"github.com/swerm/swerm/metrics"
)

//go:embed page.html.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

// page is what the template shows. All text in it is clean; the template
// escapes it.
type page struct {
	Title    string
	Style    template.CSS
	Headline string
	Findings []string
	Cautions []string
	Tiles    []tile
	Sections []pageSection
	Facts    []factGroup
	Configs  []document
}

// A tile is one figure of the summary.
type tile struct{ Name, Value, Interval, Means string }

// A pageSection has a heading, figures, and tables below them.
type pageSection struct {
	ID, Title string
	Figures   []pageFigure
	Tables    []table
}

type pageFigure struct {
	ID, Title, Caption, Missing string
	Chart                       template.HTML
}

// A table is rows of cells; the first column names them.
type table struct {
	Title, Caption string
	Narrow         bool // two stand beside each other
	Head           []string
	Rows           []tableRow
}

type tableRow struct {
	Mark  string // the CSS class of a row that stands out
	Cells []cell
}

type cell struct {
	Text   string
	Strong bool
}

// maxTableRows bounds what a page lists; all of it is in evaluation.json.
const maxTableRows = 60

// page renders the HTML. It is well-formed XML too, so that any reader of
// either can check it.
func (e *evidence) page() ([]byte, error) {
	title := e.title
	if title == "" {
		title = defaultTitle
	}
	p := page{
		Title: named(title), Style: template.CSS(styleSheet()), Headline: e.headline(), Findings: e.findings(), Cautions: e.cautions(),
		Tiles: e.tiles(), Sections: e.sections(), Facts: e.facts(), Configs: e.documents(),
	}
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	return b.Bytes(), nil
}

// styleSheet adds the inks to the page's own style: their shades on paper,
// those on a dark screen, and what they colour.
func styleSheet() string {
	var paper, dark, use strings.Builder
	done := map[string]bool{}
	for _, role := range inks() {
		if done[role.class] {
			continue
		}
		done[role.class] = true
		fmt.Fprintf(&paper, "--%s:%s;", role.class, role.paper)
		fmt.Fprintf(&dark, "--%s:%s;", role.class, role.dark)
		fmt.Fprintf(&use, ".chart .%[1]s{--c:var(--%[1]s)}", role.class)
	}
	return fmt.Sprintf(":root{color-scheme:light dark;%s}\n@media screen and (prefers-color-scheme:dark){:root{%s}}\n%s\n%s", paper.String(), dark.String(), use.String(), pageStyle)
}

func (e *evidence) tiles() []tile {
	ev := &e.ev
	in := func(name string) string {
		i := ev.Intervals[name]
		if i.Low == nil || i.High == nil {
			return ""
		}
		return span(i.Low, i.High, num)
	}
	out := []tile{
		{"AUC", num(ev.AUC), in("auc"), "pairs of runs ranked right"},
		{"AUC within policy", num(ev.AUCWithinPolicy), in("auc_within_policy"), "pairs of one policy"},
		{"ECE", num(ev.ECE), in("ece"), "how far probabilities are off"},
		{"Brier", num(ev.Brier), in("brier"), "squared error, 0 is perfect"},
		{"log-loss", num(ev.LogLoss), in("log_loss"), "nats a run, 0 is perfect"},
	}
	if c := e.choice(); c != nil {
		k := strconv.Itoa(c.k)
		out = append(out, tile{"RM@" + k, num(c.rm), span(c.in["rm"].Low, c.in["rm"].High, num), "best of " + k + " by score is resolved"})
	}
	return append(out,
		tile{"runs, tasks", count(ev.N) + ", " + count(ev.Tasks), "", count(ev.Positives) + " of the runs are resolved"},
		tile{"tokens read", percent(ev.TokensReadShare), "", percent(ev.Coverage) + " of the runs have a score"})
}

func (e *evidence) sections() []pageSection {
	return []pageSection{
		{"ranking", "Ranking", pageFigures(e.systemsFigure(), e.rocFigure()), []table{e.systemsTable()}},
		{"probabilities", "Probabilities", pageFigures(e.reliabilityFigure(), e.scoresFigure()), nil},
		{"choosing", "Choosing among runs", pageFigures(e.rankingFigure()), e.choiceTables()},
		{"slices", "Policies and sources", nil, e.sliceTables()},
		{"training", "Training", pageFigures(e.trainingFigure(), e.expertsFigure(), e.loadFigure()), nil},
		{"data", "Data", pageFigures(e.viewFigure(), e.mixtureFigure(), e.lengthsFigure()), e.mixtureTables()},
	}
}

func pageFigures(list ...figure) []pageFigure {
	var out []pageFigure
	for _, f := range list {
		p := pageFigure{ID: f.id, Title: f.title, Caption: f.caption, Missing: f.missing}
		if f.draw != nil {
			p.Chart = template.HTML(f.draw(figureWidth).svg(f.title))
		}
		out = append(out, p)
	}
	return out
}

func cells(texts ...string) []cell {
	out := make([]cell, len(texts))
	for i, text := range texts {
		out[i].Text = text
	}
	return out
}

func (e *evidence) systemsTable() table {
	level := e.level()
	t := table{
		Title: "The model beside baselines",
		Caption: "Baselines are fitted on the training split and judged on the same runs. The difference is the model's AUC minus the baseline's, " +
			"with an interval of the paired difference over the same resamples of tasks. It is bold, and marked ▲ (model better) or ▼ (model worse), where the interval excludes 0. " +
			"constant is the rate of the training split; length, turns, patch_size and exit_status know that one thing; numbers knows them all; tfidf reads words in no order.",
		Head: []string{"scorer", "AUC", level + " interval", "model minus it", "paired interval", "ECE", "Brier", "log-loss"},
	}
	ev := &e.ev
	t.Rows = append(t.Rows, tableRow{"own", cells("model", num(ev.AUC), interval(ev.Intervals["auc"]), "", "", num(ev.ECE), num(ev.Brier), num(ev.LogLoss))})
	t.Rows = append(t.Rows, tableRow{"own", cells("model, within policy", num(ev.AUCWithinPolicy), interval(ev.Intervals["auc_within_policy"]), "", "", "", "", "")})
	for _, s := range e.baselines() {
		f := s.figures
		row := cells(s.name, num(s.auc), interval(s.in), signed(f.Delta.AUC), span(f.Delta.Lo, f.Delta.Hi, signed), num(f.ECE), num(f.Brier), num(f.LogLoss))
		if excludesZero(f.Delta.Lo, f.Delta.Hi) {
			sign := " ▲"
			if *f.Delta.Hi < 0 {
				sign = " ▼"
			}
			row[3] = cell{row[3].Text + sign, true}
			row[4].Strong = true
		}
		t.Rows = append(t.Rows, tableRow{"", row})
	}
	if len(ev.Baselines) == 0 {
		t.Caption = "No baseline was fitted: that needs the trajectories and a view with a training split."
	}
	return t
}

func interval(in metrics.Interval) string { return span(in.Low, in.High, num) }

func (e *evidence) choiceTables() []table {
	list := e.choices()
	if len(list) == 0 {
		return nil
	}
	level := e.level()
	t := table{
		Title: "RM@K between random and Pass@K",
		Caption: "Groups are the runs of one policy at one task; those with fewer than K are left out. Strict counts runs without a score as chosen last. " +
			"The gain is RM@K minus random, paired over the same resamples of tasks; it is bold where its interval excludes 0.",
		Head: []string{"K", "groups", "random", "RM@K", level + " interval", "strict", "Pass@K", "gain", "paired interval"},
	}
	for i := range list {
		c := &list[i]
		gain := c.in["rm_gain"]
		row := cells(strconv.Itoa(c.k), count(c.groups), num(c.random), num(c.rm), interval(c.in["rm"]), num(c.strict), num(c.pass),
			signed(gain.Value), span(gain.Low, gain.High, signed))
		if excludesZero(gain.Low, gain.High) {
			row[7].Strong, row[8].Strong = true, true
		}
		t.Rows = append(t.Rows, tableRow{"", row})
	}
	return []table{t}
}

func (e *evidence) sliceTables() []table {
	var out []table
	for _, s := range []struct {
		what string
		list []judge.Slice
	}{{"policy", e.ev.ByPolicy}, {"source", e.ev.BySource}} {
		t := table{Title: "By " + s.what, Narrow: true, Head: []string{s.what, "runs", "resolved", "rate", "AUC", "ECE"}}
		for i, own := range s.list {
			if i == maxTableRows {
				t.Caption = fmt.Sprintf("The first %d of %d; all are in %s.", maxTableRows, len(s.list), judge.EvaluationFile)
				break
			}
			rate := float64(own.Positives) / float64(max(own.N, 1))
			t.Rows = append(t.Rows, tableRow{"", cells(named(own.Name), count(own.N), count(own.Positives), percent(&rate), num(own.AUC), num(own.ECE))})
		}
		out = append(out, t)
	}
	out[0].Caption += " A policy or source whose runs have one verdict has no AUC. ECE of few runs is high by chance."
	return out
}

func (e *evidence) mixtureTables() []table {
	if e.mixture == nil {
		return nil
	}
	var out []table
	for i := range e.mixture.Scales {
		s := &e.mixture.Scales[i]
		t := table{
			Narrow:  true,
			Title:   fmt.Sprintf("Mixture at the scale of %s", plural(s.Total, "run", "runs")),
			Caption: fmt.Sprintf("%s, at most %s of one.", plural(s.Tasks, "task", "tasks"), plural(s.MostOfTask, "run", "runs")),
			Head:    []string{"class", "asked for", "taken", "in the pool", "there under the cap"},
		}
		if !s.Product {
			t.Caption += " Cells differ from the product of the shares, since some have too few runs."
		}
		for j, r := range s.bars() {
			if j == maxTableRows {
				t.Caption += fmt.Sprintf(" The first %d of %d classes; all are in %s of the view.", maxTableRows, len(s.bars()), mixtureFile)
				break
			}
			row := cells(r.name(), count(r.Requested), count(r.Observed), count(r.Available), count(r.UnderCap))
			row[2].Strong = r.Requested != r.Observed
			t.Rows = append(t.Rows, tableRow{"", row})
		}
		out = append(out, t)
	}
	return out
}
