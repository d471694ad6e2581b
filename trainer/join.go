package trainer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// ErrNoSamples is returned when nothing is left to train on.
var ErrNoSamples = errors.New("no row to train on")

// ErrTwoVerdicts is returned when a label set says two things of one trajectory.
var ErrTwoVerdicts = errors.New("two verdicts on one trajectory")

// maxVisits bounds the visits of one epoch, whose order is held in memory: 128
// million are half a gigabyte and a hundred times the largest pool published.
const maxVisits = 1 << 27

// ErrTooManyVisits is returned for a view whose counts add up to more.
var ErrTooManyVisits = errors.New("too many visits in one epoch")

// A join meets view, labels and tokens by trajectory id. Candidates are the
// rows of the view or, without one, of the token set; each becomes a sample,
// or is dropped for a reason, or fails, and is counted exactly once.
type join struct {
	cfg     *Config
	vocab   int32
	rejects *rejectFile
	counts  pipeline.Counts

	verdicts map[string]pipeline.Verdict // nil: the view's own are used
	needs    bool                        // samples need a target

	byID    map[string]int32 // every trajectory that the view named, by its place in waiting; -1: rejected
	waiting []candidate
	taskIDs map[string]int32
	corpus  *corpus
}

// A candidate has been chosen and waits for its tokens.
type candidate struct {
	sample
	place
	split string
	found bool
}

// A place is where a row lies.
type place struct {
	uri string
	row int64
}

func newJoin(cfg *Config, vocab int, tokens *tokenFile, rejects *rejectFile) *join {
	return &join{cfg: cfg, vocab: int32(vocab), rejects: rejects, needs: cfg.Objective.Name != ObjectiveNextToken,
		byID: map[string]int32{}, taskIDs: map[string]int32{}, corpus: &corpus{tokens: tokens}}
}

// inputs are the datasets that a run joins; labels and view may be nil.
type inputs struct{ tokens, labels, view *dataset.Dataset }

// joinInputs reads all inputs once, in order, and returns the samples with
// their tokens in a file in dir, and the ledger of the candidates.
func joinInputs(ctx context.Context, in inputs, cfg *Config, vocab int, dir string, workers int) (c *corpus, counts pipeline.Counts, err error) {
	file, err := createTokenFile(filepath.Join(dir, workDir, "tokens"))
	if err != nil {
		return nil, counts, err
	}
	rejects, err := createRejects(dir)
	if err != nil {
		return nil, counts, errors.Join(err, file.close())
	}
	j := newJoin(cfg, vocab, file, rejects)
	err = j.read(ctx, in, workers)
	if err == nil {
		err = j.finish()
	}
	if closed := rejects.close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, counts, errors.Join(err, file.close())
	}
	return j.corpus, j.counts, nil
}

func (j *join) read(ctx context.Context, in inputs, workers int) error {
	if in.labels != nil && j.needs {
		o := dataset.ReadOptions{Columns: []string{"trajectory_id", "verdict"}, Workers: workers}
		if err := j.readLabels(dataset.Read[pipeline.Label](ctx, in.labels, o)); err != nil {
			return err
		}
	}
	if in.view != nil {
		for row, err := range dataset.Read[pipeline.Selection](ctx, in.view, dataset.ReadOptions{Workers: workers}) {
			if err != nil {
				return fmt.Errorf("view: %w", err)
			}
			if err := j.selection(row.Value, placeOf(in.view, row.Part, row.Row)); err != nil {
				return err
			}
		}
	}
	o := dataset.ReadOptions{Columns: []string{"trajectory_id", "task_id", "ids"}, Workers: workers}
	for row, err := range dataset.Read[pipeline.TokenRow](ctx, in.tokens, o) {
		if err != nil {
			return fmt.Errorf("tokens: %w", err)
		}
		if err := j.tokenRow(row.Value, in.view != nil, placeOf(in.tokens, row.Part, row.Row)); err != nil {
			return err
		}
	}
	return nil
}

func placeOf(d *dataset.Dataset, part int, row int64) place {
	return place{d.Manifest.Parts[part].Path, row}
}

func (j *join) readLabels(rows iter.Seq2[dataset.Located[pipeline.Label], error]) error {
	j.verdicts = map[string]pipeline.Verdict{}
	for row, err := range rows {
		if err != nil {
			return fmt.Errorf("labels: %w", err)
		}
		l := row.Value
		if was, ok := j.verdicts[l.TrajectoryID]; ok && was != l.Verdict {
			return fmt.Errorf("labels: row %d: %w: %s is %s and %s", row.Row, ErrTwoVerdicts, l.TrajectoryID, was, l.Verdict)
		}
		j.verdicts[l.TrajectoryID] = l.Verdict
	}
	return nil
}

// selection decides on one row of the view, all but its tokens.
func (j *join) selection(s *pipeline.Selection, at place) error {
	j.counts.In++
	if _, twice := j.byID[s.TrajectoryID]; twice {
		return j.drop(pipeline.DropDuplicate, s.TrajectoryID, at)
	}
	j.byID[s.TrajectoryID] = -1
	dev := j.cfg.Data.DevSplit != "" && s.Split == j.cfg.Data.DevSplit
	if !dev && s.Split != j.cfg.Data.TrainSplit {
		return j.drop(pipeline.DropOtherSplit, s.TrajectoryID, at)
	}
	if scale := j.cfg.Data.Scale; !dev && scale > 0 && (s.Scale == 0 || s.Scale > scale) {
		return j.drop(pipeline.DropOtherScale, s.TrajectoryID, at)
	}
	if s.Count < 1 {
		return j.failed(s.TrajectoryID, at, fmt.Errorf("count is %d", s.Count))
	}
	target, reason := j.target(s)
	if reason != "" {
		return j.drop(reason, s.TrajectoryID, at)
	}
	j.byID[s.TrajectoryID] = int32(len(j.waiting))
	j.waiting = append(j.waiting, candidate{place: at, split: s.Split, sample: sample{
		id: s.TrajectoryID, task: j.task(s.TaskID), target: target, count: s.Count}})
	return nil
}

// target joins the verdict: from the label set, or from the view where the run
// has no label set.
func (j *join) target(s *pipeline.Selection) (y float64, reason pipeline.DropReason) {
	if !j.needs {
		return 0, ""
	}
	verdict := s.Verdict
	if j.verdicts != nil {
		var ok bool
		if verdict, ok = j.verdicts[s.TrajectoryID]; !ok {
			return 0, pipeline.DropNoLabel
		}
	}
	y, ok := verdict.Target()
	if !ok {
		return 0, pipeline.DropNoVerdict
	}
	return y, ""
}

func (j *join) task(id string) int32 {
	n, ok := j.taskIDs[id]
	if !ok {
		n = int32(len(j.corpus.tasks))
		j.taskIDs[id] = n
		j.corpus.tasks = append(j.corpus.tasks, id)
	}
	return n
}

// tokenRow gives a waiting candidate its tokens; without a view the row is a
// candidate itself. Rows that the view does not name are no candidates.
func (j *join) tokenRow(r *pipeline.TokenRow, view bool, at place) error {
	if !view {
		if err := j.tokenCandidate(r, at); err != nil {
			return err
		}
	}
	i, ok := j.byID[r.TrajectoryID]
	if !ok || i < 0 || j.waiting[i].found {
		return nil
	}
	c := &j.waiting[i]
	c.found = true
	if err := checkTokens(r.IDs, j.vocab); err != nil {
		c.count = 0 // finish leaves it out
		return j.failed(c.id, at, err)
	}
	var err error
	c.offset, err = j.corpus.tokens.append(r.IDs)
	c.length = int32(len(r.IDs))
	return err
}

func (j *join) tokenCandidate(r *pipeline.TokenRow, at place) error {
	return j.selection(&pipeline.Selection{TrajectoryID: r.TrajectoryID, TaskID: r.TaskID, Count: 1,
		Split: j.cfg.Data.TrainSplit, Scale: j.cfg.Data.Scale, Verdict: pipeline.VerdictUnknown}, at)
}

func checkTokens(ids []int32, vocab int32) error {
	if len(ids) == 0 {
		return errors.New("no token")
	}
	if len(ids) > maxTokensPerMicro {
		return fmt.Errorf("%d tokens, above the network's limit of %d", len(ids), maxTokensPerMicro)
	}
	for i, id := range ids {
		if id < 0 || id >= vocab {
			return fmt.Errorf("ids[%d] is %d, outside the vocabulary of %d", i, id, vocab)
		}
	}
	return nil
}

// finish settles who got no tokens and divides the rest by split.
func (j *join) finish() error {
	for i := range j.waiting {
		c := &j.waiting[i]
		switch {
		case !c.found:
			if err := j.drop(pipeline.DropNoTokens, c.id, c.place); err != nil {
				return err
			}
			continue
		case c.count == 0:
			continue
		case c.split == j.cfg.Data.DevSplit && c.split != j.cfg.Data.TrainSplit:
			j.corpus.dev = append(j.corpus.dev, c.sample)
		default:
			j.corpus.train = append(j.corpus.train, c.sample)
		}
		j.counts.Out++
	}
	if err := j.counts.Check(); err != nil {
		return err
	}
	if len(j.corpus.train) == 0 {
		return fmt.Errorf("%w: %s", ErrNoSamples, j.counts)
	}
	visits := int64(0)
	for _, s := range j.corpus.train {
		visits += int64(s.count)
	}
	if visits > maxVisits {
		return fmt.Errorf("%w: the counts add up to %d, above %d", ErrTooManyVisits, visits, maxVisits)
	}
	slices.SortStableFunc(j.corpus.dev, func(a, b sample) int { return cmp.Compare(a.task, b.task) })
	return j.corpus.tokens.finish()
}

func (j *join) drop(reason pipeline.DropReason, id string, at place) error {
	j.counts.Drop(reason)
	return j.rejects.add(pipeline.Reject{Reason: string(reason), URI: at.uri, Row: at.row, ID: id})
}

func (j *join) failed(id string, at place, cause error) error {
	j.counts.Failed++
	return j.rejects.add(pipeline.Reject{Reason: pipeline.RejectFailed, URI: at.uri, Row: at.row, ID: id, Error: cause.Error()})
}
