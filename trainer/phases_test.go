package trainer

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swerm/swerm/trainer/comm"
)

// records keeps what is logged.
type records struct {
	mu    sync.Mutex
	lines []string
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, string(p))
	return len(p), nil
}

// find returns the lines that hold all of some words.
func (r *records) find(words ...string) (found []string) {
	for _, line := range r.lines {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			found = append(found, line)
		}
	}
	return found
}

// The log of a run with ranks says, for each, what its time went to, and what
// each operation moved beside what it should have taken.
func TestLogSaysWhereTimeGoes(t *testing.T) {
	c := layoutCase(func(c *Config) { c.Precision, c.Steps, c.CheckpointEvery = PrecisionFP32, 4, 2 })
	log := &records{}
	_, errs := runEach(t, c, localWorld(t, 4), 2, t.TempDir(), func(r int, tr *training) context.Context {
		if r == 0 {
			tr.log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		}
		return context.Background()
	})
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, rank := range []string{"rank=0", "rank=1", "rank=2", "rank=3"} {
		if n := len(log.find("seconds per step", rank, "compute=", "dispatch=", "reduce=", "wait=", "checkpoint=")); n != 1 {
			t.Errorf("%d lines about the time of %s", n, rank)
		}
		for _, op := range []string{"dispatch", "allreduce", "reducescatter", "allgather"} {
			if n := len(log.find("traffic", rank, op, "bytes_sent=", "seconds=", "waiting=")); n != 1 {
				t.Errorf("%d lines about %s of %s", n, op, rank)
			}
		}
	}
	if len(log.find("imbalance")) != 1 || len(log.find("bandwidth", "dispatch")) != 1 {
		t.Errorf("no imbalance, or no bandwidth, in %q", log.lines)
	}
	if n := len(log.find("seconds of a step")); n != 4 {
		t.Errorf("%d steps were timed, want 4", n)
	}
}

// A report compares long messages with the probe's rate, and no short ones.
func TestReport(t *testing.T) {
	r := rates{opDispatch: 1e6}
	long := r.report(comm.Traffic{Op: opDispatch, Calls: 10, BytesSent: 2e6, Seconds: 4, Waiting: 1})
	if long != (report{10, 2e6, 3e9, 1e9, 2e9}) {
		t.Errorf("%+v", long)
	}
	if text := fmt.Sprint(long.attrs()...); !strings.Contains(text, "1.50") {
		t.Errorf("no ratio of 1.50 in %s", text)
	}
	if short := r.report(comm.Traffic{Op: opDispatch, Calls: 1000, BytesSent: 2e6, Seconds: 4}); short.expected != 0 {
		t.Errorf("%+v", short)
	}
}

// Phases are disjoint: what a collective takes inside a phase is not the
// phase's, and a span has no more than its own time.
func TestPhasesAreDisjoint(t *testing.T) {
	pair := comm.Local(2, comm.Limits{})
	l, err := newLayout(Ranks{World: pair[0]}, 1)
	if err != nil {
		t.Fatal(err)
	}
	late := 50 * time.Millisecond
	w := &stopwatch{layout: l}
	began := time.Now()
	w.begin()
	go func() {
		time.Sleep(late)
		_ = comm.AllReduce(pair[1], make([]float32, 1<<10))
	}()
	w.time(phaseUpdate, func() { err = comm.AllReduce(l.world, make([]float32, 1<<10)) })
	if err != nil {
		t.Fatal(err)
	}
	spent := w.end(phaseCompute)
	total := int64(0)
	for _, ns := range spent {
		total += ns
	}
	if all := int64(time.Since(began)); total > all {
		t.Errorf("%v in phases of %v", time.Duration(total), time.Duration(all))
	}
	if spent[phaseWait] == 0 || spent[phaseReduce] == 0 {
		t.Errorf("no wait, or no sum, in %v", spent)
	}
	if w.spent != spent {
		t.Errorf("the sum is %v, the only span %v", w.spent, spent)
	}
}
