package report

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// Names of the files in a report. Every figure that was drawn is in ID.png too.
const (
	PageFile     = "report.html"
	OverviewFile = "report.png"
	ResultFile   = "report.json"
)

// Config of the stage.
type Config struct {
	Title string `json:"title" yaml:"title"` // what the page is called
}

// maxTitle keeps a title on a few lines of a phone.
const maxTitle = 200

// Validate lists every fault at once.
func (c *Config) Validate() error {
	if n := utf8.RuneCountInString(c.Title); n > maxTitle {
		return fmt.Errorf("title: %d characters, at most %d", n, maxTitle)
	}
	return nil
}

const defaultTitle = "Reward model report"

// A Result is what `swerm report --json` prints and [ResultFile] holds.
type Result struct {
	Headline string            `json:"headline"`
	Findings []string          `json:"findings"`
	Cautions []string          `json:"cautions,omitempty"`
	Figures  []string          `json:"figures"`           // drawn, each in the file of that name with .png
	Missing  map[string]string `json:"missing,omitempty"` // figure -> why there is none
}

// Stage returns stage "report": an evaluation as a page and pictures.
func Stage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:    "report",
		Version: 2,
		Doc:     "show an evaluation as a page and pictures",
		Inputs: []pipeline.Port{
			{Name: portEvaluation, Kind: pipeline.KindReport},
			{Name: portCheckpoint, Kind: pipeline.KindCheckpoint, Optional: true},
			{Name: portMixture, Kind: pipeline.KindView, Optional: true},
			{Name: portTokens, Kind: pipeline.KindTokens, Optional: true},
		},
		Output:    pipeline.KindReport,
		NewConfig: func() pipeline.Config { return &Config{Title: defaultTitle} },
		Run:       run,
	}
}

func run(ctx context.Context, t *pipeline.Task) error {
	e, err := gather(ctx, t)
	if err != nil {
		return err
	}
	files, result, err := e.render(ctx)
	if err != nil {
		return err
	}
	out, err := dataset.CreateArtifact(ctx, t.Out, dataset.SpecOf(t))
	if err != nil {
		return err
	}
	defer out.Abort()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(out.Dir(), f.name), f.content, 0o644); err != nil {
			return err
		}
	}
	t.Result = result
	_, err = out.Close(ctx, pipeline.Counts{In: 1, Out: 1}) // one evaluation
	return err
}

type file struct {
	name    string
	content []byte
}

// pngScale draws a figure at 1140 pixels, enough for two columns of print.
const pngScale = 3

// render makes every file of a report.
func (e *evidence) render(ctx context.Context) ([]file, *Result, error) {
	result := e.result()
	page, err := e.page()
	if err != nil {
		return nil, nil, err
	}
	files := []file{{PageFile, page}}
	for _, f := range e.figures() {
		if f.draw == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		image, err := f.draw(figureWidth).png(pngScale)
		if err != nil {
			return nil, nil, fmt.Errorf("figure %s: %w", f.id, err)
		}
		files = append(files, file{f.id + ".png", image})
	}
	overview := e.drawOverview()
	image, err := overview.png(overviewScale(overview))
	if err != nil {
		return nil, nil, fmt.Errorf("overview: %w", err)
	}
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return nil, nil, err
	}
	return append(files, file{OverviewFile, image}, file{ResultFile, append(text, '\n')}), result, nil
}

func (e *evidence) result() *Result {
	r := &Result{Headline: e.headline(), Findings: e.findings(), Cautions: e.cautions(), Figures: []string{}, Missing: map[string]string{}}
	for _, f := range e.figures() {
		if f.draw == nil {
			r.Missing[f.id] = f.missing
		} else {
			r.Figures = append(r.Figures, f.id)
		}
	}
	return r
}

// Table is the result for people.
func (r *Result) Table() string {
	text := r.Headline + "\n"
	for _, line := range r.Findings {
		text += line + "\n"
	}
	for _, line := range r.Cautions {
		text += "Note: " + line + "\n"
	}
	return text
}
