package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"github.com/swerm/swerm/pipeline"
)

// rejectsName is where a dataset keeps the records that were not used.
const rejectsName = "rejects/part-00000.jsonl.zst"

// A rejectFile lists every candidate that is not trained on, and why.
type rejectFile struct {
	f   *os.File
	z   *zstd.Encoder
	enc *json.Encoder
}

func createRejects(dir string) (*rejectFile, error) {
	path := filepath.Join(dir, filepath.FromSlash(rejectsName))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("rejects: %w", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("rejects: %w", err)
	}
	z, err := zstd.NewWriter(f, zstd.WithEncoderConcurrency(1)) // one goroutine: the same bytes everywhere
	if err != nil {
		return nil, errors.Join(fmt.Errorf("rejects: %w", err), f.Close())
	}
	return &rejectFile{f: f, z: z, enc: json.NewEncoder(z)}, nil
}

func (r *rejectFile) add(reject pipeline.Reject) error {
	if err := r.enc.Encode(reject); err != nil {
		return fmt.Errorf("rejects: %w", err)
	}
	return nil
}

func (r *rejectFile) close() error {
	if err := errors.Join(r.z.Close(), r.f.Close()); err != nil {
		return fmt.Errorf("rejects: %w", err)
	}
	return nil
}
