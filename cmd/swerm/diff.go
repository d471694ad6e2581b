package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/swerm/swerm/internal/term"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/pipeline/store"
	"github.com/swerm/swerm/sources"
	"github.com/swerm/swerm/sources/audit"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
)

// diffDoc is what inspect --diff tells: what became of every leaf of the document
// that a record was made of.
type diffDoc struct {
	ID     string          `json:"id"`
	Origin pipeline.Origin `json:"origin"`
	Raw    string          `json:"raw"`
	Format string          `json:"format"`
	Hash   string          `json:"hash"`
	Same   bool            `json:"same_hash"`
	Bytes  int             `json:"bytes"`
	Again  bool            `json:"decodes_to_the_same_id"`
	Leaves int             `json:"leaves"`
	Kept   int             `json:"kept"`
	Fates  []fateDoc       `json:"fates"`
	Lost   []lostDoc       `json:"lost"`
	Faults []string        `json:"faults,omitempty"` // of other attempts in the document
}

type fateDoc struct {
	Path   string `json:"path"`
	Leaves int    `json:"leaves"`
	Why    string `json:"why"`
}

type lostDoc struct {
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// diff compares a record with its raw origin. The error says that the document
// is another one now, or that leaves are lost.
func (a *app) diff(ctx context.Context, d *dataset.Dataset, t *pipeline.Trajectory, roots []string, full bool) error {
	found, root, err := findOrigin(ctx, d, t, roots)
	if err != nil {
		return err
	}
	doc, err := compare(t, found, root)
	if err != nil {
		return err
	}
	if a.json {
		err = a.print(doc)
	} else {
		err = doc.show(newPage(a.out, full))
	}
	switch {
	case err != nil:
		return err
	case !doc.Same:
		return fmt.Errorf("inspect: %s is not what was imported: its hash is %s, the record has %s", t.Origin.URI, doc.Hash, t.Origin.ContentHash)
	case len(doc.Lost) > 0:
		return fmt.Errorf("inspect: %d leaves of %s are lost", len(doc.Lost), t.Origin.URI)
	}
	return nil
}

// findOrigin looks for the document in the roots, or where the names of the
// dataset's raw inputs lead.
func findOrigin(ctx context.Context, d *dataset.Dataset, t *pipeline.Trajectory, roots []string) (*sources.Found, string, error) {
	if len(roots) == 0 {
		if roots = rawRoots(d); len(roots) == 0 {
			return nil, "", usage("where are the raw files? say --raw ROOT, the input that was imported")
		}
	}
	var cfg sources.Config
	if d.Manifest.Stage == sources.Stage().Name {
		if err := json.Unmarshal(d.Manifest.Config, &cfg); err != nil {
			return nil, "", fmt.Errorf("%s: config of the import: %w", d.URI, err)
		}
	}
	if cfg.Plugin != nil {
		return nil, "", usage("%s was decoded by the plugin %s; --diff knows only what formats do", t.Origin.URI, cfg.Plugin.Name)
	}
	names, err := identity.Shipped()
	if err != nil {
		return nil, "", err
	}
	var missed []error
	for _, root := range roots {
		in := pipeline.Input{Port: "raw", Name: filepath.Base(root), URI: root, Kind: pipeline.KindRaw}
		found, err := sources.Locate(ctx, in, cfg, names, t.Origin)
		if err == nil {
			return found, root, nil
		}
		if !errors.Is(err, sources.ErrNotThere) && !errors.Is(err, os.ErrNotExist) {
			return nil, "", err
		}
		missed = append(missed, err)
	}
	return nil, "", errors.Join(missed...)
}

// rawRoots are the raw inputs of a dataset that lie where their names lead, from
// here or from beside the dataset.
func rawRoots(d *dataset.Dataset) []string {
	var roots []string
	for _, p := range d.Manifest.Parents {
		if p.Kind != pipeline.KindRaw || p.Port != "raw" {
			continue
		}
		for _, root := range []string{p.URI, store.Join(d.URI, "..", p.URI)} {
			local, err := store.LocalPath(root)
			if err != nil {
				continue
			}
			if _, err := os.Stat(local); err == nil {
				roots = append(roots, root)
				break
			}
		}
	}
	return roots
}

func compare(t *pipeline.Trajectory, found *sources.Found, root string) (*diffDoc, error) {
	doc := &diffDoc{ID: t.ID, Origin: t.Origin, Raw: root, Format: found.Format.Name(), Hash: found.Hash,
		Same: found.Hash == t.Origin.ContentHash, Bytes: len(found.Data), Fates: []fateDoc{}, Lost: []lostDoc{}}
	recs := []*format.Record{}
	for i, r := range found.Records {
		switch {
		case i == found.Index:
			doc.Again = r != nil && r.ID == t.ID
			recs = append(recs, &format.Record{Trajectory: *t}) // what the dataset holds, not what would be read today
		case r != nil:
			recs = append(recs, r)
		}
	}
	for _, err := range found.Errs {
		doc.Faults = append(doc.Faults, err.Error())
	}
	fates := found.Format.Fates()
	r, err := audit.Compare(found.Data, recs, fates)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Origin.URI, err)
	}
	doc.Leaves, doc.Kept = r.Leaves, r.Kept
	why := map[string]string{}
	for _, f := range fates {
		if _, ok := why[f.Path]; !ok {
			why[f.Path] = f.Why
		}
	}
	for _, path := range slices.Sorted(maps.Keys(r.Fated)) {
		doc.Fates = append(doc.Fates, fateDoc{path, r.Fated[path], why[path]})
	}
	for _, l := range r.Lost {
		doc.Lost = append(doc.Lost, lostDoc{l.Path, l.Value})
	}
	return doc, nil
}

// shownLost is how many lost leaves are listed without --full.
const shownLost = 40

func (d *diffDoc) show(p *page) error {
	p.field("id", d.ID)
	p.field("origin", fmt.Sprintf("%s row %d (%s %s)", d.Origin.URI, d.Origin.Row, d.Origin.Format, d.Origin.Version))
	p.field("raw", fmt.Sprintf("%s, %d bytes, read as %s", d.Raw, d.Bytes, d.Format))
	if d.Same {
		p.field("hash", d.Hash+" (as imported)")
	} else {
		p.line(gone, fmt.Sprintf("%-10s %s, imported was %s", "hash", term.Line(d.Hash), term.Line(d.Origin.ContentHash)))
	}
	if !d.Again {
		p.line(notice, fmt.Sprintf("%-10s read today, it gives another record", "decoded"))
	}
	for _, f := range d.Faults {
		p.line(notice, fmt.Sprintf("%-10s %s", "fault", term.Line(f)))
	}
	p.field("leaves", fmt.Sprintf("%d: %d stand in the record, %d have another fate, %d are lost", d.Leaves, d.Kept, d.Leaves-d.Kept-len(d.Lost), len(d.Lost)))
	for _, f := range d.Fates {
		p.line(plain, fmt.Sprintf("%7d  %s", f.Leaves, term.Line(f.Path)))
		p.line(faint, "         "+term.Line(f.Why))
	}
	for i, l := range d.Lost {
		if i == shownLost && !p.full {
			p.line(notice, fmt.Sprintf("   lost  … %d more; --full lists them", len(d.Lost)-i))
			break
		}
		p.line(gone, "   lost  "+term.Line(l.Path)+" = "+cell(fmt.Sprint(l.Value)))
	}
	return p.w.Flush()
}
