package dataset

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/store"
)

// A Cursor is a position in a stage's inputs: which input, which record in it.
// Cursors of one stage grow; what they count is the stage's own affair.
type Cursor struct {
	Input int   `json:"input"`
	Row   int64 `json:"row"`
}

func (c Cursor) before(o Cursor) bool {
	return c.Input < o.Input || c.Input == o.Input && c.Row < o.Row
}

// sealed is one line of the journal: everything that is known once a part is
// durable. All fields but Part and Index are totals up to here, so a resume
// needs the last line only for them.
type sealed struct {
	Part        Part            `json:"part"`
	Index       *Part           `json:"index,omitempty"`
	Counts      pipeline.Counts `json:"counts"`
	RejectBytes int64           `json:"reject_bytes"` // of the rejects file that are durable
	Next        Cursor          `json:"next"`         // first record that is not durable
	Stats       Stats           `json:"stats"`
}

// header is the first line: a journal of another task, or of another layout,
// is not gone on with.
type header struct {
	Journal   int          `json:"journal"`
	Key       pipeline.Key `json:"key"`
	Codec     string       `json:"codec"`
	PartBytes int64        `json:"part_bytes"`
}

// journalVersion is raised when a line means something else.
const journalVersion = 1

// journal is an append-only file that is synced after every line that it is told.
type journal struct {
	f      *os.File
	listed bool // in its folder, durably
}

// openJournal reads what is durable and opens the journal for more. Of a line
// that a kill cut short nothing is kept. A header without lines says nothing that
// has to be durable.
func (s *staging) openJournal(h header) (*journal, []sealed, error) {
	name := filepath.Join(s.dir, journalName)
	want, err := json.Marshal(h)
	if err != nil {
		return nil, nil, err
	}
	raw, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	lines, good := []sealed(nil), int64(0)
	if first, rest, ok := bytes.Cut(raw, []byte("\n")); ok && bytes.Equal(first, want) {
		lines, good = parseJournal(rest)
		good += int64(len(first)) + 1
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, nil, err
	}
	j := &journal{f: f}
	if err := f.Truncate(good); err != nil {
		j.close()
		return nil, nil, err
	}
	if _, err := f.Seek(good, 0); err != nil {
		j.close()
		return nil, nil, err
	}
	if good == 0 {
		if err := j.line(want); err != nil {
			j.close()
			return nil, nil, err
		}
	}
	return j, lines, nil
}

func parseJournal(raw []byte) (lines []sealed, good int64) {
	r := bufio.NewReader(bytes.NewReader(raw))
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return lines, good // the rest has no end: it was being written
		}
		var s sealed
		if json.Unmarshal(line, &s) != nil {
			return lines, good
		}
		lines = append(lines, s)
		good += int64(len(line))
	}
}

// add makes a line durable.
func (j *journal) add(s sealed) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := j.line(raw); err != nil {
		return err
	}
	if err := j.f.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if j.listed {
		return nil
	}
	j.listed = true
	return store.SyncDir(filepath.Dir(j.f.Name()))
}

func (j *journal) line(raw []byte) error {
	if _, err := j.f.Write(append(raw, '\n')); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

func (j *journal) close() { _ = j.f.Close() }
