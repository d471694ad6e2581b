package labeler

import (
	"context"
	"iter"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/labeler/report"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/pipeline/store"
)

// sourceOf finds where a tree of reports lies, and whether it is what the
// trajectories were imported from.
func sourceOf(ctx context.Context, in pipeline.Input, parents []dataset.Parent) (report.Source, error) {
	var raw []dataset.Parent
	for _, p := range parents {
		if p.Kind == pipeline.KindRaw && p.Port == "raw" {
			raw = append(raw, p)
		}
	}
	imported := len(raw) == 1 && (raw[0].Key == in.Key && in.Key != "" || raw[0].URI == in.Name)
	if p, err := store.LocalPath(in.URI); err == nil {
		return report.Source{Name: in.Name, Root: p, Imported: imported}, nil
	}
	st, root, err := store.Open(ctx, in.URI)
	if err != nil {
		return report.Source{}, err
	}
	return report.Source{Name: in.Name, Root: root, Place: place{st}, Imported: imported}, nil
}

// A place shows a store to the walk.
type place struct{ st store.Store }

func (p place) Open(ctx context.Context, path string) (archive.File, error) {
	return p.st.Open(ctx, path)
}

func (p place) List(ctx context.Context, folder string) iter.Seq2[archive.Listed, error] {
	return func(yield func(archive.Listed, error) bool) {
		for e, err := range p.st.List(ctx, folder) {
			if !yield(archive.Listed{Path: e.Path, Size: e.Size, Irregular: e.Other}, err) {
				return
			}
		}
	}
}
