package moe

import (
	"fmt"
	"strings"
	"unsafe"

	"github.com/swerm/swerm/moe/kernel"
)

// A demand is how large each array of a pass grows, in bytes, by the name of its
// field. What grows for different reasons takes the largest.
type demand map[string]int64

func (d demand) need(name string, bytes int64) { d[name] = max(d[name], bytes) }

// memory adds up what the arrays of each kind take. The kind follows from the
// name, as in [Pass.Memory].
func (d demand) memory() (m Memory) {
	for name, n := range d {
		first, last := name[:max(0, strings.IndexByte(name, '.'))], name[strings.LastIndexByte(name, '.')+1:]
		switch {
		case isPack(first), isPack(last), strings.HasPrefix(name, "worker.pack"):
			m.Packs += n
		case strings.HasPrefix(name, "layer"):
			m.Activations += n
		case first == "exchanging":
			m.Exchange += n
		default:
			m.Buffers += n
		}
	}
	return m
}

// sizes counts what passes grow to: the block of what is planned, by the same plan,
// and beside it what load, sizeInput, sizeRows, sizeForward, sizeBackward and the
// places beside them grow, under the names of the fields.
type sizes[Num Float] struct {
	Plan
	dims
	kern  kernels[Num]  // of the trunk's products
	whole kernels[Num]  // of the router's and the head's
	m     *ModelOf[Num] // described: no numbers

	live liveness[Num]

	num        int64 // bytes of a number
	T, longest int
}

func newSizes[Num Float](p Plan) (*sizes[Num], error) {
	if err := p.Config.Validate(); err != nil {
		return nil, err
	}
	if err := p.Shard.validate(p.NumExperts); err != nil {
		return nil, err
	}
	kern, tune, err := tuned[Num](p.Tuning)
	if err != nil {
		return nil, err
	}
	s := &sizes[Num]{Plan: p, dims: dimsOf(&p.Config), kern: rounded(kern, p.Precision), whole: kern, num: int64(unsafe.Sizeof(Num(0)))}
	s.m = describe[Num](p.Config, p.Shard, tune)
	whole := s.m
	if p.Shard.Of > 1 {
		whole = describe[Num](p.Config, Shard{}, tune)
	}
	if err := tune.check(whole.names()); err != nil {
		return nil, err
	}
	s.m.reach = whole.depth()
	for _, n := range p.Lengths {
		s.T, s.longest = s.T+n, max(s.longest, n)
	}
	parts, work := attentionParts(nil, s.kern, &s.dims, p.Lengths, max(1, p.Threads))
	s.live = liveness[Num]{dims: &s.dims, m: s.m, T: s.T, ends: len(p.Lengths), pages: s.pages(), work: work, part: most(parts),
		everywhere: p.NextToken, recompute: p.Recompute, peers: p.Shard.Of > 1}
	return s, nil
}

// here is the room on the rank that has most for so many slots that come from a
// layer's routers: where ranks share the experts, a tenth above the mean, and what
// growSlots keeps to spare.
func (s *sizes[Num]) here(l, slots int) int {
	if s.apart(l) {
		slots += slots / 10
		slots += slots / 8
	}
	return slots
}

func (s *sizes[Num]) apart(l int) bool { return s.Shard.Of > 1 && s.mlp[l].routed }

func (s *sizes[Num]) numbers(d demand, name string, n int) { d.need(name, s.num*int64(n)) }

// planned counts the block that planned arrays lie in.
func (s *sizes[Num]) planned(d demand, lent []stretch, base int) {
	s.numbers(d, "layers.block", s.live.place(lent, base))
}

// train counts a pass that trains.
func (s *sizes[Num]) train(d demand) {
	s.live.train()
	if s.BorrowGrads {
		s.planned(d, s.live.lendable(), s.m.trainLen)
	} else {
		s.planned(d, nil, 0)
	}
	s.load(d, s.T)
	for l := range s.mlp {
		own, passing, slots := layerField(l), layerField(s.holder(l)), s.live.slots(l)
		s.layer(d, l, own, passing, s.T, s.T, slots)
		if s.apart(l) {
			s.numbers(d, passing+"guApart", s.here(l, slots)*s.mlp[l].ldF)
		}
	}
	s.head(d, true)
	s.numbers(d, "auxGrad", len(s.Lengths)*s.E)
	if s.reaches(s.dims.L - 1) {
		s.backward(d)
	}
}

// score counts a pass that scores: of the last layer it computes last positions
// alone, and it goes chunk by chunk.
func (s *sizes[Num]) score(d demand) {
	n := min(s.T, chunkRows)
	s.live.score(n)
	s.planned(d, nil, 0)
	s.load(d, n)
	lowest := layerField(0)
	for l, m := range s.mlp {
		rows := n
		if l == s.dims.L-1 && !s.NextToken {
			rows = len(s.Lengths)
		}
		s.layer(d, l, lowest, lowest, n, rows, rows*m.K)
	}
	s.head(d, false)
}

func layerField(l int) string { return fmt.Sprintf("layer%d.", l) }

func (s *sizes[Num]) reaches(l int) bool { return s.m.reaches(l, flightExperts) }

// holder is the layer under whose name the memory of what passes is counted: the
// lowest where a layer hands it on.
func (s *sizes[Num]) holder(l int) int {
	if s.Recompute || l == 0 || !s.reaches(l-1) {
		return 0
	}
	return l
}

// load counts what a batch takes whatever the layers do, in chunks of so many
// rows.
func (s *sizes[Num]) load(d demand, rows int) {
	d.need("batch", 3*4*int64(s.T))
	s.numbers(d, "positions", s.longest*s.C)
	f, m, n := s.kern, s.wide, max(1, s.Threads)
	s.numbers(d, "packQKV", f.PanelLen(s.D, s.HC)+f.PanelLen(s.D, 2*s.GC))
	s.numbers(d, "packO", f.PanelLen(s.HC, s.D))
	s.numbers(d, "packR", s.whole.PanelLen(s.D, max(1, s.E)))
	s.numbers(d, "borrowed", n*borrowed(f))
	s.numbers(d, "worker.h", n*stripe*max(s.D, m.F))
	s.numbers(d, "worker.h2", n*stripe*max(s.D, m.ldF))
	s.numbers(d, "worker.pack", n*max(f.PanelLen(s.D, 2*m.F), f.PanelLen(2*m.F, s.D),
		f.PanelLen(gradDepth, gradTileN), s.whole.PanelLen(gradDepth, gradTileN)))
	s.numbers(d, "worker.pack2", n*max(f.PanelLen(m.F, s.D), f.PanelLen(s.D, m.F)))
	s.numbers(d, "attn", n*f.AttentionScratch(s.C))
}

// layer counts the activations of a layer forward: for so many rows up to
// attention, and from there on for those and slots that have answers. What passes
// may lie elsewhere than what stays.
func (s *sizes[Num]) layer(d demand, l int, own, passing string, in, rows, slots int) {
	m, w := s.mlp[l], s.m.layers[l].lowWidths()
	s.numbers(d, own+"probs", rows*m.E)
	s.numbers(d, own+"z", rows)
	s.numbers(d, own+"topW", rows*m.K)
	d.need(own+"topI", 4*int64(rows*m.K))
	s.numbers(d, passing+"r1", in)
	s.numbers(d, passing+"rq", in*s.H)
	s.numbers(d, passing+"rk", in*s.G)
	s.numbers(d, passing+"lse", rows*s.H)
	s.numbers(d, passing+"r2", rows)
	d.need(passing+"off", 8*int64(m.E+1))
	d.need(passing+"slots", 4*int64(slots+rows*m.K))
	s.numbers(d, passing+"slotW", slots)
	s.numbers(d, passing+"low.in", in*w.qkv)
	s.numbers(d, passing+"low.out", in*w.o)
	s.numbers(d, passing+"low.gu", s.here(l, slots)*w.gu)
	s.numbers(d, passing+"low.down", s.here(l, slots)*w.down)
	s.adapters(d, l)
	if s.apart(l) {
		s.numbers(d, passing+"work", s.here(l, slots)*(s.D+2))
		d.need(passing+"work.row", 4*int64(slots))
		s.exchange(d, s.here(l, slots))
	}
}

// adapters counts their packs.
func (s *sizes[Num]) adapters(d demand, l int) {
	lp := &s.m.layers[l]
	s.numbers(d, "packLow.in", lp.qkvLow.panelLen(s.kern))
	s.numbers(d, "packLow.out", lp.oLow.panelLen(s.kern))
	for i := range lp.experts {
		s.numbers(d, "worker.packLow.in", max(1, s.Threads)*lp.experts[i].guLow.panelLen(s.kern))
		s.numbers(d, "worker.packLow.out", max(1, s.Threads)*lp.experts[i].downLow.panelLen(s.kern))
	}
}

// exchange counts rows on their way between ranks.
func (s *sizes[Num]) exchange(d demand, slots int) {
	s.numbers(d, "exchanging.out", slots*(s.D+1))
	s.numbers(d, "exchanging.results", slots*s.D)
	if s.BF16Wire {
		d.need("exchanging.wire", 2*2*int64(slots*(s.D+2)))
	}
}

// backward counts what a backward pass needs of all layers that it reaches.
func (s *sizes[Num]) backward(d demand) {
	f, T, n := s.kern, s.T, max(1, s.Threads)
	s.numbers(d, "dlogits", T*max(1, s.E))
	s.numbers(d, "partial", stripes(T)*s.partials())
	s.numbers(d, "packQKV", max(f.PanelLen(s.D, s.W), f.PanelLen(s.W, s.D)))
	s.numbers(d, "packO", f.PanelLen(s.D, s.HC))
	s.numbers(d, "packOAgain", f.PanelLen(s.HC, s.D))
	s.numbers(d, "packR", s.whole.PanelLen(max(1, s.E), s.D))
	s.numbers(d, "worker.left", n*kernel.ScratchLen)
	for l, m := range s.mlp {
		if !s.reaches(l) {
			continue
		}
		slots, w := s.here(l, s.live.slots(l)), s.m.layers[l].lowWidths()
		s.numbers(d, "dtw", slots)
		s.numbers(d, "dlow.gu", slots*w.gu)
		s.numbers(d, "dlow.down", slots*w.down)
		if s.apart(l) {
			s.numbers(d, "dypApart", slots*s.D)
			s.numbers(d, "hwApart", slots*m.F)
			s.numbers(d, "exchanging.in", slots*(s.D+1))
		}
	}
	for l := range s.mlp {
		w := s.m.layers[l].lowWidths()
		s.numbers(d, "dlow.in", T*w.qkv)
		s.numbers(d, "dlow.out", T*w.o)
	}
}

// pages is what attention keeps forward.
func (s *sizes[Num]) pages() (total int) {
	for _, n := range s.Lengths {
		total += s.G * s.kern.PageLen(s.C, n)
	}
	return total
}

// partials is the numbers of a stripe's row of sums.
func (s *sizes[Num]) partials() int {
	n := s.D + 2*s.C
	if s.AttentionBias {
		n += max(s.D, s.W)
	}
	return n
}

// head counts what the rows that the head reads take.
func (s *sizes[Num]) head(d demand, trains bool) {
	rows := len(s.Lengths)
	if s.NextToken {
		rows = s.T - len(s.Lengths)
	}
	s.numbers(d, "xf", rows*s.D)
	s.numbers(d, "hn", rows*s.D)
	if trains {
		s.numbers(d, "dhn", rows*s.D)
		s.numbers(d, "partial", stripes(rows)*s.partials())
	}
	step := 0
	if s.NextToken || s.Head.Full {
		whole := (s.V + vocabStep - 1) / vocabStep * vocabStep
		step = max(vocabStep, min(vocabFloats/max(1, rows)/vocabStep*vocabStep, whole))
	}
	s.numbers(d, "worker.rows", max(1, s.Threads)*s.m.rowScratch(s.kern, step, trains))
	if step == 0 {
		return
	}
	s.numbers(d, "logits", rows*spread(step))
	s.numbers(d, "packT", s.whole.PanelLen(s.D, step))
	if trains {
		s.numbers(d, "packN", s.whole.PanelLen(step, s.D))
		s.numbers(d, "worker.left", max(1, s.Threads)*kernel.ScratchLen)
	}
}
