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

// sizes counts what passes grow to. It follows load, sizeInput, sizeRows,
// sizeForward, sizeBackward and the places beside them, under the names of the
// fields that they grow.
type sizes[Num Float] struct {
	Plan
	dims
	kern  kernels[Num]  // of the trunk's products
	whole kernels[Num]  // of the router's and the head's
	m     *ModelOf[Num] // described: no numbers

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
	return s, nil
}

// slots is how many tokens go through experts of a layer in training, each
// counted for every choice.
func (s *sizes[Num]) slots(l int) int {
	if l == s.dims.L-1 && !s.NextToken {
		return len(s.Lengths) * s.mlp[l].K
	}
	return s.T * s.mlp[l].K
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

// train counts a pass that trains.
func (s *sizes[Num]) train(d demand) {
	s.load(d, s.T)
	for l := range s.mlp {
		own, passing := layerField(l), layerField(s.holder(l))
		if !s.reaches(l) {
			s.numbers(d, stream, s.T*s.D)
		} else {
			s.numbers(d, own+"x", s.T*s.D)
		}
		s.layer(d, l, own, passing, s.T, s.T, s.slots(l))
		s.numbers(d, passing+"gu", s.here(l, s.slots(l))*s.mlp[l].ldF)
	}
	s.head(d, true)
	s.numbers(d, "auxGrad", len(s.Lengths)*s.E)
	s.numbers(d, "dx", s.T*s.D)
	if s.reaches(s.dims.L - 1) {
		s.backward(d)
	}
}

// score counts a pass that scores: of the last layer it computes last positions
// alone, and it goes chunk by chunk.
func (s *sizes[Num]) score(d demand) {
	n := min(s.T, chunkRows)
	s.load(d, n)
	s.numbers(d, stream, s.T*s.D)
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

// stream is also where the lowest layer keeps its input; see [PassOf.take].
const stream = "layer0.x"

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
	s.numbers(d, "qr", rows*s.HC)
	s.numbers(d, "kr", rows*s.GC)
	f, m, n := s.kern, s.wide, max(1, s.Threads)
	s.numbers(d, "panels", s.pages())
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
	s.numbers(d, passing+"qkv", in*s.ldW)
	s.numbers(d, passing+"rq", in*s.H)
	s.numbers(d, passing+"rk", in*s.G)
	s.numbers(d, passing+"o", rows*s.HC)
	s.numbers(d, passing+"lse", rows*s.H)
	s.numbers(d, passing+"xm", rows*s.D)
	s.numbers(d, passing+"r2", rows)
	d.need(passing+"off", 8*int64(m.E+1))
	d.need(passing+"slots", 4*int64(slots+rows*m.K))
	s.numbers(d, passing+"slotW", slots)
	s.numbers(d, passing+"low.in", in*w.qkv)
	s.numbers(d, passing+"low.out", in*w.o)
	s.numbers(d, passing+"low.gu", s.here(l, slots)*w.gu)
	s.numbers(d, passing+"low.down", s.here(l, slots)*w.down)
	s.numbers(d, "h2", rows*s.D)
	s.numbers(d, "y", slots*s.D)
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
	s.numbers(d, "do", T*s.HC)
	s.numbers(d, "dlogits", T*max(1, s.E))
	s.numbers(d, "partial", stripes(T)*s.partials())
	s.numbers(d, "packQKV", max(f.PanelLen(s.D, s.W), f.PanelLen(s.W, s.D)))
	s.numbers(d, "packO", f.PanelLen(s.D, s.HC))
	s.numbers(d, "packR", s.whole.PanelLen(max(1, s.E), s.D))
	s.numbers(d, "worker.left", n*kernel.ScratchLen)
	for l, m := range s.mlp {
		if !s.reaches(l) {
			continue
		}
		slots, w := s.here(l, s.slots(l)), s.m.layers[l].lowWidths()
		s.numbers(d, "y", s.slots(l)*s.D)
		s.numbers(d, "dyp", slots*s.D)
		s.numbers(d, "panels", slots*m.F)
		s.numbers(d, "dtw", slots)
		s.numbers(d, "dlow.gu", slots*w.gu)
		s.numbers(d, "dlow.down", slots*w.down)
		if s.apart(l) {
			s.numbers(d, "exchanging.in", slots*(s.D+1))
		}
		if s.m.reaches(l, flightInput) {
			s.attentionBackward(d)
		}
	}
	for l := range s.mlp {
		w := s.m.layers[l].lowWidths()
		s.numbers(d, "dlow.in", T*w.qkv)
		s.numbers(d, "dlow.out", T*w.o)
	}
}

// attentionBackward counts what the layers that a pass goes through whole take.
func (s *sizes[Num]) attentionBackward(d demand) {
	s.numbers(d, "panels", s.kern.AttentionGradWork(s.H, s.G, s.C, s.Lengths))
	s.numbers(d, "dyp", s.T*s.ldW)
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
