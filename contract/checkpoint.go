package contract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// CheckpointFile is the name of the card in a checkpoint's directory.
const CheckpointFile = "swerm.json"

// maxCardBytes bounds swerm.json: a million tasks of 19 bytes fit.
const maxCardBytes = 64 << 20

// A Checkpoint is swerm.json: how the network beside it is asked, what it was
// made from and what it must not be evaluated on.
type Checkpoint struct {
	Contract     Contract            `json:"contract"`
	Objective    string              `json:"objective"`
	Head         string              `json:"head"` // "two_way" or "full"
	Precision    string              `json:"precision"`
	KernelFamily string              `json:"kernel_family"`
	Lineage      map[string]string   `json:"lineage"`    // what it was made from -> key
	TrainedOn    map[string][]string `json:"trained_on"` // use -> hashes of task ids, sorted and unique
	Metrics      map[string]float64  `json:"metrics"`
	Step         int                 `json:"step"`
}

// TaskHash is how trained_on names a task: enough to find overlap, and no list
// of names to read.
func TaskHash(taskID string) string {
	sum := sha256.Sum256([]byte(taskID))
	return hex.EncodeToString(sum[:8])
}

// LoadCheckpoint reads and checks the card of a checkpoint.
func LoadCheckpoint(dir string) (*Checkpoint, error) {
	path := filepath.Join(dir, CheckpointFile)
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	if info.Size() > maxCardBytes {
		return nil, fmt.Errorf("checkpoint: %s: %d bytes, the limit is %d", path, info.Size(), maxCardBytes)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	var c Checkpoint
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", path, err)
	}
	if err := c.Contract.Validate(); err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", path, err)
	}
	return &c, nil
}

// Save writes the card into dir; it appears whole or not at all.
func (c *Checkpoint) Save(dir string) error {
	if err := c.Contract.Validate(); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(c); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return writeFile(filepath.Join(dir, CheckpointFile), b.Bytes())
}

// writeFile writes by temp, fsync and rename.
func writeFile(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	if _, err = f.Write(content); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
