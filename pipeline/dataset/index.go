package dataset

import (
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset/columnar"
)

// Facts are what the index knows of a trajectory's text without opening it.
type Facts struct {
	TextBytes    int64   // pipeline.Trajectory.TextBytes
	PatchBytes   int64   // 0 without a patch
	PatchHash    *string // pipeline.PatchHash; nil without a patch
	MessageCount int32
	Turns        int32 // assistant messages
}

// indexRow is one row of the index: the scalar columns of a trajectory, facts
// about its text, and where the text lies.
type indexRow struct {
	t       pipeline.Trajectory
	facts   Facts
	part    int32
	partKey string
	row     int64
}

// textColumns are the columns that the index leaves out.
func textColumns() []string { return []string{"messages", "tools", "patch", "claims"} }

func indexColumns() []column[indexRow] {
	var cols []column[indexRow]
	for _, c := range trajectoryColumns() {
		if !slices.Contains(textColumns(), c.name()) {
			cols = append(cols, lift(func(r *indexRow) *traj { return &r.t }, c))
		}
	}
	return append(cols,
		number("text_bytes", func(r *indexRow) *int64 { return &r.facts.TextBytes }),
		number("patch_bytes", func(r *indexRow) *int64 { return &r.facts.PatchBytes }),
		optText("patch_hash", func(r *indexRow) **string { return &r.facts.PatchHash }),
		number("message_count", func(r *indexRow) *int32 { return &r.facts.MessageCount }),
		number("turns", func(r *indexRow) *int32 { return &r.facts.Turns }),
		number("part", func(r *indexRow) *int32 { return &r.part }),
		few(text(partKeyColumn, func(r *indexRow) *string { return &r.partKey })),
		number("row", func(r *indexRow) *int64 { return &r.row }),
	)
}

func factsOf(t *pipeline.Trajectory) Facts {
	f := Facts{TextBytes: t.TextBytes(), MessageCount: int32(len(t.Messages))}
	for i := range t.Messages {
		if t.Messages[i].Role == pipeline.RoleAssistant {
			f.Turns++
		}
	}
	if t.Patch != nil {
		h := pipeline.PatchHash(*t.Patch)
		f.PatchBytes, f.PatchHash = int64(len(*t.Patch)), &h
	}
	return f
}

// A partIndex is the index of one part being written. The key of the part, which
// stands in every row, is not known before its end.
type partIndex struct {
	file    *stagedFile
	w       *columnar.Writer
	group   *columnar.RowGroup
	columns []column[indexRow]

	finishing errgroup.Group // of all columns but the key
}

const partKeyColumn = "part_key"

// openIndex starts the index of a part.
func (w *Writer[T]) openIndex() (*partIndex, error) {
	p := &partIndex{columns: indexColumns()}
	var err error
	if p.file, err = w.stage.create(indexDir); err != nil {
		return nil, err
	}
	p.w, err = w.columnar.Beside(p.file, schemaOf(p.columns), columnar.WriterOptions{
		Dictionary: fewOf(p.columns), KeyValue: map[string]string{"swerm.kind": "index"}})
	if err != nil {
		p.file.drop()
		return nil, err
	}
	p.group = p.w.NewRowGroup()
	return p, nil
}

// add appends the row of a trajectory, which is the next of the part.
func (p *partIndex) add(t *pipeline.Trajectory, part *openPart) error {
	row := indexRow{t: *t, facts: factsOf(t), part: int32(part.num), row: part.rows}
	to := slot{}
	for _, c := range p.columns {
		if c.name() != partKeyColumn {
			c.put(p.group, to, &row)
		}
		to.leaf += c.leaves
	}
	return p.group.EndRow()
}

// finish says that the part has all its rows: all that does not wait for its key is
// compressed.
func (p *partIndex) finish() {
	p.finishing.Go(func() error {
		leaf := 0
		for _, c := range p.columns {
			for end := leaf + c.leaves; leaf < end; leaf++ {
				if c.name() == partKeyColumn {
					continue
				}
				if err := p.group.Finish(leaf); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// end fills the key in and writes the index. A part has fewer rows than a row group
// of narrow ones.
func (p *partIndex) end(part *openPart, key pipeline.Key) error {
	if err := p.finishing.Wait(); err != nil {
		return err
	}
	to, row := slot{}, indexRow{partKey: string(key)}
	for _, c := range p.columns {
		if c.name() == partKeyColumn {
			for range part.rows {
				c.put(p.group, to, &row)
			}
		}
		to.leaf += c.leaves
	}
	p.w.SetKeyValue("swerm.part", string(key))
	return errors.Join(p.w.Commit(p.group), p.w.Close())
}

// drop gives the index up.
func (p *partIndex) drop() {
	_ = p.finishing.Wait()
	p.file.drop()
}
