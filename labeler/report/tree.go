package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/pipeline"
)

// A Report is what one file says about one instance, with what tells which
// attempt it is about.
type Report struct {
	Verdict
	Evidence string // input name and path, where the file lies
	Dir      string // folder inside the input
	Instance string
	Runs     []string // names that the run may go by, nearest folder first
	Models   []string // ModelKeys that a list may be about
	Patch    *string  // pipeline.PatchHash of the patch that was tested, nil where it is not known
	List     bool
	Imported bool // Source.Imported
}

// A Tree is every report found.
type Tree struct {
	Reports   []Report
	Malformed []Malformed
	Files     int64 // files met
}

// A Malformed file should have been a report by its name and could not be read.
type Malformed struct {
	Evidence string `json:"evidence"`
	Error    string `json:"error"`
}

// A Source is one root of reports.
type Source struct {
	Name string // how evidence names it
	Root string // a directory, a pattern, an archive or a file, local or in Place

	// Place is where Root lies when it is not on the local disk.
	Place archive.Place

	// Imported says that the trajectories were imported from this very root,
	// so that equal paths inside it are equal folders.
	Imported bool
}

// At returns a report of an instance whose folder is dir, with what tells which
// attempt it is about and no verdict: for verdicts that come from elsewhere.
func (s *Source) At(dir, file, instance string) Report {
	c := collector{src: *s}
	r := Report{Evidence: c.evidence(file), Dir: dir, Instance: instance, Imported: s.Imported}
	if path.Base(dir) == instance {
		r.Runs = runsOf(path.Dir(dir))
	} else {
		r.Runs = runsOf(dir)
	}
	if len(r.Runs) == 0 && s.Name != "" {
		r.Runs = []string{archive.RootName(s.Name)} // as an importer names a run without a folder
	}
	return r
}

// Walk yields the files of the root.
func (s *Source) Walk(ctx context.Context, lim archive.Limits) iter.Seq2[archive.Member, error] {
	if s.Place == nil {
		return archive.Walk(ctx, s.Root, lim)
	}
	return archive.WalkPlace(ctx, s.Place, s.Root, lim)
}

// genericFolders are names of folders that hold runs and name none.
var genericFolders = []string{"logs", "run_evaluation", "evaluation", "evaluations", "eval", "results", "outputs", "output", "reports", "trajs", "trajectories"}

// Read collects the reports of all sources, in order.
func Read(ctx context.Context, sources []Source, lim archive.Limits) (*Tree, error) {
	t := &Tree{}
	for _, src := range sources {
		c := collector{tree: t, src: src, patches: map[string]string{}, predicted: map[string]map[string][]predicted{}}
		if err := c.walk(ctx, lim); err != nil {
			return nil, fmt.Errorf("reports: %s: %w", src.Root, err)
		}
	}
	return t, nil
}

// A collector reads one source. Patches and predictions may come before or
// after the report they belong to, so they are joined at the end.
type collector struct {
	tree      *Tree
	src       Source
	first     int
	patches   map[string]string                 // folder -> hash of its patch.diff
	predicted map[string]map[string][]predicted // folder -> instance
}

func (c *collector) walk(ctx context.Context, lim archive.Limits) error {
	c.first = len(c.tree.Reports)
	for m, err := range c.src.Walk(ctx, lim) {
		var bad *archive.MemberError
		switch {
		case errors.As(err, &bad):
			c.malformed(bad.Path, bad.Err)
			continue
		case err != nil:
			return err
		}
		c.tree.Files++
		if m.Irregular {
			continue
		}
		c.member(&m)
	}
	c.join()
	return nil
}

func (c *collector) malformed(p string, err error) {
	c.tree.Malformed = append(c.tree.Malformed, Malformed{Evidence: c.evidence(p), Error: err.Error()})
}

func (c *collector) evidence(p string) string {
	if c.src.Name == "" {
		return p
	}
	return c.src.Name + "/" + p
}

func (c *collector) member(m *archive.Member) {
	name := archive.TrimSuffix(path.Base(m.Path))
	switch {
	case strings.HasSuffix(name, ".traj.json") || strings.HasSuffix(name, ".traj"):
	case name == "patch.diff" || name == "model.patch":
		b, err := m.Read(nil, MaxFileBytes)
		if err != nil {
			c.malformed(m.Path, err)
			return
		}
		c.patches[path.Dir(m.Path)] = pipeline.PatchHash(string(b))
	case strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".jsonl"):
		c.json(m, name)
	}
}

func (c *collector) json(m *archive.Member, name string) {
	must := name == "report.json" // anything else may be a file of another kind
	doc, err := read(m, must)
	if err == nil {
		var p *Parsed
		if p, err = Parse(doc); err == nil {
			c.add(m.Path, name, p)
			return
		}
	}
	if !must {
		return
	}
	c.malformed(m.Path, err)
	c.tree.Reports = append(c.tree.Reports, Report{
		Verdict:  Verdict{Verdict: pipeline.VerdictUnknown, Reason: ReasonMalformed},
		Evidence: c.evidence(m.Path), Dir: path.Dir(m.Path), Imported: c.src.Imported, Instance: path.Base(path.Dir(m.Path)), Runs: runsOf(path.Dir(path.Dir(m.Path))),
	})
}

// listMarks are keys that only lists and predictions have: a file whose name
// does not say report is read whole only if its beginning shows one, or if it
// is small.
var listMarks = [][]byte{[]byte(`_ids"`), []byte(`"model_patch"`), []byte(`"resolved"`), []byte(`"patch_exists"`), []byte(`"no_generation"`)}

const (
	markBytes  = 64 << 10
	smallBytes = 1 << 20
)

func read(m *archive.Member, must bool) ([]byte, error) {
	if must || m.Size >= 0 && m.Size <= smallBytes {
		return m.Read(nil, MaxFileBytes)
	}
	r, err := m.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head := make([]byte, markBytes)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	head = head[:n]
	if !slices.ContainsFunc(listMarks, func(mark []byte) bool { return bytes.Contains(head, mark) }) {
		return nil, ErrNotReport
	}
	rest, err := io.ReadAll(io.LimitReader(r, MaxFileBytes+1-int64(n)))
	if err != nil {
		return nil, err
	}
	return append(head, rest...), nil
}

func (c *collector) add(p, name string, parsed *Parsed) {
	dir := path.Dir(p)
	c.predict(dir, parsed.Predictions)
	for _, id := range parsed.sortedIDs() {
		r := Report{Verdict: parsed.Instances[id], Evidence: c.evidence(p), Dir: dir, Instance: id, List: parsed.List, Imported: c.src.Imported}
		if r.Instance == "" {
			r.Instance = path.Base(dir)
		}
		at := c.src.At(dir, p, r.Instance)
		if r.Runs = at.Runs; parsed.List {
			r.Runs = append(stemRuns(name), runsOf(dir)...)
		}
		c.tree.Reports = append(c.tree.Reports, r)
	}
}

// runsOf lists the folder and the one above, without folders that name no run.
func runsOf(dir string) []string {
	var runs []string
	for range 3 {
		if dir == "." || dir == "/" || dir == "" {
			break
		}
		if base := path.Base(dir); !slices.Contains(genericFolders, base) {
			runs = append(runs, base)
		}
		dir = path.Dir(dir)
	}
	return runs[:min(len(runs), 2)]
}

// stemRuns lists what a list's name, `MODEL.RUN.json`, may say of its run: the
// model may hold dots itself.
func stemRuns(name string) []string {
	stem := strings.TrimSuffix(name, ".json")
	runs := []string{stem}
	for i := range stem {
		if stem[i] == '.' && i+1 < len(stem) {
			runs = append(runs, stem[i+1:])
		}
	}
	return runs
}

// join gives reports the patch that lies beside them, or the prediction of the
// folder of their run.
func (c *collector) join() {
	for i := c.first; i < len(c.tree.Reports); i++ {
		r := &c.tree.Reports[i]
		if hash, ok := c.patches[r.Dir]; ok && !r.List {
			r.Patch = &hash
			continue
		}
		if r.List {
			r.Models = stemModels(path.Base(r.Evidence))
		}
		c.foretold(r, r.Dir, path.Dir(r.Dir))
	}
}
