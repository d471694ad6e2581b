package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/store"
)

var (
	// ErrExists is returned by Create and CreateArtifact when the dataset of
	// the same key is already there: nothing is left to do but Open it.
	ErrExists = errors.New("the same dataset is already there")

	// ErrOther is returned by Create and CreateArtifact when the place holds
	// something else, which is never overwritten.
	ErrOther = errors.New("another dataset is there")

	// ErrNone is returned by Open when the place holds no manifest.
	ErrNone = errors.New("no dataset")

	// ErrBusy is returned by Create and CreateArtifact when another process
	// is writing the same dataset.
	ErrBusy = errors.New("being written by another process")
)

// Dataset is a published dataset or artifact. It does not change.
type Dataset struct {
	URI      string
	Manifest Manifest

	st   store.Store
	root string // path of the dataset in st
	dir  string // where Path points: the dataset itself, or a local copy
}

// Open opens a dataset or artifact by its manifest.
func Open(ctx context.Context, uri string) (*Dataset, error) {
	d, err := place(ctx, uri)
	if err != nil {
		return nil, err
	}
	raw, err := d.readFile(ctx, manifestName, maxManifestBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: it has no %s", uri, ErrNone, manifestName)
	}
	if err != nil {
		return nil, err
	}
	if d.Manifest, err = parseManifest(raw); err != nil {
		return nil, fmt.Errorf("%s/%s: %w", uri, manifestName, err)
	}
	return d, nil
}

// OpenKind opens a dataset and refuses one of another kind.
func OpenKind(ctx context.Context, uri string, kind pipeline.Kind) (*Dataset, error) {
	d, err := Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	return d, d.need(kind)
}

func (d *Dataset) need(kind pipeline.Kind) error {
	if d.Manifest.Kind != kind {
		return fmt.Errorf("%s: holds %s, not %s", d.URI, d.Manifest.Kind, kind)
	}
	return nil
}

// place resolves a URI without asking whether anything is there.
func place(ctx context.Context, uri string) (*Dataset, error) {
	st, root, err := store.Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	d := &Dataset{URI: uri, st: st, root: root}
	if dir, err := store.LocalPath(uri); err == nil {
		d.dir = dir
	}
	return d, nil
}

// Path returns the local path of a file in the dataset. Of a dataset in an
// object store only OpenArtifact makes a local copy.
func (d *Dataset) Path(name string) string {
	if d.dir == "" {
		panic(fmt.Sprintf("dataset: Path(%q) of %s, which has no local copy: use OpenArtifact", name, d.URI))
	}
	return filepath.Join(d.dir, filepath.FromSlash(name))
}

// Has reports whether the manifest lists a file.
func (d *Dataset) Has(name string) bool {
	for _, p := range d.Manifest.Files {
		if p.Path == name {
			return true
		}
	}
	return false
}

// ReadFile returns a whole side file, at most 64 MiB of it.
func (d *Dataset) ReadFile(ctx context.Context, name string) ([]byte, error) {
	if !d.Has(name) {
		return nil, fmt.Errorf("%s: the manifest lists no file %q", d.URI, name)
	}
	return d.readFile(ctx, name, maxSideBytes)
}

func (d *Dataset) open(ctx context.Context, name string) (store.Blob, error) {
	blob, err := d.st.Open(ctx, path.Join(d.root, name))
	if err != nil {
		return nil, fmt.Errorf("%s/%s: %w", strings.TrimRight(d.URI, "/"), name, err)
	}
	return blob, nil
}

func (d *Dataset) readFile(ctx context.Context, name string, limit int64) ([]byte, error) {
	blob, err := d.open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	if blob.Size() > limit {
		return nil, fmt.Errorf("%s/%s: %d bytes, above the limit of %d", d.URI, name, blob.Size(), limit)
	}
	raw := make([]byte, blob.Size())
	if _, err := io.ReadFull(io.NewSectionReader(blob, 0, blob.Size()), raw); err != nil {
		return nil, fmt.Errorf("%s/%s: %w", d.URI, name, err)
	}
	return raw, nil
}

// Rows counts the rows as the manifest does, without reading any.
func (d *Dataset) Rows() int64 { return d.Manifest.Rows() }
