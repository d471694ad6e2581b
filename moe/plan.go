package moe

// A Plan is a training that does not exist yet: its memory and its work follow
// from the shape, and nothing is allocated to say so.
type Plan struct {
	Config
	Tuning    Tuning // what trains, with which adapters, and which weights stay in files
	Shard     Shard  // experts of this rank; Of > 1 means that they are exchanged
	Lengths   []int  // of the sequences of a micro-batch
	Recompute bool
	Head      Head
	NextToken bool // the language-model loss instead of a verdict
	Threads   int
	Precision Precision

	Moments8 bool         // moments are in eight bits
	Replicas ReplicaCount // ranks that divide the optimizer's work
	Summed   bool         // gradients are summed over ranks
	Average  bool         // a moving average of the weights is kept
	Scores   bool         // a second pass scores as many tokens in the memory of the first
	Passes   int          // that train side by side; 0 means 1

	BorrowGrads bool // as the option of a pass: the micro-batch is the only one of its step
	BF16Wire    bool
}

// A ReplicaCount says among how many ranks moments are in slices: those of the
// tensors that every rank holds, and those of one rank's experts. 0 means 1.
type ReplicaCount struct{ Dense, Experts int }

// PlanMemory predicts what [Model.Memory], [OptState.Memory], [Average.Memory] and
// [Pass.Memory] say after a step, on the kernels that this machine has. With a
// shard it takes the experts of this rank to be asked a tenth more than others.
func PlanMemory[Num Float](p Plan) (Memory, error) {
	s, err := newSizes[Num](p)
	if err != nil {
		return Memory{}, err
	}
	d := demand{}
	s.train(d)
	alone := d.memory()
	if p.Scores {
		s.score(d)
	}
	mem := d.memory()
	for range p.Passes - 1 {
		mem = mem.Plus(alone)
	}
	mem.Weights, mem.Gradients = s.m.weightBytes(), int64(s.m.trainLen)*s.num
	mem.Moments = s.moments()
	if p.Average {
		mem.Average = mem.Gradients
	}
	return mem, nil
}

// Untouched is how much of the gradients and moments is never written, and so no
// memory of the machine: those of a head of which a verdict reads two rows. Pages
// are taken to be large.
func Untouched[Num Float](p Plan) (int64, error) {
	s, err := newSizes[Num](p)
	if err != nil {
		return 0, err
	}
	if p.NextToken || p.Head.Full || p.TieWordEmbeddings || s.m.head.Frozen {
		return 0, nil
	}
	const rows, largePage = 2, 2 << 20
	n := max(0, s.num*int64(s.m.head.len())-rows*largePage)
	moments := 2 * n
	if p.Moments8 && s.m.head.quantizes() {
		moments = 2 * int64(s.m.head.len())
	}
	if p.Summed { // sums are written to all gradients
		n = 0
	}
	if p.Replicas.Dense > 1 { // the head is the part of the last ranks, and the first have none of it
		moments = 0
	}
	return n + moments, nil
}

// moments is the most that one rank has of them.
func (s *sizes[Num]) moments() (total int64) {
	for _, h := range []struct{ at, n, ranks int }{
		{0, s.m.denseLen, s.Replicas.Dense}, {s.m.denseLen, s.m.trainLen - s.m.denseLen, s.Replicas.Experts},
	} {
		if !s.Moments8 {
			total += 2 * s.num * int64(share(h.n, h.ranks))
			continue
		}
		most, ranks := int64(0), max(1, h.ranks)
		for r := range ranks {
			lo, hi := s.m.blockEnd(h.at+h.n*r/ranks), s.m.blockEnd(h.at+h.n*(r+1)/ranks)
			most = max(most, s.m.moments8Bytes(Slice{lo, hi}))
		}
		total += most
	}
	return total
}

// share is the most that one of several ranks has of n numbers.
func share(n, ranks int) int {
	ranks = max(1, ranks)
	return (n + ranks - 1) / ranks
}

// NumExpertParams counts the numbers of all experts: what ranks may divide.
func (c *Config) NumExpertParams() int64 {
	if c.Dense {
		return 0
	}
	return int64(c.NumHiddenLayers-c.denseLayers()) * int64(c.NumExperts) * 3 * int64(c.HiddenSize) * int64(c.MoeIntermediateSize)
}

// NumActive counts the numbers that one token meets: all of the model but the
// experts that its routers do not choose and the embeddings of other tokens.
func (c *Config) NumActive() int64 {
	n := c.NumParams() - int64(c.VocabSize-1)*int64(c.HiddenSize)
	if !c.Dense {
		n -= c.NumExpertParams() / int64(c.NumExperts) * int64(c.NumExperts-c.NumExpertsPerTok)
	}
	return n
}
