package moe

// Which arrays of a pass live when. The arrays of a training step are many times
// what lives at one moment of it, so they have no memory of their own: before a
// forward pass each is given a place in one block for the time that it lives. Going
// back, a layer's gradients are written when the activations above it are dead; a
// pass that may ([Options.BorrowGrads]) keeps these in the memory of those.
//
// What follows from the choices of routers of other ranks is not known beforehand,
// and has memory of its own.

// A tenant is a kind of array that has its place by plan.
type tenant uint8

// Arrays of a layer. What a backward pass makes again has a place for either way.
const (
	tenantX tenant = iota
	tenantQKV
	tenantO
	tenantXM
	tenantGU
	tenantQR
	tenantKR
	tenantPages
	tenantH2
	tenantY
	tenantDY // gradient of what experts read
	tenantHW
	tenantDYP
	tenantH2Again
	tenantQRAgain
	tenantKRAgain
	tenantDO
	tenantWork
	tenantDQKV
	tenantH1
	tenantDX // of the whole pass
	tenants
)

// Moments of a layer going forward, and of one going back: what is computed again
// comes first.
const (
	forthInput = iota
	forthAttention
	forthOutput
	forthExperts
	forths
)

const (
	backExperts = forths + iota
	backOutput
	backOutputJobs
	backQueries
	backAttention
	backInput
	backInputJob
	backs
)

// A lease is a tenancy of a layer's array, on the way forward or back.
type lease struct {
	tenant
	layer int
	back  bool
	tenancy
}

// liveness lists the leases of a training pass.
type liveness[Num Float] struct {
	*dims
	m           *ModelOf[Num]
	T, ends     int  // rows, and sequences
	pages, work int  // that attention works in, forward and back
	part        int  // rows that go back through attention together, at most
	everywhere  bool // the head reads all rows
	recompute   bool
	peers       bool

	leases []lease
	list   []tenancy // scratch
	placing
}

// forth and back are moments of a layer, head is the one between the two ways, and
// over the one after them.
func (v *liveness[Num]) forth(l, moment int) int { return forths*l + moment }
func (v *liveness[Num]) head() int               { return forths * v.L }
func (v *liveness[Num]) back(l, moment int) int  { return v.head() + 1 + backs*(v.L-1-l) + moment }
func (v *liveness[Num]) over() int               { return v.back(-1, 0) }

func (v *liveness[Num]) add(t tenant, l int, back bool, size, from, to int) {
	v.leases = append(v.leases, lease{t, l, back, tenancy{size: size, from: from, to: to}})
}

// again reports whether a layer is computed again.
func (v *liveness[Num]) again(l int) bool { return v.recompute && l < v.L-1 }

// firstBack is the first moment of the way back through a layer that its input is
// wanted at.
func (v *liveness[Num]) firstBack(l int) int {
	if v.again(l) {
		return forthInput
	}
	return backOutput
}

// outputAgain reports whether what a layer has after attention is computed again
// from its input and attention's output: a product of D·HC in place of D numbers for
// each row. The last layer is gone back through while all others are kept, which is
// when memory is at its most, and nothing is to be had from it.
func (v *liveness[Num]) outputAgain(l int) bool {
	return l < v.L-1 && !v.recompute && v.m.layers[l].oLow == nil && v.m.reaches(l, flightExperts)
}

// slots is how many tokens of this rank go through the experts of a layer, each
// counted for every choice.
func (v *liveness[Num]) slots(l int) int {
	if l == v.L-1 && !v.everywhere {
		return v.ends * v.mlp[l].K
	}
	return v.T * v.mlp[l].K
}

// train lists what a training pass needs.
func (v *liveness[Num]) train() {
	v.leases = v.leases[:0]
	for l := range v.L {
		v.layer(l)
	}
	v.add(tenantDX, 0, true, v.T*v.D, v.head(), v.over())
}

// layer lists a layer's input, and what it needs forward and back.
func (v *liveness[Num]) layer(l int) {
	keeps := v.m.reaches(l, flightExperts)
	first := v.forth(l, forthInput)
	if l > 0 {
		first = v.forth(l-1, forthExperts)
	}
	last := v.forth(l, forthOutput)
	switch {
	case keeps && l == 0: // embeddings are copied again
		v.add(tenantX, l, true, v.T*v.D, v.back(l, v.firstBack(l)), v.back(l, backInput))
	case keeps:
		last = v.back(l, backInput)
	}
	v.add(tenantX, l, false, v.T*v.D, first, last)
	at := func(moment int) int { return v.forth(l, moment) }
	if !keeps || v.again(l) {
		v.compute(l, false, at, false)
	} else {
		v.compute(l, false, at, true)
	}
	if !keeps {
		return
	}
	at = func(moment int) int { return v.back(l, moment) }
	if v.again(l) {
		v.compute(l, true, at, true)
	}
	v.gradients(l, at)
}

// gradients lists what a layer needs to go back.
func (v *liveness[Num]) gradients(l int, at func(moment int) int) {
	S := v.slots(l)
	v.add(tenantDY, l, true, S*v.D, at(backExperts), at(backOutput))
	if !v.elsewhere(l) {
		v.add(tenantHW, l, true, S*v.mlp[l].F, at(backExperts), at(backOutputJobs))
		v.add(tenantDYP, l, true, S*v.D, at(backExperts), at(backOutputJobs))
	}
	v.add(tenantH2Again, l, true, v.T*v.D, at(backOutput), at(backOutputJobs))
	if !v.m.reaches(l, flightInput) {
		return
	}
	v.add(tenantQRAgain, l, true, v.part*v.HC, at(backQueries), at(backAttention))
	v.add(tenantKRAgain, l, true, v.part*v.GC, at(backQueries), at(backAttention))
	v.add(tenantDO, l, true, v.part*v.HC, at(backQueries), at(backAttention))
	v.add(tenantWork, l, true, v.work, at(backAttention), at(backAttention))
	v.add(tenantDQKV, l, true, v.T*v.ldW, at(backAttention), at(backInputJob))
	v.add(tenantH1, l, true, v.T*v.D, at(backInput), at(backInputJob))
}

// compute lists what a layer needs to be computed, and to go back through it if
// that is where it leads.
func (v *liveness[Num]) compute(l int, back bool, at func(moment int) int, leads bool) {
	until := func(forward, backward int) int {
		switch {
		case leads:
			return v.back(l, backward)
		case l == v.L-1 && forward >= forthOutput:
			return v.head()
		}
		return at(forward)
	}
	S, m := v.slots(l), v.mlp[l]
	answers := at(forthExperts)
	if l == v.L-1 && !back {
		answers = v.head()
	}
	v.add(tenantQKV, l, back, v.T*v.W, at(forthInput), until(forthAttention, backInput))
	v.add(tenantO, l, back, v.T*v.HC, at(forthAttention), until(forthOutput, backAttention))
	after := until(forthExperts, backOutput)
	if v.outputAgain(l) {
		after = at(forthExperts)
	}
	v.add(tenantXM, l, back, v.T*v.D, at(forthOutput), after)
	v.add(tenantQR, l, back, v.T*v.HC, at(forthInput), at(forthAttention))
	v.add(tenantKR, l, back, v.T*v.GC, at(forthInput), at(forthAttention))
	v.add(tenantPages, l, back, v.pages, at(forthAttention), at(forthAttention))
	v.add(tenantH2, l, back, v.T*v.D, at(forthOutput), at(forthExperts))
	if !back || v.m.layers[l].lowWidths().down > 0 && !v.elsewhere(l) {
		v.add(tenantY, l, back, S*v.D, at(forthExperts), answers)
	}
	if !v.elsewhere(l) {
		v.add(tenantGU, l, back, S*m.ldF, at(forthExperts), until(forthExperts, backOutputJobs))
	}
}

// elsewhere reports whether a layer has experts on other ranks.
func (v *liveness[Num]) elsewhere(l int) bool { return v.peers && v.mlp[l].routed }

// score lists what a scoring pass needs for chunks of so many rows: the stream of
// all, and the arrays of one layer, which live as long, since some chunks leave a
// layer's answers in them.
func (v *liveness[Num]) score(rows int) {
	v.leases = v.leases[:0]
	keep := func(t tenant, size int) { v.add(t, 0, false, size, 0, 0) }
	most := rows
	if !v.everywhere {
		most = max(most, v.ends)
	}
	keep(tenantX, v.T*v.D)
	keep(tenantQKV, rows*v.W)
	keep(tenantO, most*v.HC)
	keep(tenantXM, most*v.D)
	keep(tenantQR, rows*v.HC)
	keep(tenantKR, rows*v.GC)
	keep(tenantPages, v.pages)
	keep(tenantH2, most*v.D)
	keep(tenantY, most*v.wide.K*v.D)
}
