package sources

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/pipeline/store"
	"github.com/swerm/swerm/sources/identity"
)

// walkURI walks a tree on disk or in an object store.
func walkURI(ctx context.Context, uri string, lim archive.Limits, opts ...archive.Option) iter.Seq2[archive.Member, error] {
	if p, err := store.LocalPath(uri); err == nil {
		return archive.Walk(ctx, p, lim, opts...)
	}
	return func(yield func(archive.Member, error) bool) {
		st, root, err := store.Open(ctx, uri)
		if err != nil {
			yield(archive.Member{}, err)
			return
		}
		for m, err := range archive.WalkPlace(ctx, place{st}, root, lim, opts...) {
			if !yield(m, err) {
				return
			}
		}
	}
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

// readTable reads a table of names.
func readTable(ctx context.Context, uri string) ([]byte, error) {
	st, p, err := store.Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	f, err := st.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.Size() > identity.MaxTableBytes {
		return nil, fmt.Errorf("%s: %d bytes, the limit for a name table is %d", uri, f.Size(), identity.MaxTableBytes)
	}
	return io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
}
