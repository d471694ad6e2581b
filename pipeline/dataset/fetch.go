package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/swerm/swerm/pipeline/store"
)

// fetch copies an artifact from an object store into the cache directory,
// checking every hash, and points Path at the copy. The copy is named by the
// manifest's own hash, so another version never takes its place.
func (d *Dataset) fetch(ctx context.Context) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	dir := filepath.Join(cache, "swerm", "artifacts", d.Manifest.SHA256)
	local := store.Local{Root: dir}
	for _, p := range slices.Concat(d.Manifest.Parts, d.Manifest.Files) {
		info, err := os.Stat(local.File(p.Path))
		if err == nil && info.Size() == p.Bytes {
			continue // appeared whole, by rename
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := d.fetchFile(ctx, local, p); err != nil {
			return fmt.Errorf("%s: %w", p.Path, err)
		}
	}
	d.dir = dir
	return nil
}

func (d *Dataset) fetchFile(ctx context.Context, local store.Local, p Part) error {
	blob, err := d.open(ctx, p.Path)
	if err != nil {
		return err
	}
	defer blob.Close()
	up, err := local.Create(ctx, p.Path)
	if err != nil {
		return err
	}
	defer up.Abort()
	sum := sha256.New()
	src := contextReader{ctx, io.NewSectionReader(blob, 0, blob.Size())}
	if _, err := io.Copy(io.MultiWriter(up, sum), src); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != p.SHA256 {
		return fmt.Errorf("hash is %s, the manifest says %s", got, p.SHA256)
	}
	return up.Commit()
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
