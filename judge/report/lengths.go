package report

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// lengths are the tokens of trajectories before anything was left out.
type lengths struct {
	of            map[int64]lengthCount // length, rounded -> rows
	rows, elided  int64
	full, removed int64
	limit         int64 // of the contract; 0 is none
	overflow      string
}

type lengthCount struct{ whole, elided int64 }

func readLengths(ctx context.Context, d *dataset.Dataset) (*lengths, error) {
	out := &lengths{of: map[int64]lengthCount{}}
	var carried struct {
		Contract struct {
			MaxTokens int64  `json:"max_tokens"`
			Overflow  string `json:"overflow"`
		} `json:"contract"`
	}
	if len(d.Manifest.Config) > 0 {
		if err := json.Unmarshal(d.Manifest.Config, &carried); err != nil {
			return nil, fmt.Errorf("%s: config of the manifest: %w", d.URI, err)
		}
	}
	out.limit, out.overflow = carried.Contract.MaxTokens, carried.Contract.Overflow
	for row, err := range dataset.Read[pipeline.TokenRow](ctx, d, dataset.ReadOptions{Columns: []string{"trajectory_id", "tokens_full", "tokens_elided"}}) {
		if err != nil {
			return nil, err
		}
		full, elided := int64(row.Value.TokensFull), int64(row.Value.TokensElided)
		if full < 0 || elided < 0 {
			return nil, fmt.Errorf("%s: row %d: %d tokens of which %d are left out", d.URI, row.Row, full, elided)
		}
		out.add(full, elided)
	}
	return out, nil
}

func (l *lengths) add(full, elided int64) {
	l.rows++
	l.full += full
	l.removed += elided
	quantum := max(1, full>>8) // keeps the map small and a bin's place exact to half a percent
	at := full / quantum * quantum
	c := l.of[at]
	if elided > 0 {
		c.elided++
		l.elided++
	} else {
		c.whole++
	}
	l.of[at] = c
}

func (l *lengths) sorted() []int64 { return slices.Sorted(maps.Keys(l.of)) }
