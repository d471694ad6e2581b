package trainer

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/trainer/comm"
)

// maxOrder bounds what rank 0 tells the others.
const maxOrder = 1 << 20

// An order is what rank 0 tells the other ranks: the task, and where its
// checkpoints are. An order without a directory says that nothing is to do.
type order struct {
	Dir     string           `json:"dir"`
	Family  string           `json:"family"` // machine code that rank 0 computes the config's precision with
	Config  *Config          `json:"config"`
	Unkeyed unkeyed          `json:"unkeyed"`
	Inputs  []pipeline.Input `json:"inputs"`
}

// unkeyed is what a config has outside its JSON, which is the task's key: what
// changes no result.
type unkeyed struct {
	Memory          Memory `json:"memory"`
	CheckpointAsync bool   `json:"checkpoint_async"`
}

func (c *Config) unkeyed() unkeyed { return unkeyed{c.Memory, c.CheckpointAsync} }

func (c *Config) setUnkeyed(u unkeyed) { c.Memory, c.CheckpointAsync = u.Memory, u.CheckpointAsync }

// give sends an order to the other ranks.
func (r Ranks) give(o order) error {
	if r.World == nil {
		return nil
	}
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	size := []int64{int64(len(text))}
	if err := r.World.Broadcast(comm.Bytes(size), 0); err != nil {
		return err
	}
	return r.World.Broadcast(text, 0)
}

// Dismiss tells ranks that wait in [Follow] that there is nothing to train.
func (r Ranks) Dismiss() error { return r.give(order{}) }

func (r Ranks) take() (o order, err error) {
	size := []int64{0}
	if err := r.World.Broadcast(comm.Bytes(size), 0); err != nil {
		return o, err
	}
	if size[0] < 0 || size[0] > maxOrder {
		return o, fmt.Errorf("rank 0 announces a task of %d bytes, at most %d", size[0], maxOrder)
	}
	text := make([]byte, size[0])
	if err := r.World.Broadcast(text, 0); err != nil {
		return o, err
	}
	return o, json.Unmarshal(text, &o)
}

// Follow is a rank other than 0 of the training that rank 0 runs as a stage. It
// is told the task, reads the same inputs, trains along on that many threads
// (0: all) and writes its shards of the checkpoints into rank 0's directory; it
// publishes nothing. It returns nil at once where nothing is left to do.
func Follow(ctx context.Context, r Ranks, threads int) (err error) {
	defer func() { r.giveUp(err) }()
	o, err := r.take()
	if err != nil || o.Dir == "" {
		return err
	}
	o.Config.setUnkeyed(o.Unkeyed)
	if err := o.Config.Validate(); err != nil {
		return err
	}
	if err := o.checkFamily(); err != nil {
		return err
	}
	t := &pipeline.Task{Stage: Stage(), Config: o.Config, Inputs: o.Inputs, Workers: threads}
	j := &job{task: t, cfg: o.Config, ranks: r, dir: o.Dir, log: slog.New(slog.DiscardHandler)}
	if err := j.follow(ctx); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

// checkFamily refuses to train along with other machine code. What counts is the
// precision: tiles have no part in fp32, nor has any machine code in fp64.
func (o *order) checkFamily() error {
	if own := o.Config.KernelFamily(); own != o.Family {
		return fmt.Errorf("%w: this rank computes %s with %q, rank 0 with %q: set SWERM_KERNEL to one that all machines offer", ErrKernelFamily, o.Config.Precision, own, o.Family)
	}
	return nil
}

func (j *job) follow(ctx context.Context) error {
	if _, err := os.Stat(j.dir); err != nil {
		return fmt.Errorf("rank 0 writes into a directory that this rank does not see: %w", err)
	}
	scratch, err := os.MkdirTemp("", "swerm-rank-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if err := os.Mkdir(filepath.Join(scratch, workDir), 0o755); err != nil {
		return err
	}
	if err := j.open(ctx); err != nil {
		return err
	}
	shape, err := j.shape()
	if err != nil {
		return err
	}
	data, _, err := joinInputs(ctx, j.data, j.cfg, shape.VocabSize, scratch, j.task.Workers)
	if err != nil {
		return err
	}
	defer data.tokens.close()
	if err := j.checkDev(data); err != nil {
		return err
	}
	_, err = j.train(ctx, shape, data)
	return err
}
