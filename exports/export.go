package exports

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// Options say what is exported, where to and how. Dataset, Format and Out are a
// must.
type Options struct {
	Dataset string // URI of trajectories
	View    string // "" = all of them
	Labels  string // "" = no outcome is written
	Format  string
	Out     string // a .jsonl file (.gz, .zst), a folder, or - for Stdout

	Split     string // of the view; "" = all
	Reasoning bool   // hidden reasoning too
	Final     bool   // the scaffold's last word too
	Demos     bool   // demonstrations too
	ShardRows int64  // closes a file of lines; 0 = by shardBytes alone

	Stdout   io.Writer // where - goes
	Workers  int       // never changes what is written
	Progress pipeline.Progress
}

// Validate lists every fault.
func (o *Options) Validate() error {
	var errs []error
	f, err := findFormat(o.Format)
	if err != nil {
		errs = append(errs, err)
	}
	if o.Split != "" && o.View == "" {
		errs = append(errs, errors.New("split: splits stand in a view; name one"))
	}
	switch o.Split {
	case "", pipeline.SplitTrain, pipeline.SplitDev, pipeline.SplitTest:
	default:
		errs = append(errs, fmt.Errorf("split %q is not one of train, dev, test", o.Split))
	}
	if o.ShardRows < 0 {
		errs = append(errs, fmt.Errorf("shard rows %d are below 0", o.ShardRows))
	}
	if err == nil && f.suffix != "" && (o.Out == toStdout || isLinesFile(o.Out)) {
		errs = append(errs, fmt.Errorf("%s writes a folder of files; %q is none", o.Format, o.Out))
	}
	if o.ShardRows > 0 && (o.Out == toStdout || isLinesFile(o.Out)) {
		errs = append(errs, fmt.Errorf("shards go to a folder; %q is one file", o.Out))
	}
	if o.Out == toStdout && o.Stdout == nil {
		errs = append(errs, errors.New("there is no standard output"))
	}
	return errors.Join(errs...)
}

// Result is what an export tells.
type Result struct {
	In      int64                         `json:"in"`
	Out     int64                         `json:"out"`
	Dropped map[pipeline.DropReason]int64 `json:"dropped"`

	Format     string       `json:"format"`
	Dataset    pipeline.Key `json:"dataset"` // key of what was exported
	Files      int64        `json:"files"`
	Bytes      int64        `json:"bytes"` // before compression
	Resolved   int64        `json:"resolved"`
	Unresolved int64        `json:"unresolved"`
}

// Export writes trajectories. The error is one of the options, of what is read, or
// of writing; a record alone cannot fail.
func Export(ctx context.Context, o Options) (*Result, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	res, err := export(ctx, &o)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return res, nil
}

func export(ctx context.Context, o *Options) (*Result, error) {
	f, err := findFormat(o.Format)
	if err != nil {
		return nil, err
	}
	s, err := openSelection(ctx, o)
	if err != nil {
		return nil, err
	}
	resolved, err := verdicts(ctx, o.Labels)
	if err != nil {
		return nil, err
	}
	w, err := openSink(ctx, o, f)
	if err != nil {
		return nil, err
	}
	defer w.abort()
	res := &Result{Format: f.Name, Dataset: s.d.Manifest.Key}
	var c pipeline.Counts
	s.drop(&c)
	if o.Progress != nil {
		o.Progress.Total(c.In-c.DroppedTotal(), "rows")
	}
	for row, err := range s.rows(ctx, o.Workers) {
		if err != nil {
			return nil, err
		}
		r := &record{Trajectory: row.Value, o: o}
		if len(s.count) > 0 {
			r.count = s.count[dataset.Ref{PartKey: row.PartKey, Row: row.Row}]
		}
		if is, ok := resolved[r.ID]; ok {
			r.resolved = &is
		}
		if err := write(f, r, w, &c, res); err != nil {
			return nil, fmt.Errorf("%s: %w", r.ID, err)
		}
		if o.Progress != nil {
			o.Progress.Add(1)
		}
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	res.In, res.Out, res.Dropped = c.In, c.Out, c.Dropped
	if res.Dropped == nil {
		res.Dropped = map[pipeline.DropReason]int64{}
	}
	res.Files, res.Bytes = w.files, w.bytes
	return res, w.close(res)
}

func write(f Format, r *record, w *sink, c *pipeline.Counts, res *Result) error {
	v := f.encode(r)
	if v == nil {
		c.Drop(pipeline.DropNoMessages)
		return nil
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	c.Out++
	if r.resolved != nil {
		if *r.resolved {
			res.Resolved++
		} else {
			res.Unresolved++
		}
	}
	return w.add(r.Trajectory, text.Bytes())
}
