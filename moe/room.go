package moe

// room is the memory that a pass works in. Passes that never run at the same time
// may share one: each takes what the others leave, and the largest need of any is
// what it grows to.
type room[Num Float] struct {
	arena[Num]
	views[Num]
	vocab[Num]
	exchanging[Num]

	block    []Num // that planned arrays lie in
	layers   []acts[Num]
	holder   int // the layer that took what passes from the lowest, by way of those between
	work     []worker[Num]
	cos, sin []Num // [positions, C/2]

	user *PassOf[Num] // the pass that ran last
}

// NewPassIn is [ModelOf.NewPass] in the memory of another pass over the model.
// The two must not run at the same time, and a backward call of one finds its
// forward only if the other did not run between them. Bits are those of a pass
// with memory of its own.
func (m *ModelOf[Num]) NewPassIn(with *PassOf[Num], o Options) *PassOf[Num] {
	return m.newPass(o, with.room)
}

// take makes the room this pass's own until another takes it.
func (p *PassOf[Num]) take() {
	before := p.user
	if before == p {
		return
	}
	p.user = p
	if before == nil {
		return
	}
	before.state = stateEmpty
	if !p.o.Train {
		p.giveDown()
	}
}

// keeps reports whether the activations of a layer wait for a backward pass.
func (p *PassOf[Num]) keeps(l int) bool { return p.o.Train && p.m.reaches(l, flightExperts) }

// giveDown gives the lowest layer what passes of the layer that has it.
func (p *PassOf[Num]) giveDown() {
	if p.holder > 0 {
		p.handPassing(&p.layers[p.holder], &p.layers[0])
		p.holder = 0
	}
}

// handPassing moves the memory of what passes from one layer to another.
func (p *PassOf[Num]) handPassing(from, to *acts[Num]) {
	if !p.elsewhere(from) {
		from.work = work[Num]{} // views, not memory for what comes from peers
	}
	to.passing, from.passing = from.passing, passing[Num]{}
}
