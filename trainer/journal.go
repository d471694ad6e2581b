package trainer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/swerm/swerm/trainer/tensorboard"
)

// metricsName is the file of one line per step.
const metricsName = "metrics.jsonl"

// maxLineBytes bounds one line of metrics.jsonl; ours have a few hundred bytes,
// and with an evaluation some ten for each expert of each layer.
const maxLineBytes = 1 << 20

// ErrJournal is returned when metrics.jsonl holds less than the checkpoint
// says it must.
var ErrJournal = errors.New("metrics.jsonl does not match the checkpoint")

// A Line is one finished step in metrics.jsonl. It holds no clock, so that a
// resumed run writes the lines that an unbroken one would have written.
type Line struct {
	Step      int64    `json:"step"`             // from 1
	Epoch     float64  `json:"epoch"`            // how far into the visits
	Loss      *float64 `json:"loss"`             // null when not finite, or when nothing weighed
	Aux       float64  `json:"aux"`              // load-balancing loss, before its coefficient
	Z         *float64 `json:"z_loss,omitempty"` // the router's, before its coefficient, where it has one
	GradNorm  *float64 `json:"grad_norm"`
	LR        float64  `json:"lr"`
	Sequences int      `json:"sequences"`
	Tokens    int64    `json:"tokens"`
	Micros    int      `json:"microbatches"`
	Balance   *Balance `json:"balance,omitempty"` // of the router
	Skipped   string   `json:"skipped,omitempty"` // why the weights were left alone
	Dev       *Dev     `json:"dev,omitempty"`
}

// A journal appends finished steps to metrics.jsonl and to the event file
// beside it. The zero value, which ranks that do not lead have, writes nothing. The event file is a function of metrics.jsonl and is written anew
// whenever a run starts.
type journal struct {
	lines  *os.File
	bytes  int64
	events *os.File
	board  *tensorboard.Writer
}

// openJournal keeps the first size bytes of metrics.jsonl, which hold steps
// lines, and drops what a run wrote after its last checkpoint.
func openJournal(dir string, size, steps int64) (j *journal, err error) {
	j = &journal{bytes: size}
	defer func() {
		if err != nil {
			j.close()
			j, err = nil, fmt.Errorf("journal: %w", err)
		}
	}()
	if j.lines, err = os.OpenFile(filepath.Join(dir, metricsName), os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return j, err
	}
	kept, err := readLines(io.NewSectionReader(j.lines, 0, size))
	if err != nil {
		return j, err
	}
	if int64(len(kept)) != steps {
		return j, fmt.Errorf("%w: %d lines in %d bytes, want %d", ErrJournal, len(kept), size, steps)
	}
	if err = j.lines.Truncate(size); err != nil {
		return j, err
	}
	if _, err = j.lines.Seek(size, io.SeekStart); err != nil {
		return j, err
	}
	if j.events, err = os.Create(filepath.Join(dir, tensorboard.FileName)); err != nil {
		return j, err
	}
	if j.board, err = tensorboard.NewWriter(j.events); err != nil {
		return j, err
	}
	for i := range kept {
		if err = j.board.Scalars(kept[i].Step, kept[i].scalars()); err != nil {
			return j, err
		}
	}
	return j, nil
}

// readLines decodes every line; a last one without its newline is an error.
func readLines(r io.Reader) (lines []Line, err error) {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxLineBytes)
	for sc.Scan() {
		var l Line
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrJournal, len(lines)+1, err)
		}
		if l.Step != int64(len(lines)+1) {
			return nil, fmt.Errorf("%w: line %d is of step %d", ErrJournal, len(lines)+1, l.Step)
		}
		lines = append(lines, l)
	}
	return lines, sc.Err()
}

// add appends a finished step to both files.
func (j *journal) add(l Line) error {
	if j.lines == nil {
		return nil
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(l); err != nil {
		return fmt.Errorf("journal: step %d: %w", l.Step, err)
	}
	n, err := j.lines.Write(b.Bytes())
	j.bytes += int64(n)
	if err == nil {
		err = j.board.Scalars(l.Step, l.scalars())
	}
	if err != nil {
		return fmt.Errorf("journal: step %d: %w", l.Step, err)
	}
	return nil
}

// sync makes every line so far durable; a checkpoint that counts on them may
// follow.
func (j *journal) sync() error {
	if j.lines == nil {
		return nil
	}
	if err := errors.Join(j.lines.Sync(), j.events.Sync()); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

func (j *journal) close() error {
	var errs []error
	for _, f := range []*os.File{j.lines, j.events} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// scalars are what TensorBoard shows of a line.
func (l *Line) scalars() []tensorboard.Scalar {
	list := []tensorboard.Scalar{
		{Tag: "train/aux", Value: float32(l.Aux)},
		{Tag: "train/lr", Value: float32(l.LR)},
		{Tag: "train/epoch", Value: float32(l.Epoch)},
		{Tag: "train/tokens", Value: float32(l.Tokens)},
	}
	add := func(tag string, v *float64) {
		if v != nil {
			list = append(list, tensorboard.Scalar{Tag: tag, Value: float32(*v)})
		}
	}
	if l.Balance != nil {
		peak, entropy := slices.Max(l.Balance.Peak), slices.Min(l.Balance.Entropy)
		add("train/expert_peak", &peak)
		add("train/expert_entropy", &entropy)
	}
	add("train/z_loss", l.Z)
	add("train/loss", l.Loss)
	add("train/grad_norm", l.GradNorm)
	if l.Dev != nil {
		add("dev/loss", l.Dev.Loss)
		add("dev/auc", l.Dev.AUC)
		add("dev/ece", l.Dev.ECE)
	}
	return list
}
