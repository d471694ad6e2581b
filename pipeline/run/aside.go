package run

import (
	"errors"
	"os"
	"path/filepath"
)

// replace moves an output that is made again aside, and back where the new
// one does not come about.
func (e *engine) replace(t *Planned, do func() error) error {
	if !t.Redo {
		return do()
	}
	aside := filepath.Join(e.plan.File.Out, asideDir, filepath.Base(t.Out))
	if err := os.MkdirAll(filepath.Dir(aside), 0o777); err != nil {
		return err
	}
	if err := os.Rename(t.Out, aside); err != nil {
		return err
	}
	if err := do(); err != nil {
		if _, missing := os.Lstat(t.Out); missing != nil {
			return errors.Join(err, os.Rename(aside, t.Out))
		}
		return err
	}
	return os.RemoveAll(aside)
}

// sweep removes what a killed run leaves behind: the staging of outputs that
// it had just published, and files that had not got their names.
func (p *Plan) sweep() error {
	left := []string{"." + stateName + "-*", filepath.Join(cacheDir, ".*-*")}
	for _, t := range p.Tasks {
		if t.Done != nil {
			left = append(left, "."+filepath.Base(t.Out)+".staging-*")
		}
	}
	for _, pattern := range left {
		found, err := filepath.Glob(filepath.Join(p.File.Out, pattern))
		if err != nil {
			return err
		}
		for _, path := range found {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// restoreAside brings back outputs that a killed run had moved aside.
func restoreAside(out string) error {
	dir := filepath.Join(out, asideDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // none
	}
	for _, entry := range entries {
		from, to := filepath.Join(dir, entry.Name()), filepath.Join(out, entry.Name())
		if _, err := os.Lstat(to); err == nil {
			err = os.RemoveAll(from)
			if err != nil {
				return err
			}
		} else if err := os.Rename(from, to); err != nil {
			return err
		}
	}
	return os.Remove(dir)
}
