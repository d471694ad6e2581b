package dataset

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

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
		few(text("part_key", func(r *indexRow) *string { return &r.partKey })),
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

// indexBatch encodes the index rows of one row group into memory of their own,
// so that the text they were taken from can go. The key of the part is not
// known yet.
func indexBatch(rows []*pipeline.Trajectory, part int, first int64) arrow.RecordBatch {
	index := make([]*indexRow, len(rows))
	for i, t := range rows {
		index[i] = &indexRow{t: *t, facts: factsOf(t), part: int32(part), row: first + int64(i)}
	}
	cols := indexColumns()
	return batchOf(schemaOf(cols), cols, nil, index)
}

// withPartKey fills the key in once the part is hashed.
func withPartKey(batch arrow.RecordBatch, key pipeline.Key) (arrow.RecordBatch, error) {
	n := int(batch.NumRows())
	rows := make([]*indexRow, n)
	row := indexRow{partKey: string(key)}
	for i := range rows {
		rows[i] = &row
	}
	cols := indexColumns()
	at := slices.IndexFunc(cols, func(c column[indexRow]) bool { return c.name() == "part_key" })
	keys := batchOf(schemaOf(cols[at:at+1]), cols[at:at+1], nil, rows)
	return batch.SetColumn(at, keys.Column(0))
}

// writeIndex writes the index of one part.
func (w *Writer[T]) writeIndex(part *openPart, key pipeline.Key) (Part, error) {
	cols := indexColumns()
	f, err := w.stage.create(indexDir)
	if err != nil {
		return Part{}, err
	}
	codec, level, err := parseCodec(w.spec.Codec)
	if err != nil {
		return Part{}, err
	}
	iw, err := columnar.NewWriter(f, schemaOf(cols), columnar.WriterOptions{Codec: codec, Level: level,
		Dictionary: fewOf(cols), KeyValue: map[string]string{"swerm.kind": "index", "swerm.part": string(key)}})
	if err != nil {
		f.drop()
		return Part{}, err
	}
	if err := writeBatches(iw, part.index, key); err != nil {
		f.drop()
		return Part{}, err
	}
	part.index = nil
	p, err := f.commit(w.ctx, func(pipeline.Key) string { return partName(indexDir, part.num, key) })
	p.Rows, p.Key = part.rows, ""
	return p, err
}

func writeBatches(w *columnar.Writer, batches []arrow.RecordBatch, key pipeline.Key) error {
	for len(batches) > 0 {
		g, rows := w.NewRowGroup(), int64(0)
		for len(batches) > 0 && rows < narrowGroupRows {
			batch, err := withPartKey(batches[0], key)
			if err != nil {
				return err
			}
			rows += batch.NumRows()
			if err := g.Write(batch); err != nil {
				return err
			}
			batches = batches[1:]
		}
		if err := w.Commit(g); err != nil {
			return err
		}
	}
	return w.Close()
}
