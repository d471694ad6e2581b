package comm

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// A Meter counts what operations send and how long they take.
type Meter struct {
	mu    sync.Mutex
	total map[string]Traffic
}

// Traffic is what one kind of operation amounted to.
type Traffic struct {
	Op        string  `json:"op"`
	Calls     int64   `json:"calls"`
	BytesSent int64   `json:"bytes_sent"` // by this rank to others, headers left out
	Seconds   float64 `json:"seconds"`
	Waiting   float64 `json:"waiting"` // of the seconds: until the other ranks came, where the comm is a Waiter
}

// Operations are the names of all that a Meter counts.
func Operations() []string { return slices.Clone(opNames[opAllToAllV : opBarrier+1]) }

// Reset forgets all.
func (m *Meter) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total = nil
}

// Totals lists the operations so far by name.
func (m *Meter) Totals() []Traffic {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.total), func(a, b Traffic) int { return cmp.Compare(a.Op, b.Op) })
}

// start is the state of clocks when an operation begins.
type start struct {
	at     time.Time
	waited time.Duration
}

func (c *metered) start() start { return start{time.Now(), c.waited()} }

func (c *metered) waited() time.Duration {
	if w, ok := c.Comm.(Waiter); ok {
		return w.Waited()
	}
	return 0
}

// count ends an operation.
func (c *metered) count(o op, sent int, began start) {
	c.meter.add(o, sent, time.Since(began.at), c.waited()-began.waited)
}

func (m *Meter) add(o op, sent int, took, waited time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.total == nil {
		m.total = map[string]Traffic{}
	}
	t := m.total[o.String()]
	t.Op = o.String()
	t.Calls++
	t.BytesSent += int64(sent)
	t.Seconds += took.Seconds()
	t.Waiting += waited.Seconds()
	m.total[t.Op] = t
}

// Metered is c with its operations, and those of groups made from it, counted
// in m.
func Metered(c Comm, m *Meter) Comm { return &metered{c, m} }

type metered struct {
	Comm
	meter *Meter
}

func (c *metered) AllToAllV(send, recv [][]byte) error {
	sent := 0
	for r, x := range send {
		if r != c.Rank() {
			sent += len(x)
		}
	}
	defer c.count(opAllToAllV, sent, c.start())
	return c.Comm.AllToAllV(send, recv)
}

// own is the bytes of x that belong to this rank.
func (c *metered) own(x []byte, t Type) int {
	lo, hi := Part(len(x)/t.Size(), c.Size(), c.Rank())
	return (hi - lo) * t.Size()
}

func (c *metered) AllReduce(x []byte, t Type) error {
	own := c.own(x, t)
	defer c.count(opAllReduce, len(x)-own+(c.Size()-1)*own, c.start())
	return c.Comm.AllReduce(x, t)
}

func (c *metered) ReduceScatter(x []byte, t Type) error {
	defer c.count(opReduceScatter, len(x)-c.own(x, t), c.start())
	return c.Comm.ReduceScatter(x, t)
}

func (c *metered) AllGather(x []byte, t Type) error {
	defer c.count(opAllGather, (c.Size()-1)*c.own(x, t), c.start())
	return c.Comm.AllGather(x, t)
}

func (c *metered) Broadcast(x []byte, root int) error {
	sent := 0
	if c.Rank() == root {
		sent = (c.Size() - 1) * len(x)
	}
	defer c.count(opBroadcast, sent, c.start())
	return c.Comm.Broadcast(x, root)
}

func (c *metered) Barrier() error {
	defer c.count(opBarrier, c.Size()-1, c.start())
	return c.Comm.Barrier()
}

func (c *metered) Group(ranks []int) (Comm, error) {
	g, err := c.Comm.Group(ranks)
	if err != nil {
		return nil, err
	}
	return Metered(g, c.meter), nil
}
