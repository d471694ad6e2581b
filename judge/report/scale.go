package report

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/metrics"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// Names of the files that stage "report_scale" writes.
const (
	ScaleFigureFile = "scale.png"
	ScaleFile       = "scale.json"
)

// A ScalePoint is one evaluation on the axis of data scale.
type ScalePoint struct {
	Rows     int64            `json:"rows"`   // training rows of the checkpoint
	Judged   int              `json:"judged"` // rows of the evaluation
	AUC      *float64         `json:"auc"`
	AUCSpan  metrics.Interval `json:"auc_interval"`
	ECE      *float64         `json:"ece"`
	ECESpan  metrics.Interval `json:"ece_interval"`
	Baseline string           `json:"baseline,omitempty"` // the best of this evaluation
	BestAUC  *float64         `json:"baseline_auc"`
}

// A Scale is what data scale does to a model: points by training rows.
type Scale struct {
	Points []ScalePoint `json:"points"`
}

// ScaleStage returns stage "report_scale": evaluations of checkpoints that saw
// more and more of the same rows, as one figure and table. Every evaluation
// must have judged the same rows (of one view and label set) and be of one of
// the checkpoints, whose summary says how many rows it was trained on.
func ScaleStage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:    "report_scale",
		Version: 1,
		Doc:     "show what the number of training rows does to AUC and ECE",
		Inputs: []pipeline.Port{
			{Name: portEvaluation, Kind: pipeline.KindReport, Many: true},
			{Name: portCheckpoint, Kind: pipeline.KindCheckpoint, Many: true},
		},
		Output:    pipeline.KindReport,
		NewConfig: func() pipeline.Config { return &ScaleConfig{Title: defaultScaleTitle} },
		Run:       runScale,
	}
}

// ScaleConfig of stage "report_scale".
type ScaleConfig struct {
	Title string `json:"title" yaml:"title"` // written over the figure
}

const defaultScaleTitle = "What more training runs do"

// Validate lists every fault at once.
func (c *ScaleConfig) Validate() error {
	page := Config{Title: c.Title}
	return page.Validate()
}

func runScale(ctx context.Context, t *pipeline.Task) error {
	rows, err := trainedRows(ctx, t.All(portCheckpoint))
	if err != nil {
		return err
	}
	s := &Scale{}
	var first *evidence
	for _, in := range t.All(portEvaluation) {
		e := &evidence{}
		if err := e.readEvaluation(ctx, in); err != nil {
			return err
		}
		first = cmp.Or(first, e)
		if why := e.differs(first); why != "" {
			return fmt.Errorf("%s: it %s than the first evaluation: scales are compared on the same rows", in.URI, why)
		}
		p, err := e.scalePoint(in.URI, rows)
		if err != nil {
			return err
		}
		s.Points = append(s.Points, p)
	}
	slices.SortStableFunc(s.Points, func(a, b ScalePoint) int { return cmp.Compare(a.Rows, b.Rows) })
	if err := s.check(); err != nil {
		return err
	}
	return s.write(ctx, t)
}

func (s *Scale) check() error {
	if len(s.Points) < 2 {
		return errors.New("evaluation: one scale shows nothing: give two or more")
	}
	for i := range s.Points {
		if i > 0 && s.Points[i].Rows == s.Points[i-1].Rows {
			return fmt.Errorf("two evaluations are of checkpoints trained on %d rows", s.Points[i].Rows)
		}
	}
	return nil
}

// trainedRows reads how many rows each checkpoint was trained on, by the keys
// that scores may name it by.
func trainedRows(ctx context.Context, ins []pipeline.Input) (map[pipeline.Key]int64, error) {
	rows := map[pipeline.Key]int64{}
	for _, in := range ins {
		d, err := dataset.OpenArtifact(ctx, in.URI)
		if err != nil {
			return nil, err
		}
		var s struct {
			Counts pipeline.Counts `json:"counts"`
			Dev    *struct {
				Sequences int64 `json:"sequences"`
			} `json:"dev"`
		}
		if err := readJSON(ctx, d, "summary.json", &s); err != nil {
			return nil, err
		}
		n := s.Counts.Out
		if s.Dev != nil { // weights are evaluated wherever there are dev rows
			n -= s.Dev.Sequences
		}
		card, err := contract.LoadCheckpoint(d.Path(""))
		if err != nil {
			return nil, err
		}
		if card.Objective == "next_token" {
			return nil, fmt.Errorf("%s: its dev sequences are pieces of text, so how many rows it was trained on is not known", in.URI)
		}
		if n < 1 || n > maxCount {
			return nil, fmt.Errorf("%s: summary.json says that it was trained on %d rows", in.URI, n)
		}
		rows[d.Manifest.Key] = n
		if task := card.Lineage["task"]; task != "" {
			rows[pipeline.Key(task)] = n
		}
	}
	return rows, nil
}

// differs says in what an evaluation judged other rows than another one, or
// drew other intervals; "" is in nothing.
func (e *evidence) differs(o *evidence) string {
	a, b := &e.ev, &o.ev
	switch {
	case !slices.Equal(parentKeys(e.manifest, "view"), parentKeys(o.manifest, "view")):
		return "was made by another view"
	case !slices.Equal(parentKeys(e.manifest, "labels"), parentKeys(o.manifest, "labels")):
		return "was made by other labels"
	case e.config.Split != o.config.Split:
		return "judged another split"
	case a.N != b.N || a.Positives != b.Positives || a.Tasks != b.Tasks:
		return fmt.Sprintf("judged other rows (%d, and %d there)", a.N, b.N)
	case a.Intervals["auc"].Level != b.Intervals["auc"].Level:
		return "has intervals of another level"
	}
	return ""
}

func (e *evidence) scalePoint(uri string, rows map[pipeline.Key]int64) (ScalePoint, error) {
	by := e.ev.ScoredBy
	if by == nil {
		return ScalePoint{}, fmt.Errorf("%s: the evaluation does not say which checkpoint its scores are by", uri)
	}
	n, ok := rows[by.Checkpoint]
	if !ok {
		return ScalePoint{}, fmt.Errorf("%s: its scores are by checkpoint %s, which is not among the checkpoints given", uri, by.Checkpoint.Short())
	}
	p := ScalePoint{Rows: n, Judged: e.ev.N, AUC: e.ev.AUC, AUCSpan: e.ev.Intervals["auc"], ECE: e.ev.ECE, ECESpan: e.ev.Intervals["ece"]}
	if delta := e.ev.Delta; delta != nil {
		p.Baseline, p.BestAUC = delta.BestBaseline, e.ev.Baselines[delta.BestBaseline].AUC
	}
	return p, nil
}

func (s *Scale) write(ctx context.Context, t *pipeline.Task) error {
	image, err := s.draw(t.Config.(*ScaleConfig).Title, 2*figureWidth).png(pngScale)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	out, err := dataset.CreateArtifact(ctx, t.Out, dataset.SpecOf(t))
	if err != nil {
		return err
	}
	defer out.Abort()
	for _, f := range []file{{ScaleFigureFile, image}, {ScaleFile, append(text, '\n')}} {
		if err := os.WriteFile(filepath.Join(out.Dir(), f.name), f.content, 0o644); err != nil {
			return err
		}
	}
	t.Result = s
	n := int64(len(s.Points))
	_, err = out.Close(ctx, pipeline.Counts{In: n, Out: n})
	return err
}

// draw puts AUC and ECE side by side over the same axis of rows.
func (s *Scale) draw(title string, width float64) *drawing {
	d := newDrawing(width)
	const margin = 8
	top := 0.0
	if title = clean(title); title != "" {
		d.text(inkText, faceTitle, start, point{margin, 16}, fit(title, faceTitle, width-2*margin))
		top = 30
	}
	const gap = 24
	half := (width - gap - 2*margin) / 2
	left := s.panel(half, "AUC on the same held-out runs", inkModel, func(p *ScalePoint) (*float64, metrics.Interval) { return p.AUC, p.AUCSpan }, true)
	right := s.panel(half, "ECE, 15 bins", inkModel, func(p *ScalePoint) (*float64, metrics.Interval) { return p.ECE, p.ECESpan }, false)
	d.place(left, margin, top)
	d.place(right, margin+half+gap, top)
	d.height = top + max(left.height, right.height)
	return d
}

func (s *Scale) panel(width float64, name string, c ink, value func(*ScalePoint) (*float64, metrics.Interval), baselines bool) *drawing {
	d := newDrawing(width)
	list := []key{{"model, " + s.level() + " interval", c, keyDot}}
	if baselines {
		list = append(list, key{"best baseline, on all of its rows", inkRival, keyDiamond})
	}
	d.keys(list...)
	lo, hi := s.span(value, baselines)
	y := linear(name, lo, hi, 5)
	x := axis{name: "training runs", min: float64(s.Points[0].Rows) / 1.3, max: float64(s.Points[len(s.Points)-1].Rows) * 1.3, log: true}
	for _, p := range s.Points {
		x.ticks = append(x.ticks, tick{float64(p.Rows), count(p.Rows)})
	}
	top, left, right := keyHeight+24.0, leftOf(y), width-10
	bottom := top + 0.6*(right-left)
	pl := d.plane(frame{left: left, top: top, right: right, bottom: bottom, x: x, y: y})
	var path, rivals []point
	for i := range s.Points {
		p := &s.Points[i]
		at := float64(p.Rows)
		if baselines && p.BestAUC != nil {
			rivals = append(rivals, pl.at(at, *p.BestAUC))
		}
		v, in := value(p)
		if v == nil {
			continue
		}
		if in.Low != nil && in.High != nil {
			d.whisker(stroke{ink: c, width: 1.25}, pl.at(at, *in.Low), pl.at(at, *in.High))
		}
		path = append(path, pl.at(at, *v))
	}
	d.line(stroke{ink: inkRival, width: 1.25, dash: dashes()}, rivals...)
	for _, at := range rivals {
		d.diamond(inkRival, "", at, 4)
	}
	d.line(stroke{ink: c, width: 2}, path...)
	for _, at := range path {
		d.disc(c, "", at, 4)
	}
	d.height = bottom + tickHeight + nameHeight + 3
	return d
}

// level names the intervals, which are all of one.
func (s *Scale) level() string { return level(s.Points[0].AUCSpan) }

// span is the range of a panel's values and intervals.
func (s *Scale) span(value func(*ScalePoint) (*float64, metrics.Interval), baselines bool) (lo, hi float64) {
	lo, hi = 1, 0
	add := func(list ...*float64) {
		for _, v := range list {
			if v != nil {
				lo, hi = min(lo, *v), max(hi, *v)
			}
		}
	}
	for i := range s.Points {
		v, in := value(&s.Points[i])
		add(v, in.Low, in.High)
		if baselines {
			add(s.Points[i].BestAUC)
		}
	}
	return min(lo, hi), hi
}

// Table is the result for people.
func (s *Scale) Table() string {
	var b strings.Builder
	b.WriteString("| training runs | AUC | " + s.level() + " interval | ECE | best baseline | its AUC |\n|---:|---:|---:|---:|---|---:|\n")
	for i := range s.Points {
		p := &s.Points[i]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", count(p.Rows), num(p.AUC), span(p.AUCSpan.Low, p.AUCSpan.High, num), num(p.ECE), clean(p.Baseline), num(p.BestAUC))
	}
	fmt.Fprintf(&b, "\nEach on the same %s.\n", plural(s.Points[0].Judged, "held-out run", "held-out runs"))
	return b.String()
}
