package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/store"
)

var (
	errNone  = errors.New("no dataset")
	errOther = errors.New("another dataset is there")
)

// Committed is an output that is whole: its manifest is there.
type Committed struct {
	URI    string
	Kind   pipeline.Kind   `json:"kind"`
	Stage  string          `json:"stage"`
	Key    pipeline.Key    `json:"key"`
	Counts pipeline.Counts `json:"counts"`
}

func open(ctx context.Context, uri string) (*Committed, error) {
	st, root, err := store.Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	b, err := st.Open(ctx, path.Join(root, "manifest.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", uri, errNone)
	}
	if err != nil {
		return nil, err
	}
	defer b.Close()
	c := &Committed{URI: uri}
	if err := json.NewDecoder(io.NewSectionReader(b, 0, b.Size())).Decode(c); err != nil {
		return nil, fmt.Errorf("%s/manifest.json: %w", uri, err)
	}
	return c, nil
}
