package moe

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestScoringWithPeers: where layers with and without experts work in the memory of
// one, ranks that share the experts answer as the whole model does.
func TestScoringWithPeers(t *testing.T) {
	c := variants()["dense_layers"]
	whole, err := New(c, 7)
	if err != nil {
		t.Fatal(err)
	}
	b := randomBatch(rand.New(rand.NewPCG(4, 4)), c.VocabSize, 7, 30, 1)
	want, err := whole.NewPass(Options{}).Verdict(b, Head{Yes: 1, No: 2})
	if err != nil {
		t.Fatal(err)
	}
	eachPeer(t, 2, func(peers Peers, rank int) error {
		m, err := NewShard[float32](c, 7, Shard{rank, 2})
		if err != nil {
			return err
		}
		got, err := m.NewPass(Options{Threads: 1, Peers: peers}).Verdict(b, Head{Yes: 1, No: 2})
		if err == nil && !slices.Equal(got, want) {
			t.Errorf("rank %d answers %v, the whole model %v", rank, got, want)
		}
		return err
	})
}
