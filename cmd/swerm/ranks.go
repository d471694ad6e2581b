package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/trainer"
	"github.com/swerm/swerm/trainer/comm"
	"github.com/swerm/swerm/trainer/launch"
)

// joinTime is how long ranks wait for each other at the start: a scheduler may
// start some much later than others.
const joinTime = 10 * time.Minute

// rankFlags are the flags of `train` that say how many processes share it, and
// where the leading one shows it.
type rankFlags struct {
	ranks, ep, restarts int
	metrics             string
}

func newRankFlags(f *pflag.FlagSet) *rankFlags {
	o := &rankFlags{}
	f.IntVar(&o.ranks, "nproc", 1, "ranks to start on this machine; mpirun, srun and torchrun start their own")
	f.IntVar(&o.ep, "ep", 1, "ranks that share one set of experts; a divisor of all ranks")
	f.IntVar(&o.restarts, "max-restarts", 0, "how often to go on from the last checkpoint after a rank failed, with --nproc")
	f.StringVar(&o.metrics, "metrics-listen", "", "serve Prometheus metrics at http://HOST:PORT/metrics while it trains; without HOST on loopback")
	return o
}

// train runs the stage in this process, as one rank of several, or as the
// launcher of ranks.
func (a *app) train(c *cobra.Command, v verb, stage *pipeline.Stage, o *stageFlags, args []string) error {
	place, err := comm.FromEnv(os.LookupEnv)
	switch r := o.ranks; {
	case err != nil:
		return &usageError{err}
	case r.ranks < 1 || r.ep < 1 || r.restarts < 0:
		return usage("--nproc and --ep start at 1, --max-restarts at 0")
	case o.dry:
		return a.runStage(c, v, stage, o, args)
	case place.Size > 1:
		return a.trainAsRank(c, v, o, args, place)
	case r.ranks > 1:
		if r.ranks%r.ep != 0 {
			return usage("--nproc %d is not a multiple of --ep %d", r.ranks, r.ep)
		}
		return a.launch(c.Context(), r)
	case r.ep > 1:
		return usage("--ep %d needs that many ranks: give --nproc, or start them with mpirun, srun or torchrun", r.ep)
	}
	stage, stop, err := a.watched(o.ranks, trainer.Ranks{})
	if err != nil {
		return err
	}
	defer stop()
	return a.runStage(c, v, stage, o, args)
}

// watched is the stage of the leading rank, and what ends the page that shows
// it.
func (a *app) watched(o *rankFlags, ranks trainer.Ranks) (stage *pipeline.Stage, stop func(), err error) {
	if o.metrics == "" {
		return trainer.StageOn(ranks), func() {}, nil
	}
	m := &trainer.Monitor{}
	stop, err = a.serveMetrics(o.metrics, m)
	return trainer.StageWatched(ranks, m), stop, err
}

// launch starts this very command once for every rank.
func (a *app) launch(ctx context.Context, r *rankFlags) error {
	program, err := exec.LookPath(os.Args[0])
	if err != nil {
		if program, err = os.Executable(); err != nil {
			return err
		}
	}
	return launch.Run(ctx, launch.Spec{Command: append([]string{program}, os.Args[1:]...), Ranks: r.ranks, Restarts: r.restarts,
		Final: []int{exitUsage, exitRejects}, Told: []int{exitTold}, Stdout: a.out, Stderr: a.err, Log: a.logger()})
}

// trainAsRank joins the others and does this rank's part.
func (a *app) trainAsRank(c *cobra.Command, v verb, o *stageFlags, args []string, place comm.Place) (err error) {
	launch.WithLauncher()
	if a.workers == 0 && place.Local > 1 {
		a.workers = max(1, runtime.GOMAXPROCS(0)/place.Local)
	}
	world, err := a.join(c.Context(), place)
	if err != nil {
		return err
	}
	ranks := trainer.Ranks{World: world, EP: o.ranks.ep}
	defer func() {
		if err != nil {
			world.Abort(err)
			return
		}
		err = world.Close()
	}()
	if place.Rank > 0 {
		return trainer.Follow(c.Context(), ranks, a.workers)
	}
	ran := false
	stage, stop, err := a.watched(o.ranks, ranks)
	if err != nil {
		return err
	}
	defer stop()
	run := stage.Run
	stage.Run = func(ctx context.Context, t *pipeline.Task) error {
		ran = true
		return run(ctx, t)
	}
	if err := a.runStage(c, v, stage, o, args); err != nil {
		return err
	}
	if !ran {
		return ranks.Dismiss()
	}
	return nil
}

// join meets the other ranks. Another build or another command line is refused;
// other kernels are once the precision is known.
func (a *app) join(ctx context.Context, place comm.Place) (comm.Comm, error) {
	if place.MPI {
		return comm.JoinMPI(comm.Limits{})
	}
	w := place.World
	v := readVersion()
	w.Version = fmt.Sprintln(v.Version, v.Revision, v.Go)
	for _, arg := range os.Args[1:] {
		w.Config = fmt.Appendf(w.Config, "%q ", arg)
	}
	w.Wait, w.Log = joinTime, a.logger()
	world, err := comm.Join(ctx, w)
	if errors.Is(err, comm.ErrConfig) {
		err = fmt.Errorf("%w: all ranks need the same command line", err)
	}
	return world, err
}
