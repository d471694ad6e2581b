package dataset

import (
	"context"
	"fmt"
)

// Close asserts the law, writes stats, card and manifest, and publishes. After
// an error, and after Abort, staging stays for the next writer.
func (w *Writer[T]) Close(ctx context.Context) (*Dataset, error) {
	if w.ended {
		return nil, fmt.Errorf("dataset: %s: the writer has ended", w.stage.target.URI)
	}
	defer w.Abort()
	if err := w.finish(ctx); err != nil {
		return nil, err
	}
	d, err := w.publish(ctx)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return d, nil
}

// finish ends the last part and drains the line of work. What does not depend on the
// part's bytes is done meanwhile.
func (w *Writer[T]) finish(ctx context.Context) error {
	if err := w.err(); err != nil {
		return err
	}
	if w.expect != nil && *w.expect != w.counts.In {
		return w.fail(fmt.Errorf("%d candidate records were expected, %d are accounted for (%v)",
			*w.expect, w.counts.In, w.counts))
	}
	if w.part != nil || w.nextPart == 0 { // at least one part, so that readers see the columns
		if err := w.sealLast(); err != nil {
			return err
		}
	}
	if err := w.spec.settle(ctx, &w.base); err != nil {
		return err
	}
	if err := w.sideFiles(ctx); err != nil {
		return w.fail(err)
	}
	close(w.order)
	<-w.settled
	w.order = nil
	return w.err()
}

// sideFiles writes rejects, stats and card.
func (w *Writer[T]) sideFiles(ctx context.Context) error {
	if err := w.rejects.finish(); err != nil {
		return fmt.Errorf("%s: %w", rejectsName, err)
	}
	w.stage.behind.Go(w.rejects.f.Sync)
	rejects, err := w.stage.hashFile(ctx, rejectsName)
	if err != nil {
		return err
	}
	if err := w.stage.upload(ctx, rejectsName); err != nil {
		return err
	}
	w.files = append(w.files, rejects)
	stats, err := marshalIndent(w.stats)
	if err != nil {
		return err
	}
	m := w.base
	m.Counts = w.counts
	for name, content := range map[string][]byte{statsName: stats, cardName: card(&m, w.nextPart, &w.stats)} {
		p, err := w.stage.put(ctx, name, content)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		w.files = append(w.files, p)
	}
	return nil
}

func (w *Writer[T]) publish(ctx context.Context) (*Dataset, error) {
	m := w.base
	for _, l := range w.lines {
		m.add(l)
	}
	m.Counts = w.counts
	m.Files = sortParts(append(m.Files, w.files...))
	return w.stage.publish(ctx, m)
}

// Abort ends the writer without a dataset and leaves its finished parts for
// the next one. After Close it does nothing, so it may be deferred.
func (w *Writer[T]) Abort() {
	if w.ended {
		return
	}
	w.ended = true
	w.cancel()
	if w.order != nil {
		close(w.order)
		<-w.settled
		w.order = nil
	}
	if w.part != nil {
		w.part.drop()
	}
	close(w.jobs)
	w.encoders.Wait()
	w.group = nil
	if w.columnar != nil {
		w.columnar.Release()
	}
	w.rejects.close()
	w.log.close()
	w.stage.unlock()
}
