package sources

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
)

// ErrNotThere is returned for an origin that the input does not hold.
var ErrNotThere = errors.New("not in the raw input")

// A Found is the document that a record was made of, read and decoded again.
type Found struct {
	Data    []byte // the document, or the row of a file of rows
	Hash    string // of Data, as origin.content_hash has it
	Format  format.Format
	Records []*format.Record // of the whole document; nil where an attempt failed
	Errs    []error          // of the attempts that failed
	Index   int              // of the record that was asked for
}

// Locate reads the document of an origin again, as an import of the input would,
// and nothing else of the input but what is read beside the document. The error
// wraps ErrNotThere where there is no such document or row.
func Locate(ctx context.Context, in pipeline.Input, cfg Config, names *identity.Tables, o pipeline.Origin) (*Found, error) {
	r := Reader{Inputs: []pipeline.Input{in}, Config: cfg, Names: names, Workers: 1, only: o.URI}
	var found *Found
	r.watch = func(doc format.Document, f format.Format, rows bool, items []Item) {
		if found != nil || rows && doc.Row != o.Row {
			return
		}
		got := &Found{Data: bytes.Clone(doc.Data), Hash: format.HashContent(doc.Data), Format: f}
		for _, it := range items {
			got.Records = append(got.Records, it.Record)
			if it.Err != nil {
				got.Errs = append(got.Errs, it.Err)
			}
		}
		if !rows {
			got.Index = int(o.Row)
		}
		if got.Index < len(got.Records) {
			found = got
		}
	}
	var last error
	for it, err := range r.All(ctx) {
		if err != nil {
			return nil, err
		}
		if it.URI == o.URI && it.Record != nil && it.Record.Origin.Row == o.Row {
			break
		}
		if last == nil && it.URI == o.URI {
			last = it.Err
		}
	}
	if found == nil {
		return nil, errors.Join(fmt.Errorf("%s: row %d: %w %s", o.URI, o.Row, ErrNotThere, in.URI), last)
	}
	return found, nil
}

// wants reports whether a member is read at all.
func (r *Reader) wants(m *archive.Member) bool {
	return r.only == "" || m.Path == r.only || m.Sequential && r.keeps(m)
}
