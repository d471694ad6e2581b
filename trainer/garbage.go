package trainer

import (
	"os"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/swerm/swerm/internal/resident"
	"github.com/swerm/swerm/trainer/comm"
)

// The heap of a training is a few large arrays that live to its end. A collector
// that waits until garbage is as large as what lives would have twice that
// resident; since there is nothing in the arrays to follow, it may as well run
// often.

// garbageBytes is about how much garbage a training lets be.
const garbageBytes = 8 << 20

// garbagePercent is the collector's setting beside so many bytes that live.
func garbagePercent(live int64) int { return int(max(1, min(100, 100*garbageBytes/max(1, live)))) }

// frugal bounds the garbage of this process while trainings run in it; several
// may, as ranks do in tests, and the last to end gives back what was there before.
type frugal struct {
	mu       sync.Mutex
	running  int
	previous int
}

var collector frugal

// begin bounds garbage beside so many bytes that live. GOGC has the last word.
func (f *frugal) begin(live int64) (end func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	before := debug.SetGCPercent(garbagePercent(live))
	if f.running == 0 {
		f.previous = before
	}
	f.running++
	return f.end
}

func (f *frugal) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running--; f.running == 0 {
		debug.SetGCPercent(f.previous)
	}
}

// frugal bounds garbage beside what this training keeps.
func (t *training) frugal() (end func()) {
	parameters, gradients, optimizer := t.net.bytes()
	return collector.begin(parameters + gradients + optimizer)
}

// sayMemory logs what the rank that keeps most has come to keep, by kind, and the
// most that one was resident with.
func (t *training) sayMemory() error {
	m := t.net.engine.memory()
	kinds := []struct {
		name  string
		bytes int64
	}{{"weights", m.Weights}, {"gradients", m.Gradients}, {"moments", m.Moments}, {"average", m.Average}, {"activations", m.Activations},
		{"buffers", m.Buffers}, {"packs", m.Packs}, {"exchange", m.Exchange}, {"checkpoint_copy", bytesOf(t.saver.copies)}, {"resident", resident.Peak()}}
	ranks := t.layout.world.Size()
	all := make([]int64, len(kinds)*ranks)
	for i, k := range kinds {
		all[i*ranks+t.layout.world.Rank()] = k.bytes
	}
	if err := comm.AllReduce(t.layout.world, all); err != nil {
		return err
	}
	var attrs []any
	for i, k := range kinds {
		if most := slices.Max(all[i*ranks : (i+1)*ranks]); most > 0 {
			attrs = append(attrs, k.name, most)
		}
	}
	t.log.Info("memory, bytes of the rank that has most", attrs...)
	return nil
}
