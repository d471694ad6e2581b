package sources

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/instance"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
)

// maxTaskFaults bounds how many rows of tasks that cannot be used are logged.
const maxTaskFaults = 10

// TaskRows is what the rows of task data sets gave.
type TaskRows struct {
	Rows     int64 `json:"rows"`
	Failed   int64 `json:"failed"`   // rows that cannot be used
	Disputed int   `json:"disputed"` // facts that rows contradict each other in
	Enriched int64 `json:"enriched"` // records whose instance has a row
}

// readTasks reads the task rows of all inputs. A row that cannot be used is
// counted and logged; inputs that hold no task at all are a mistake.
func readTasks(ctx context.Context, inputs []pipeline.Input, log *slog.Logger) (*instance.Index, *TaskRows, error) {
	if len(inputs) == 0 {
		return nil, nil, nil
	}
	x, told := &instance.Index{}, &TaskRows{}
	for _, in := range inputs {
		before := told.Rows
		for m, err := range walkURI(ctx, strings.TrimSuffix(in.URI, "/"), archive.Limits{}) {
			if err == nil && !m.Irregular {
				err = taskFile(ctx, &m, x, told, log)
			}
			if err != nil {
				return nil, nil, fmt.Errorf("tasks: %s: %w", in.URI, err)
			}
		}
		if told.Rows == before {
			return nil, nil, fmt.Errorf("tasks: %s: no row of a task in it", in.URI)
		}
	}
	told.Disputed = x.Disputed
	return x, told, nil
}

func taskFile(ctx context.Context, m *archive.Member, x *instance.Index, told *TaskRows, log *slog.Logger) error {
	f, err := m.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, sniffBytes)
	head, err := r.Peek(sniffBytes)
	if err != nil && err != io.EOF {
		return err
	}
	if !isTable(head) && !format.LooksLikeJSON(head) {
		return nil // no rows
	}
	for t, err := range instance.Read(ctx, r, m.Path) {
		var bad *instance.RowError
		switch {
		case errors.Is(err, instance.ErrNotTask):
		case errors.As(err, &bad):
			if told.Failed++; told.Failed <= maxTaskFaults && log != nil {
				log.Warn("a task row cannot be used", "error", bad)
			}
		case err != nil:
			return err
		default:
			told.Rows++
			x.Add(t.Facts)
		}
	}
	return ctx.Err()
}

// enrich fills what a record's document does not say of its task from the task's
// own row. It returns the data set that the row belongs to, and whether there is
// one.
func (r *Reader) enrich(t *pipeline.Trajectory) (dataset string, ok bool) {
	if r.Tasks == nil || t.InstanceID == nil {
		return "", false
	}
	f, ok := r.Tasks.Find(*t.InstanceID)
	if !ok {
		return "", false
	}
	for _, c := range []struct {
		to   **string
		from string
	}{{&t.Repo, f.Repo}, {&t.Language, f.Language}, {&t.CreatedAt, f.CreatedAt}, {&t.License, f.License}, {&t.Environment, f.Image}} {
		if *c.to == nil && c.from != "" {
			value := c.from
			*c.to = &value
		}
	}
	if t.BaseCommit == nil && identity.IsCommit(f.BaseCommit) {
		t.BaseCommit = &f.BaseCommit
	}
	return first(f.Dataset, known(r.Names.Source(f.Image))), true
}

// known returns a name that says something.
func known(name string) string {
	if name == identity.Unknown {
		return ""
	}
	return name
}
