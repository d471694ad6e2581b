package dataset

import (
	"fmt"
	"os"
	"path/filepath"
)

// asideName is a folder of the stage's own in staging, beside the tree.
const asideName = "aside"

// Aside returns a local folder for what a stage must not lose to a kill and
// does not publish, such as records of work that happens once. A resumed writer
// finds there what the killed one left; publishing removes it.
func (w *Writer[T]) Aside() (string, error) {
	dir := filepath.Join(w.stage.dir, asideName)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("dataset: %s: %w", w.stage.target.URI, err)
	}
	return dir, nil
}
