package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/run"
)

// stdinName is how records name a stream that came without a name.
const stdinName = "stdin"

// spoolStdin lets `import -` read a stream. An input is keyed by its content
// before it is read, so the stream is kept in scratch space until the end.
func (a *app) spoolStdin(ctx context.Context, s *run.Single, o run.Options) error {
	spooled := ""
	for i := range s.Inputs {
		if s.Inputs[i].URI != "-" || s.Inputs[i].Port.Kind != pipeline.KindRaw {
			continue
		}
		if spooled != "" {
			return usage("standard input can be read once: - is given twice")
		}
		dir, err := os.MkdirTemp("", "swerm-stdin-*")
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
		a.atEnd = append(a.atEnd, func() { _ = os.RemoveAll(dir) })
		spooled = filepath.Join(dir, stdinName)
		if err := copyTo(ctx, spooled, a.in); err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
		s.Inputs[i].URI, s.Inputs[i].Name = spooled, stdinName
	}
	return nil
}

func copyTo(ctx context.Context, path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, untilDone{ctx, r}); err != nil {
		return err
	}
	return f.Close()
}

// untilDone ends a stream with its context.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
