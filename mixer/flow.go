package mixer

// flow is a network with whole capacities and Dinic's maximum flow. Arcs come
// in pairs: arc a and its reverse a^1. It may start from any valid flow, which
// is how a greedy choice is completed and not replaced.
type flow struct {
	to, next []int32
	left     []int64 // capacity not yet used; of a reverse arc, the flow
	head     []int32
	level    []int32
	cursor   []int32
	queue    []int32
}

func newFlow(nodes, arcs int) *flow {
	g := &flow{head: make([]int32, nodes), level: make([]int32, nodes), cursor: make([]int32, nodes),
		to: make([]int32, 0, 2*arcs), next: make([]int32, 0, 2*arcs), left: make([]int64, 0, 2*arcs)}
	for i := range g.head {
		g.head[i] = -1
	}
	return g
}

// arcs is the number that the next arc gets.
func (g *flow) arcs() int { return len(g.to) }

func (g *flow) arc(from, to int, capacity int64) int {
	a := len(g.to)
	g.to = append(g.to, int32(to), int32(from))
	g.left = append(g.left, capacity, 0)
	g.next = append(g.next, g.head[from], g.head[to])
	g.head[from], g.head[to] = int32(a), int32(a+1)
	return a
}

func (g *flow) push(a int, n int64) {
	g.left[a] -= n
	g.left[a^1] += n
}

// through is the flow on an arc.
func (g *flow) through(a int) int64 { return g.left[a^1] }

// maximise adds as much flow as there is room for and returns what it added.
// Afterwards reached tells the source's side of a minimum cut.
func (g *flow) maximise(source, sink int) (added int64) {
	for g.layer(source, sink) {
		copy(g.cursor, g.head)
		for {
			n := g.augment(int32(source), int32(sink), 1<<62)
			if n == 0 {
				break
			}
			added += n
		}
	}
	return added
}

// reached reports whether residual capacity leads to a node, after maximise.
func (g *flow) reached(node int) bool { return g.level[node] >= 0 }

func (g *flow) layer(source, sink int) bool {
	for i := range g.level {
		g.level[i] = -1
	}
	g.level[source] = 0
	g.queue = append(g.queue[:0], int32(source))
	for at := 0; at < len(g.queue); at++ {
		v := g.queue[at]
		for a := g.head[v]; a >= 0; a = g.next[a] {
			if w := g.to[a]; g.left[a] > 0 && g.level[w] < 0 {
				g.level[w] = g.level[v] + 1
				g.queue = append(g.queue, w)
			}
		}
	}
	return g.level[sink] >= 0
}

// augment recurses no deeper than there are layers: twice the number of cells
// and a few, since every second node of a path is a cell and none repeats.
func (g *flow) augment(v, sink int32, most int64) int64 {
	if v == sink {
		return most
	}
	var sent int64
	for a := g.cursor[v]; a >= 0; a = g.next[a] {
		g.cursor[v] = a
		w := g.to[a]
		if g.left[a] <= 0 || g.level[w] != g.level[v]+1 {
			continue
		}
		n := g.augment(w, sink, min(most-sent, g.left[a]))
		if n > 0 {
			g.push(int(a), n)
			sent += n
			if sent == most {
				return sent
			}
		}
	}
	g.cursor[v] = -1
	return sent
}
