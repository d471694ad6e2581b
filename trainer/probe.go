package trainer

import (
	"fmt"
	"slices"

	"github.com/swerm/swerm/trainer/comm"
)

// The probe sends probeBytes probeRounds times by each operation, after one
// call that opens connections and touches memory: some milliseconds on one
// machine.
const (
	probeBytes  = 4 << 20
	probeRounds = 3
)

// rates are bytes a second that this rank sends, by operation.
type rates map[string]float64

// probe measures what the operations of a layout give when nothing else runs.
// Every rank calls it; a rank alone measures nothing.
func (l *layout) probe() (rates, error) {
	if l.alone() {
		return nil, nil
	}
	x := make([]float32, probeBytes/4)
	calls := []func() error{
		func() error { return comm.AllReduce(l.world, x) },
		func() error { return comm.ReduceScatter(l.world, x) },
		func() error { return comm.AllGather(l.world, x) },
	}
	if n := l.exchange.Size(); n > 1 {
		send, recv := make([][]byte, n), make([][]byte, n)
		for r := range n {
			send[r], recv[r] = make([]byte, probeBytes/n), make([]byte, probeBytes/n)
		}
		calls = append(calls, func() error { return l.exchange.AllToAllV(send, recv) })
	}
	for round := range probeRounds + 1 {
		if round == 1 {
			l.sums.Reset()
			l.tokens.Reset()
		}
		for _, call := range calls {
			if err := call(); err != nil {
				return nil, fmt.Errorf("probe: %w", err)
			}
		}
	}
	found := rates{}
	for _, t := range l.traffic() {
		if moving := t.Seconds - t.Waiting; moving > 0 && t.BytesSent > 0 {
			found[t.Op] = float64(t.BytesSent) / moving
		}
	}
	l.sums.Reset()
	l.tokens.Reset()
	return found, nil
}

// longMessage is the mean bytes of a call from which its time is one of bytes:
// shorter ones take what it takes to say anything.
const longMessage = 64 << 10

// A report is what one operation of one rank amounted to, to be sent to rank 0.
type report struct{ calls, bytes, moving, waiting, expected int64 } // times in nanoseconds

const reportLen = 5

func (r rates) report(t comm.Traffic) report {
	rep := report{calls: t.Calls, bytes: t.BytesSent, moving: int64(1e9 * (t.Seconds - t.Waiting)), waiting: int64(1e9 * t.Waiting)}
	if rate := r[t.Op]; rate > 0 && t.BytesSent >= t.Calls*longMessage {
		rep.expected = int64(1e9 * float64(t.BytesSent) / rate)
	}
	return rep
}

// attrs are for the log. expected is the time that the bytes take at the rate
// that the probe found.
func (r *report) attrs() []any {
	list := []any{"calls", r.calls, "bytes_sent", r.bytes, "seconds", seconds(r.moving), "waiting", seconds(r.waiting)}
	if r.moving > 0 && r.bytes > 0 {
		list = append(list, "mb_per_second", fmt.Sprintf("%.0f", float64(r.bytes)/float64(r.moving)*1e3))
	}
	if r.expected > 0 {
		list = append(list, "expected", seconds(r.expected), "ratio", fmt.Sprintf("%.2f", float64(r.moving)/float64(r.expected)))
	}
	return list
}

// sayTimes logs, at the end of a run of so many steps, every rank's time by
// phase, how far the ranks were apart, and what each operation moved. Every
// rank calls it.
func (t *training) sayTimes(steps int64) error {
	n, rank, ops := t.layout.world.Size(), t.layout.world.Rank(), operations()
	width := int(phaseCount) + reportLen*len(ops)
	all := make([]int64, n*width)
	own := all[rank*width : (rank+1)*width]
	copy(own, t.clock.spent[:])
	for _, op := range t.layout.traffic() {
		r := t.rates.report(op)
		copy(own[int(phaseCount)+reportLen*slices.Index(ops, op.Op):], []int64{r.calls, r.bytes, r.moving, r.waiting, r.expected})
	}
	if err := comm.AllReduce(t.layout.world, all); err != nil || steps == 0 {
		return err
	}
	var waits []int64
	for r := range n {
		times := phaseTimes(all[r*width : r*width+int(phaseCount)])
		waits = append(waits, times[phaseWait])
		t.log.Info("seconds per step", append([]any{"rank", r, "steps", steps}, times.attrs(steps)...)...)
	}
	if n == 1 {
		return nil
	}
	// Who comes last waits least: the difference is what uneven ranks cost.
	t.log.Info("imbalance", "least_wait", seconds(slices.Min(waits)/steps), "most_wait", seconds(slices.Max(waits)/steps))
	for i := range n * len(ops) {
		r, op := i/len(ops), i%len(ops)
		v := all[r*width+int(phaseCount)+reportLen*op:]
		if rep := (report{v[0], v[1], v[2], v[3], v[4]}); rep.calls > 0 {
			t.log.Info("traffic", append([]any{"rank", r, "operation", ops[op]}, rep.attrs()...)...)
		}
	}
	return nil
}

func seconds(ns int64) string { return fmt.Sprintf("%.4f", float64(ns)/1e9) }
