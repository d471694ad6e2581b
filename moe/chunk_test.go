package moe

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
)

// chunkLimits are bounds that end chunks inside pages, at pages and nowhere.
var chunkLimits = []int{32, 96, 224, 512, chunkRows}

// TestChunksChangeNothing: a scoring pass gives the same bits whatever it takes
// at a time.
func TestChunksChangeNothing(t *testing.T) {
	eachKernel(func(name string, c Config, f kernel.Family) {
		m, h := newTiny(t, c, f), Head{Yes: 1, No: 2, Full: true}
		b := randomBatch(rand.New(rand.NewPCG(4, 9)), c.VocabSize, 1, 12, 97, 200, 13, 1100, 64, 3)
		score := func(limit int) (out []float64, load [][]int64) {
			p := m.NewPass(Options{Threads: 2})
			p.limit = limit
			logits, err := p.Verdict(b, h)
			if err != nil {
				t.Fatal(err)
			}
			load = p.ExpertLoad()
			for _, l := range logits {
				out = append(out, float64(l.Yes), float64(l.No), float64(l.Rest))
			}
			sums, err := p.NextToken(b, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			return append(out, sums...), load
		}
		want, wantLoad := score(1 << 20)
		for _, limit := range chunkLimits {
			got, load := score(limit)
			if !slices.Equal(got, want) || fmt.Sprint(load) != fmt.Sprint(wantLoad) {
				t.Errorf("%s %s: chunks of %d give other bits or counts than one", name, f, limit)
			}
		}
	})
}

// TestChunksWithPeers: ranks with more or fewer chunks than others score as the
// whole model does.
func TestChunksWithPeers(t *testing.T) {
	c, h := tinyConfig(), Head{Yes: 1, No: 2}
	whole := newTiny(t, c, kernel.Detect())
	lengths := [][]int{{700, 20}, {}, {65}}
	eachPeer(t, len(lengths), func(peers Peers, rank int) error {
		m, err := NewShard[float32](c, 7, Shard{rank, len(lengths)})
		if err != nil {
			return err
		}
		for _, q := range m.Params() {
			for _, w := range whole.Params() {
				if w.Name == q.Name {
					copy(q.Data, w.Data)
				}
			}
		}
		b := randomBatch(rand.New(rand.NewPCG(4, uint64(rank))), c.VocabSize, lengths[rank]...)
		p := m.NewPass(Options{Threads: 1, Peers: peers})
		p.limit = 96
		got, err := p.Verdict(b, h)
		if err != nil {
			return err
		}
		if b.Len() == 0 {
			return nil
		}
		want, err := whole.NewPass(Options{Threads: 1}).Verdict(b, h)
		if err == nil && !slices.Equal(got, want) {
			err = fmt.Errorf("rank %d: %v, the whole model %v", rank, got, want)
		}
		return err
	})
}
