package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// Artifact is a directory of files being written: a tokenizer, a checkpoint, a
// report. It is staged, listed in a manifest with every hash, and published
// like a dataset.
type Artifact struct {
	spec  Spec
	stage *staging
	base  Manifest
	ended bool
}

// CreateArtifact starts an artifact at uri, with the errors of Create.
func CreateArtifact(ctx context.Context, uri string, spec Spec) (*Artifact, error) {
	base, err := spec.manifest()
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", uri, err)
	}
	stage, err := openStaging(ctx, uri, spec.Key)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	if err := stage.clearOpen(); err != nil {
		stage.unlock()
		return nil, fmt.Errorf("dataset: %s: staging: %w", uri, err)
	}
	return &Artifact{spec: spec, stage: stage, base: base}, nil
}

// Dir is the local directory to write into. Files keep their names. What an
// earlier, killed writer of the same key left is still there, except files
// under temporary names: .x, x.tmp and x.tmp-123.
func (a *Artifact) Dir() string { return a.stage.tree("") }

// Resumed reports whether Dir was there before: its content is the earlier
// writer's and may hold a file that was cut short.
func (a *Artifact) Resumed() bool { return a.stage.resume }

// Close hashes every file in Dir, writes the manifest and publishes. Empty
// directories are not kept; a link or another special file is an error.
func (a *Artifact) Close(ctx context.Context, counts pipeline.Counts) (*Dataset, error) {
	if a.ended {
		return nil, fmt.Errorf("dataset: %s: the artifact has ended", a.stage.target.URI)
	}
	defer a.Abort()
	m := a.base
	m.Counts = counts
	if err := a.spec.settle(ctx, &m); err != nil {
		return nil, err
	}
	names, err := a.names()
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", a.stage.target.URI, err)
	}
	for _, name := range names {
		if err := a.settle(ctx, &m, name); err != nil {
			return nil, fmt.Errorf("dataset: %s: %s: %w", a.stage.target.URI, name, err)
		}
	}
	sortParts(m.Files)
	d, err := a.stage.publish(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return d, nil
}

// settle makes one file durable and lists it.
func (a *Artifact) settle(ctx context.Context, m *Manifest, name string) error {
	if err := syncFile(a.stage.tree(name)); err != nil {
		return err
	}
	p, err := a.stage.hashFile(ctx, name)
	if err != nil {
		return err
	}
	m.Files = append(m.Files, p)
	return a.stage.upload(ctx, name)
}

func (a *Artifact) names() (names []string, err error) {
	root := a.Dir()
	err = filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		if name := filepath.ToSlash(rel); name != manifestName {
			names = append(names, name)
		}
		if !e.Type().IsRegular() {
			return fmt.Errorf("%s is no regular file", rel)
		}
		return nil
	})
	return names, err
}

// Abort ends the artifact and leaves Dir for the next writer.
func (a *Artifact) Abort() {
	a.ended = true
	a.stage.unlock()
}

// OpenArtifact opens an artifact so that Path gives local files.
func OpenArtifact(ctx context.Context, uri string) (*Dataset, error) {
	d, err := Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	if d.dir == "" {
		if err := d.fetch(ctx); err != nil {
			return nil, fmt.Errorf("dataset: %s: local copy: %w", uri, err)
		}
	}
	return d, nil
}

// checkAttached refuses names that the layout uses.
func checkAttached(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	first, _, _ := strings.Cut(name, "/")
	switch first {
	case manifestName, statsName, cardName, dataDir, indexDir, path.Dir(rejectsName):
		return errors.New(name + " is a name of the layout")
	}
	return nil
}
