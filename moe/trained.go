package moe

import "slices"

// Adapters returns the tensors of the adapters, in the order of the matrices
// that they belong to; names are PEFT's.
func (m *ModelOf[Num]) Adapters() []*ParamOf[Num] { return m.low }

// Trained returns what the optimizer updates: all of [Model.Params] but the
// frozen ones, and the adapters.
func (m *ModelOf[Num]) Trained() []*ParamOf[Num] { return m.trained }

func (m *ModelOf[Num]) names() []string {
	names := make([]string, len(m.params))
	for i, p := range m.params {
		names[i] = p.Name
	}
	return names
}

// tune marks the frozen tensors, adds adapters, and gives every tensor its
// place.
func (m *ModelOf[Num]) tune(t *tuning) {
	for _, p := range m.params {
		p.Frozen = t.frozen(p.Name)
		p.away = (t.mapped && p.Frozen || t.narrow) && len(p.Shape) == 2
	}
	if t.lora.Rank > 0 {
		for i := range m.layers {
			m.adaptLayer(&m.layers[i], t)
		}
	}
	all := slices.Concat(m.params, m.low)
	for _, p := range all {
		if !p.Frozen {
			p.turn = len(m.trained)
			m.trained = append(m.trained, p)
		}
	}
	m.halves = t.narrow
	if !t.narrow {
		all = inMemory(all)
	}
	m.place(all)
}

// inMemory are those tensors that need a place. What was to lie right behind one
// that needs none begins anew.
func inMemory[Num Float](all []*ParamOf[Num]) (here []*ParamOf[Num]) {
	for i, p := range all {
		p.joined = p.joined && !all[i-1].away
		if !p.away {
			here = append(here, p)
		}
	}
	return here
}

// place lays tensors out in four regions: what trains before what does not, and
// in each what every rank holds before the experts. Tensors that are joined stay
// together: a frozen one beside one that trains has a gradient's room, unused.
func (m *ModelOf[Num]) place(all []*ParamOf[Num]) {
	var sizes [4]int
	regions := make([]int, len(all))
	for i := 0; i < len(all); {
		group, region := 1, 2
		for i+group < len(all) && all[i+group].joined {
			group++
		}
		for _, p := range all[i : i+group] {
			if !p.Frozen {
				region = 0
			}
		}
		if all[i].Expert {
			region++
		}
		sizes[region] = aligned(sizes[region])
		for range group {
			regions[i], all[i].offset = region, sizes[region]
			sizes[region] += all[i].len()
			i++
		}
	}
	m.denseLen = aligned(sizes[0])
	m.trainLen = m.denseLen + sizes[1]
	starts := [4]int{0, m.denseLen, aligned(m.trainLen), aligned(m.trainLen) + aligned(sizes[2])}
	for i, p := range all {
		p.offset += starts[regions[i]]
		m.size = max(m.size, p.offset+p.len())
	}
}

// A backward pass goes down three flights a layer: its experts, its output (of
// attention: the second norm, the router, o) and its input (q, k, v, the first
// norm). The flights are counted from the top; the embedding lies below the last.
const (
	flightExperts = iota
	flightOutput
	flightInput
	flights
)

// depthOf is the number of a flight; that of layer -1 is the embedding's.
func (m *ModelOf[Num]) depthOf(l, flight int) int {
	return flights*(m.cfg.NumHiddenLayers-1-l) + flight
}

// reaches reports whether a backward pass goes down a flight: something trains
// there or below.
func (m *ModelOf[Num]) reaches(l, flight int) bool { return m.reach >= m.depthOf(l, flight) }

// depth is the lowest flight in which something trains, -1 where only the head
// does.
func (m *ModelOf[Num]) depth() int {
	depth := -1
	for l := m.cfg.NumHiddenLayers - 1; l >= 0; l-- {
		for flight, trains := range m.layers[l].trains() {
			if trains {
				depth = m.depthOf(l, flight)
			}
		}
	}
	if !m.embed.Frozen {
		depth = m.depthOf(-1, 0)
	}
	return depth
}

// trains says of each flight of a layer whether something trains in it.
func (l *layerParams[Num]) trains() (in [flights]bool) {
	l.eachTensor(func(p *ParamOf[Num], flight int) { in[flight] = in[flight] || !p.Frozen })
	return in
}

// eachTensor calls do for every tensor of a layer, adapters too, with the flight
// that its gradient is made in.
func (l *layerParams[Num]) eachTensor(do func(p *ParamOf[Num], flight int)) {
	all := func(flight int, low *lowRank[Num], list ...*ParamOf[Num]) {
		for _, p := range list {
			if p != nil {
				do(p, flight)
			}
		}
		if low != nil {
			for _, part := range low.parts {
				do(part.a, flight)
				do(part.b, flight)
			}
		}
	}
	for _, e := range l.experts {
		all(flightExperts, e.guLow, e.gate, e.up)
		all(flightExperts, e.downLow, e.down)
	}
	all(flightOutput, l.oLow, l.norm2, l.router, l.o, l.oBias)
	all(flightInput, l.qkvLow, l.norm1, l.qNorm, l.kNorm, l.q, l.k, l.v, l.qBias, l.kBias, l.vBias)
}

func anyTrains[Num Float](list ...*ParamOf[Num]) bool {
	return slices.ContainsFunc(list, func(p *ParamOf[Num]) bool { return p != nil && !p.Frozen })
}
