package moe

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// meeting is where the peers of one process exchange: each leaves what it
// sends and takes what it is due once all have come.
type meeting struct {
	mu    sync.Mutex
	all   sync.Cond
	n     int
	here  int
	round int
	send  [][][]byte
}

func newMeeting(n int) *meeting {
	m := &meeting{n: n, send: make([][][]byte, n)}
	m.all.L = &m.mu
	return m
}

// wait returns when all n peers have called it.
func (m *meeting) wait() {
	m.mu.Lock()
	defer m.mu.Unlock()
	round := m.round
	if m.here++; m.here == m.n {
		m.here, m.round = 0, m.round+1
		m.all.Broadcast()
	}
	for round == m.round {
		m.all.Wait()
	}
}

type testPeer struct {
	*meeting
	rank int
}

func (p testPeer) Rank() int { return p.rank }
func (p testPeer) Size() int { return p.n }

func (p testPeer) AllToAllV(send, recv [][]byte) error {
	p.send[p.rank] = send
	p.wait()
	for r := range recv {
		if len(recv[r]) != len(p.send[r][p.rank]) {
			return fmt.Errorf("rank %d expects %d bytes, rank %d sends %d", p.rank, len(recv[r]), r, len(p.send[r][p.rank]))
		}
		copy(recv[r], p.send[r][p.rank])
	}
	p.wait()
	return nil
}

// eachPeer runs one function per rank of a group side by side.
func eachPeer(t *testing.T, n int, run func(peers Peers, rank int) error) {
	t.Helper()
	m, errs := newMeeting(n), make([]error, n)
	var wg sync.WaitGroup
	for r := range n {
		wg.Go(func() { errs[r] = run(testPeer{m, r}, r) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// sharding is one way to spread a batch and the experts over ranks.
type sharding struct {
	ranks int
	parts [][]int // lengths of each rank's sequences
}

var shardings = []sharding{
	{1, [][]int{{7, 30, 1}}},
	{2, [][]int{{7, 30}, {1, 12, 5}}},
	{2, [][]int{{}, {9, 4}}}, // a rank without tokens
	{4, [][]int{{130}, {}, {3, 3}, {1}}},
	{5, [][]int{{6}, {11}, {}, {2, 100}, {1, 1, 1}}},
}

// TestShardedExperts compares a model whose experts are spread over ranks, each
// with its part of the batch, with the whole model on the whole batch: the same
// logits, and gradients that add up to the same.
func TestShardedExperts(t *testing.T) {
	t.Run("float64", func(t *testing.T) { shardedExperts[float64](t, 1e-12) })
	t.Run("float32", func(t *testing.T) { shardedExperts[float32](t, 2e-6) })
}

func shardedExperts[Num Float](t *testing.T, bound float64) {
	for name, c := range variants() {
		if name == "even" || name == "tied" || c.NumExperts == 0 {
			continue
		}
		for _, s := range shardings {
			t.Run(fmt.Sprintf("%s/%v", name, s.parts), func(t *testing.T) { compareSharded[Num](t, c, s, bound, Tuning{}, nil) })
		}
	}
	// All tokens at one expert.
	c := tinyConfig()
	c.NumExpertsPerTok = 1
	oneExpert := func(m *ModelOf[Num]) {
		for _, l := range m.layers {
			for i := range l.router.Data {
				l.router.Data[i] = 0
			}
		}
	}
	t.Run("one expert", func(t *testing.T) { compareSharded(t, c, shardings[3], bound, Tuning{}, oneExpert) })
}

func compareSharded[Num Float](t *testing.T, c Config, s sharding, bound float64, tune Tuning, change func(m *ModelOf[Num])) {
	var lengths []int
	for _, part := range s.parts {
		lengths = append(lengths, part...)
	}
	whole := randomBatch(rand.New(rand.NewPCG(8, 8)), c.VocabSize, lengths...)
	want, wantLogits := wholeGradient(t, c, whole, tune, change)
	sum, logits := map[string][]float64{}, make([][]LogitsOf[Num], s.ranks)
	models := make([]*ModelOf[Num], s.ranks)
	eachPeer(t, s.ranks, func(peers Peers, rank int) error {
		m, err := NewTuned[Num](c, 7, Shard{rank, s.ranks}, tune)
		if err != nil {
			return err
		}
		if change != nil {
			change(m)
		}
		models[rank] = m
		m.EnableGrad()
		p := m.NewPass(Options{Train: true, Threads: 2, Peers: peers})
		b, first := partOf(whole, s, rank)
		for range 2 { // the second finds the memory of the first
			m.ZeroGrad()
			if logits[rank], err = p.Verdict(b, verdictHeads[1]); err != nil {
				return err
			}
			d, aux := testGradient[Num](first, b.Len())
			if err := p.BackwardVerdict(d, aux); err != nil {
				return err
			}
		}
		return nil
	})
	for _, m := range models {
		for _, p := range m.Trained() {
			sum[p.Name] = addNumbers(sum[p.Name], p.Grad)
		}
	}
	if got := slices.Concat(logits...); !slices.Equal(got, wantLogits) {
		t.Errorf("logits are %v, of the whole model %v", got, wantLogits)
	}
	for name, w := range want {
		norm, diff := 0.0, 0.0
		for i := range w {
			norm += w[i] * w[i]
			diff += (sum[name][i] - w[i]) * (sum[name][i] - w[i])
		}
		if !(math.Sqrt(diff) <= bound*math.Sqrt(norm)+1e-30) {
			t.Errorf("%s: gradients differ by %v of their norm", name, math.Sqrt(diff/norm))
		}
	}
}

func addNumbers[Num Float](sum []float64, x []Num) []float64 {
	if sum == nil {
		sum = make([]float64, len(x))
	}
	for i, v := range x {
		sum[i] += float64(v)
	}
	return sum
}

// testGradient gives sequences numbered from first their loss gradients.
func testGradient[Num Float](first, n int) (d []LogitsOf[Num], aux []Num) {
	d, aux = make([]LogitsOf[Num], n), make([]Num, n)
	for i := range d {
		x := Num(first+i) + 1
		d[i], aux[i] = LogitsOf[Num]{Yes: 1 / x, No: x / 3, Rest: -x / 5}, x/7
	}
	return d, aux
}

func partOf(whole Batch, s sharding, rank int) (b Batch, first int) {
	for _, part := range s.parts[:rank] {
		first += len(part)
	}
	b.Offsets = []int32{0}
	for i := range s.parts[rank] {
		b.IDs = append(b.IDs, whole.sequence(first+i)...)
		b.Offsets = append(b.Offsets, int32(len(b.IDs)))
	}
	return b, first
}

func wholeGradient[Num Float](t *testing.T, c Config, b Batch, tune Tuning, change func(m *ModelOf[Num])) (map[string][]float64, []LogitsOf[Num]) {
	t.Helper()
	m, err := NewTuned[Num](c, 7, Shard{}, tune)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(m)
	}
	m.EnableGrad()
	p := m.NewPass(Options{Train: true, Threads: 2})
	logits, err := p.Verdict(b, verdictHeads[1])
	if err != nil {
		t.Fatal(err)
	}
	d, aux := testGradient[Num](0, b.Len())
	if err := p.BackwardVerdict(d, aux); err != nil {
		t.Fatal(err)
	}
	want := map[string][]float64{}
	for _, p := range m.Trained() {
		want[p.Name] = addNumbers(nil, p.Grad)
	}
	return want, logits
}

// lostPeer stands for a group that breaks at some exchange.
type lostPeer struct{ left int }

var errLost = errors.New("a rank is gone")

func (p *lostPeer) Rank() int { return 0 }
func (p *lostPeer) Size() int { return 2 }
func (p *lostPeer) AllToAllV(send, recv [][]byte) error {
	if p.left--; p.left < 0 {
		return errLost
	}
	copy(recv[0], send[0])
	return nil
}

func TestLostPeerEndsThePass(t *testing.T) {
	c := tinyConfig()
	for at := range 2*3 + 2*2 { // counts, tokens and answers of two layers, then two exchanges each backward
		m, err := NewShard[float32](c, 7, Shard{0, 2})
		if err != nil {
			t.Fatal(err)
		}
		m.EnableGrad()
		p := m.NewPass(Options{Train: true, Peers: &lostPeer{left: at}})
		_, err = p.Verdict(randomBatch(rand.New(rand.NewPCG(1, 1)), c.VocabSize, 5), Head{Yes: 1, No: 2})
		if err == nil {
			err = p.BackwardVerdict(make([]Logits, 1), nil)
		}
		if !errors.Is(err, errLost) {
			t.Errorf("exchange %d: %v", at, err)
		}
	}
}

func TestShardsCoverTheModel(t *testing.T) {
	c := tinyConfig()
	whole, err := New(c, 3)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := whole.Save(dir, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	want := map[string][]float32{}
	for _, p := range whole.Params() {
		want[p.Name] = p.Data
	}
	for _, of := range []int{1, 2, 3, 5} {
		seen := map[string]int{}
		for rank := range of {
			drawn, err := NewShard[float32](c, 3, Shard{rank, of})
			if err != nil {
				t.Fatal(err)
			}
			loaded, err := LoadShard[float32](dir, Shard{rank, of})
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range drawn.Params() {
				if !slices.Equal(p.Data, want[p.Name]) || !slices.Equal(loaded.Params()[i].Data, want[p.Name]) {
					t.Errorf("%s of shard %d of %d has other numbers", p.Name, rank, of)
				}
				seen[p.Name]++
			}
		}
		for name := range want {
			if p := seen[name]; p != 1 && p != of {
				t.Errorf("%s lies in %d of %d shards", name, p, of)
			}
		}
	}
	for _, bad := range []Shard{{-1, 2}, {2, 2}, {0, 6}, {1, 0}} {
		if _, err := NewShard[float32](c, 3, bad); err == nil {
			t.Errorf("shard %+v was taken", bad)
		}
	}
}

// TestFloat64 holds the network in float64 to the plain reference, to rounding
// of float64, and its gradients to finite differences.
func TestFloat64(t *testing.T) {
	for name, c := range variants() {
		t.Run(name, func(t *testing.T) {
			m, err := NewShard[float64](c, 7, Shard{})
			if err != nil {
				t.Fatal(err)
			}
			m.EnableGrad()
			b := randomBatch(rand.New(rand.NewPCG(8, 8)), c.VocabSize, 3, 1, 30)
			h := Head{Yes: 2, No: 30, Full: true}
			p := m.NewPass(Options{Train: true, Threads: 2})
			got, err := p.Verdict(b, h)
			if err != nil {
				t.Fatal(err)
			}
			ref, aux := newReference(m), p.Aux()
			for i, l := range got {
				y, n, rest, a, _ := ref.verdict(b.sequence(i), h)
				for _, v := range [][2]float64{{l.Yes, y}, {l.No, n}, {l.Rest, rest}, {aux[i], a}} {
					if !(math.Abs(v[0]-v[1]) <= 1e-12*(1+math.Abs(v[1]))) {
						t.Errorf("sequence %d: got %v, reference %v", i, v[0], v[1])
					}
				}
			}
			o := verdictObjective(b, h)
			if err := p.BackwardVerdict(o.wide()); err != nil {
				t.Fatal(err)
			}
			checkDerivatives(t, ref, o, m, 1e-7)
		})
	}
}
