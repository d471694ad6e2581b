package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline/store"
)

// upload sends a finished file to an object store.
func (s *staging) upload(ctx context.Context, name string) error {
	if !s.remote {
		return nil
	}
	f, err := os.Open(s.tree(name))
	if err != nil {
		return err
	}
	defer f.Close()
	up, err := s.target.st.Create(ctx, path.Join(s.target.root, name))
	if err != nil {
		return err
	}
	defer up.Abort()
	if _, err := io.Copy(up, contextReader{ctx, f}); err != nil {
		return fmt.Errorf("upload %s: %w", name, err)
	}
	if err := up.Commit(); err != nil {
		return fmt.Errorf("upload %s: %w", name, err)
	}
	return nil
}

// uploadPart sends a part and empties its local copy, so that the disk holds
// one open part and not the dataset.
func (s *staging) uploadPart(ctx context.Context, name string) error {
	if !s.remote {
		return nil
	}
	if err := s.upload(ctx, name); err != nil {
		return err
	}
	return os.Truncate(s.tree(name), 0)
}

// publishRemote removes what an interrupted upload of other bytes left, and
// then puts the manifest where none is.
func (s *staging) publishRemote(ctx context.Context, m Manifest, manifest []byte) error {
	if err := s.behind.Wait(); err != nil {
		return err
	}
	listed := map[string]bool{}
	for _, p := range slices.Concat(m.Parts, m.Files) {
		listed[path.Join(s.target.root, p.Path)] = true
	}
	var stray []string
	for e, err := range s.target.st.List(ctx, s.target.root) {
		if err != nil {
			return err
		}
		if !listed[e.Path] {
			stray = append(stray, e.Path)
		}
		delete(listed, e.Path)
	}
	if len(listed) > 0 {
		return fmt.Errorf("%w: %s was uploaded and is gone", ErrOther, strings.Join(sortedKeys(listed), ", "))
	}
	for _, p := range stray {
		rm, ok := s.target.st.(store.Remover)
		if !ok || !isOurs(s.target.root, p) {
			return fmt.Errorf("%w: %s is not part of this dataset", ErrOther, p)
		}
		if err := rm.Remove(ctx, p); err != nil {
			return err
		}
	}
	return s.putManifest(ctx, manifest)
}

func (s *staging) putManifest(ctx context.Context, manifest []byte) error {
	ex, ok := s.target.st.(store.Exclusive)
	if !ok {
		return errors.New("the store has no exclusive create")
	}
	up, err := ex.CreateExclusive(ctx, path.Join(s.target.root, manifestName))
	if err != nil {
		return err
	}
	defer up.Abort()
	if _, err := io.Copy(up, bytes.NewReader(manifest)); err != nil {
		return err
	}
	err = up.Commit()
	if errors.Is(err, store.ErrExists) {
		return ErrOther
	}
	return err
}
