package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset/columnar"
	"github.com/swerm/swerm/pipeline/store"
)

// Spec says what a new dataset is: everything in its manifest that does not
// follow from its rows.
type Spec struct {
	Kind         pipeline.Kind
	Stage        string
	StageVersion int
	Config       any // marshalled canonically into the manifest; never a secret
	Key          pipeline.Key
	Parents      []Parent

	// Settle, where it is not nil, returns what Key and Parents are to be. Close calls
	// it, once all rows are there and while the last are written; until then Key names
	// the place where the dataset grows, and where a writer that is killed is gone on
	// with.
	Settle func(ctx context.Context) (pipeline.Key, []Parent, error)

	// Codec compresses the parts: "zstd" (default), "zstd-fastest" for what is
	// read once, "zstd-better", "snappy" or "none". It decides bytes, so a
	// stage that lets users choose has it in its config.
	Codec string

	// PartBytes closes a part; 0 is 256 MiB. Like Codec it decides bytes.
	PartBytes int64

	Workers int          // goroutines that encode; 0 = one per CPU. Never changes what is written
	Log     *slog.Logger // nil = silent
}

// SpecOf returns the Spec of a stage's task.
func SpecOf(t *pipeline.Task) Spec {
	s := Spec{Kind: t.Stage.Output, Stage: t.Stage.Name, StageVersion: t.Stage.Version,
		Config: t.Config, Key: t.Key, Workers: t.Workers, Log: t.Log}
	s.Parents = parents(t)
	if t.Settle != nil {
		s.Settle = func(ctx context.Context) (pipeline.Key, []Parent, error) {
			err := t.Settle(ctx)
			return t.Key, parents(t), err
		}
	}
	return s
}

// settle gives a manifest the key and the parents that it is to have.
func (s *Spec) settle(ctx context.Context, m *Manifest) (err error) {
	if s.Settle != nil {
		m.Key, m.Parents, err = s.Settle(ctx)
	}
	return err
}

func parents(t *pipeline.Task) (all []Parent) {
	for _, in := range t.Inputs {
		all = append(all, Parent{Port: in.Port, URI: parentURI(t.Out, in), Key: in.Key, Kind: in.Kind})
	}
	return all
}

// parentURI names an input so that the manifest does not depend on where a
// folder of runs or raw data happens to lie.
func parentURI(out string, in pipeline.Input) string {
	if in.Kind == pipeline.KindRaw && in.Name != "" {
		return in.Name
	}
	from, err1 := store.LocalPath(out)
	to, err2 := store.LocalPath(in.URI)
	if err1 != nil || err2 != nil {
		return in.URI
	}
	if from, err1 = filepath.Abs(from); err1 != nil {
		return in.URI
	}
	if to, err2 = filepath.Abs(to); err2 != nil {
		return in.URI
	}
	rel, err := filepath.Rel(from, to)
	if err != nil {
		return in.URI
	}
	return filepath.ToSlash(rel)
}

// ParentURI returns where a parent dataset lies now, as far as the manifest
// can say.
func (d *Dataset) ParentURI(p Parent) string {
	if strings.Contains(p.URI, "://") || filepath.IsAbs(p.URI) || p.Kind == pipeline.KindRaw || !store.IsLocal(d.URI) {
		return p.URI
	}
	dir, err := store.LocalPath(d.URI)
	if err != nil {
		return p.URI
	}
	return filepath.Join(dir, filepath.FromSlash(p.URI))
}

// Validate lists every fault.
func (s *Spec) Validate() error {
	var errs []error
	if s.Stage == "" {
		errs = append(errs, errors.New("stage is empty"))
	}
	if s.Kind == "" {
		errs = append(errs, errors.New("kind is empty"))
	}
	if len(s.Key) != 32 || strings.Trim(string(s.Key), "0123456789abcdef") != "" {
		errs = append(errs, fmt.Errorf("key %q is not 32 hex digits (pipeline.TaskKey makes one)", s.Key))
	}
	if s.PartBytes < 0 || s.Workers < 0 {
		errs = append(errs, errors.New("part_bytes and workers are not below 0"))
	}
	if _, _, err := parseCodec(s.Codec); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (s *Spec) workers() int {
	if s.Workers > 0 {
		return s.Workers
	}
	return runtime.GOMAXPROCS(0)
}

func (s *Spec) log() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.New(slog.DiscardHandler)
}

// manifest returns the manifest before anything is known of the rows.
func (s *Spec) manifest() (Manifest, error) {
	if err := s.Validate(); err != nil {
		return Manifest{}, fmt.Errorf("spec: %w", err)
	}
	config, err := pipeline.CanonicalJSON(s.Config)
	if err != nil {
		return Manifest{}, fmt.Errorf("config of %s: %w", s.Stage, err)
	}
	m := Manifest{FormatVersion: FormatVersion, Kind: s.Kind, Stage: s.Stage,
		StageVersion: s.StageVersion, Config: json.RawMessage(config), Key: s.Key,
		Parents: slices.Clone(s.Parents), Files: []Part{}}
	if m.Parents == nil {
		m.Parents = []Parent{}
	}
	return m, nil
}

// defaultCodec favours size: a dataset is written once and read often.
const defaultCodec = "zstd"

func parseCodec(name string) (columnar.Codec, columnar.Level, error) {
	switch name {
	case "", defaultCodec:
		return columnar.Zstd, columnar.Default, nil
	case "zstd-fastest":
		return columnar.Zstd, columnar.Fastest, nil
	case "zstd-better":
		return columnar.Zstd, columnar.Better, nil
	case "snappy":
		return columnar.Snappy, columnar.Default, nil
	case "none":
		return columnar.Uncompressed, columnar.Default, nil
	}
	return "", "", fmt.Errorf("codec %q is not one of zstd, zstd-fastest, zstd-better, snappy, none", name)
}
