package main

import (
	"fmt"
	"sync"

	"github.com/swerm/swerm/internal/fmapeak"
	"github.com/swerm/swerm/moe/kernel"
)

const (
	peakTurns = 1 << 22 // some tens of milliseconds
	peakBytes = 1 << 28 // of each thread: more than caches hold
)

// peaks measures what all threads at once can do at most: multiply-adds in
// registers, and numbers in memory that are read and written back. Both are by
// processor time, since machines are shared.
func (s *spec) peaks() (func(*answer) error, error) {
	family, err := kernel.FromEnv()
	if err != nil {
		return nil, err
	}
	lanes := map[kernel.Family]int{kernel.AVX2: 8, kernel.AVX512: 16}[family]
	if lanes == 0 {
		return nil, fmt.Errorf("the peak of %s kernels is not known", family)
	}
	memory := make([][]float32, s.Threads)
	for i := range memory {
		memory[i] = kernel.Floats(peakBytes / 4)
		for j := range memory[i] { // a page of zeros is not memory
			memory[i][j] = 1
		}
	}
	return func(a *answer) error {
		a.FP32 = fmapeak.Flops(lanes, peakTurns) * s.perSecond(func(int) { fmapeak.Run(lanes, peakTurns) })
		a.Memory = 2 * peakBytes * s.perSecond(func(i int) { family.Scale(memory[i], 1, memory[i]) })
		return nil
	}, nil
}

// perSecond is how often all threads together do something in a second of all
// of them.
func (s *spec) perSecond(do func(thread int)) float64 {
	before := processorTime()
	var wg sync.WaitGroup
	for i := range s.Threads {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
	n := float64(s.Threads)
	return n * n / (processorTime() - before).Seconds()
}
