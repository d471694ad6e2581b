package moe

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
)

// branchedBatch draws sequences that start as earlier ones do, up to a random
// place, and equal ones.
func branchedBatch(r *rand.Rand, vocab, sequences, longest int) Batch {
	b := Batch{Offsets: []int32{0}}
	for i := range sequences {
		var ids []int32
		if i > 0 && r.IntN(8) > 0 {
			ids = slices.Clone(b.sequence(r.IntN(i)))
			ids = ids[:r.IntN(len(ids)+1)]
		}
		for range r.IntN(longest) {
			ids = append(ids, int32(r.IntN(vocab)))
		}
		if len(ids) == 0 {
			ids = append(ids, 1)
		}
		b.IDs = append(b.IDs, ids...)
		b.Offsets = append(b.Offsets, int32(len(b.IDs)))
	}
	return b
}

// alone scores each sequence of a batch by itself, so that nothing is shared.
func alone[Num Float](t *testing.T, m *ModelOf[Num], b Batch, h Head) (out []LogitsOf[Num]) {
	t.Helper()
	p := m.NewPass(Options{Threads: 2})
	for i := range b.Len() {
		ids := b.sequence(i)
		l, err := p.Verdict(Batch{IDs: ids, Offsets: []int32{0, int32(len(ids))}}, h)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, l[0])
	}
	return out
}

func checkShared[Num Float](t *testing.T, m *ModelOf[Num], trees, longest int) {
	t.Helper()
	h := Head{Yes: 1, No: 2, Full: true}
	rows, tokens := 0, 0
	for seed := range trees {
		r := rand.New(rand.NewPCG(11, uint64(seed)))
		b := branchedBatch(r, m.cfg.VocabSize, 2+r.IntN(9), longest)
		want := alone(t, m, b, h)
		p := m.NewPass(Options{Threads: 2})
		p.limit = chunkLimits[r.IntN(len(chunkLimits))]
		got, err := p.Verdict(b, h)
		if err != nil {
			t.Fatal(err)
		}
		rows, tokens = rows+p.Rows(), tokens+len(b.IDs)
		if !slices.Equal(got, want) {
			t.Errorf("tree %d in chunks of %d: %v, alone %v", seed, p.limit, got, want)
		}
	}
	if rows > tokens*9/10 {
		t.Errorf("%d rows for %d tokens: too little was shared to test anything", rows, tokens)
	}
}

// TestSharedBeginnings: sequences that start alike get the bits that each gets
// alone.
func TestSharedBeginnings(t *testing.T) {
	eachKernel(func(name string, c Config, f kernel.Family) {
		t.Run(name+"/"+f.String(), func(t *testing.T) { checkShared(t, newTiny(t, c, f), 6, 300) })
	})
	t.Run("float64", func(t *testing.T) {
		m, err := NewShard[float64](longConfig(), 7, Shard{})
		if err != nil {
			t.Fatal(err)
		}
		checkShared(t, m, 4, 200)
	})
	t.Run("pages", func(t *testing.T) {
		c := longConfig()
		c.NumHiddenLayers = 3
		checkShared(t, newTiny(t, c, kernel.Detect()), 8, 1500)
	})
}

// TestRowsOfSharedBeginnings counts what is computed: a beginning once, in
// whole runs, and never less than the last position of a sequence.
func TestRowsOfSharedBeginnings(t *testing.T) {
	ids := make([]int32, 200)
	for i := range ids {
		ids[i] = int32(i % 37)
	}
	other := slices.Clone(ids)
	other[70] = 36
	for _, c := range []struct {
		name string
		seqs [][]int32
		rows int
	}{
		{"alone", [][]int32{ids}, 200},
		{"the same twice", [][]int32{ids, ids}, 200 + 8},
		{"one goes on", [][]int32{ids[:96], ids}, 96 + 104},
		{"one ends at a run", [][]int32{ids, ids[:96]}, 200 + 32},
		{"they part at 70", [][]int32{ids, other, other}, 200 + 136 + 8},
		{"too short", [][]int32{ids[:31], ids[:31]}, 62},
		{"nothing", [][]int32{ids, ids[1:]}, 399},
	} {
		b := Batch{Offsets: []int32{0}}
		for _, s := range c.seqs {
			b.IDs = append(b.IDs, s...)
			b.Offsets = append(b.Offsets, int32(len(b.IDs)))
		}
		p := newTiny(t, tinyConfig(), kernel.Detect()).NewPass(Options{})
		if _, err := p.Verdict(b, Head{Yes: 1, No: 2}); err != nil {
			t.Fatal(err)
		}
		if p.Rows() != c.rows {
			t.Errorf("%s: %d rows, want %d", c.name, p.Rows(), c.rows)
		}
	}
}
