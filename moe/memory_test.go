package moe

import (
	"math/rand/v2"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
)

// TestScoringMemory: what a scoring pass keeps of a token beyond a chunk is its
// stream, one layer's keys and values, two tables of positions and its id.
func TestScoringMemory(t *testing.T) {
	c := tinyConfig()
	c.NumHiddenLayers = 4
	size := func(tokens int) int64 {
		m := newTiny(t, c, kernel.Generic)
		p := m.NewPass(Options{Threads: 1})
		p.limit = 256
		if _, err := p.Verdict(randomBatch(rand.New(rand.NewPCG(1, 2)), c.VocabSize, tokens), Head{Yes: 1, No: 2}); err != nil {
			t.Fatal(err)
		}
		return p.Memory().Total()
	}
	short, long := size(1<<10), size(1<<12)
	d := dimsOf(&c)
	// Keys and values are padded to whole panels of eight columns.
	perToken := int64(4*(d.D+d.G*(d.C+8)+d.C) + 3*4)
	if got, want := long-short, perToken*3<<10; got < want || got > want*5/4 {
		t.Errorf("3,072 more tokens take %d bytes more, want about %d", got, want)
	}
}
