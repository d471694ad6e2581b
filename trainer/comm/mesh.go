package comm

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// op names a collective on the wire.
type op uint8

const (
	opAllToAllV op = iota + 1
	opAllReduce
	opReduceScatter
	opAllGather
	opBroadcast
	opBarrier
	opAddress // where ranks listen, while they join
	opLend    // whether ranks can read each other's memory, likewise
)

var opNames = [...]string{opAllToAllV: "alltoallv", opAllReduce: "allreduce", opReduceScatter: "reducescatter",
	opAllGather: "allgather", opBroadcast: "broadcast", opBarrier: "barrier", opAddress: "join", opLend: "join"}

func (o op) String() string {
	if o == 0 || int(o) >= len(opNames) {
		return fmt.Sprintf("operation %d", uint8(o))
	}
	return opNames[o]
}

// A call identifies one operation: both ends of a link must be in the same.
type call struct {
	op    op
	group uint32
	seq   uint64
}

func (c call) String() string { return fmt.Sprintf("%s %d of group %d", c.op, c.seq, c.group) }

// A link is the ordered, duplex path to one other rank.
type link interface {
	// send queues x for the peer and returns at once; x must stay as it is
	// until flush.
	send(c call, x []byte)
	// await returns when the first of what the peer sends in the same call is
	// here.
	await(c call) error
	// recv fills x with what the peer sent in the same call.
	recv(c call, x []byte) error
	// flush waits until everything queued has left.
	flush() error
	// abort tells the peer who is to blame and why, and breaks the link.
	abort(culprit int, cause error)
	// close leaves in order.
	close() error
}

// A mesh builds every collective from links between all pairs of ranks. World
// and groups share the links and the fate.
type mesh struct {
	*fate
	rank   int
	ranks  []int  // of the world, by rank of this group
	links  []link // by rank of this group; nil for this one
	group  uint32
	groups uint32 // made from this one
	seq    uint64
	heard  []uint64 // by rank of this group: the last call in which it was heard

	adder
	got, sum []byte // scratch of one chunk
}

// chunkBytes is how much of a sum is in one step of the pipeline: what one rank
// adds while the next piece is on its way. Shorter ones cost a receipt each, longer
// ones fall out of the second-level cache.
const chunkBytes = 512 << 10

// A fate is what world and groups share: the first error ends them all.
type fate struct {
	mu    sync.Mutex
	err   error
	links []link // of the world

	waited atomic.Int64 // nanoseconds
}

func newMesh(rank int, links []link) *mesh {
	m := &mesh{fate: &fate{links: links}, rank: rank, links: links, adder: newAdder()}
	for r := range links {
		m.ranks = append(m.ranks, r)
	}
	m.heard = make([]uint64, len(links))
	return m
}

func (m *mesh) Rank() int { return m.rank }
func (m *mesh) Size() int { return len(m.links) }

// begin opens an operation.
func (m *mesh) begin(o op) (call, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seq++
	return call{o, m.group, m.seq}, m.err
}

// end closes an operation: it waits until what was sent has left, and on an
// error breaks the world and tells the others.
func (m *mesh) end(c call, err error) error {
	for r, l := range m.links {
		if l == nil || err != nil {
			continue
		}
		if ferr := l.flush(); ferr != nil {
			err = &RankError{m.ranks[r], c.op.String(), ferr}
		}
	}
	if err == nil {
		return nil
	}
	culprit := m.ranks[m.rank]
	var rank *RankError
	if errors.As(err, &rank) {
		culprit = rank.Rank
	}
	return m.fail(culprit, err)
}

// fail breaks every link; the first error stays.
func (f *fate) fail(culprit int, err error) error {
	f.mu.Lock()
	first := f.err == nil
	if first {
		f.err = err
	}
	err = f.err
	f.mu.Unlock()
	if !first {
		return err
	}
	var wg sync.WaitGroup
	for _, l := range f.links {
		if l != nil {
			wg.Go(func() { l.abort(culprit, err) })
		}
	}
	wg.Wait()
	return err
}

// recv takes what a rank of this group sends in a call.
func (m *mesh) recv(c call, from int, x []byte) error {
	err := m.await(c, from, len(x))
	if err == nil {
		err = m.links[from].recv(c, x)
	}
	if err == nil {
		return nil
	}
	var blamed *RankError // the peer says that a third one is at fault
	if errors.As(err, &blamed) {
		return &RankError{blamed.Rank, c.op.String(), blamed.Cause}
	}
	return &RankError{m.ranks[from], c.op.String(), err}
}

// await counts how long a rank lets this one wait before it sends anything.
func (m *mesh) await(c call, from, bytes int) error {
	if bytes == 0 || m.heard[from] == c.seq {
		return nil
	}
	m.heard[from] = c.seq
	began := time.Now()
	err := m.links[from].await(c)
	m.waited.Add(int64(time.Since(began)))
	return err
}

// Waited is how long this rank has waited for others to come to an operation,
// in the world and all its groups.
func (f *fate) Waited() time.Duration { return time.Duration(f.waited.Load()) }

func (m *mesh) AllToAllV(send, recv [][]byte) error {
	if err := checkExchange(send, recv, m.rank, m.Size()); err != nil {
		return err
	}
	c, err := m.begin(opAllToAllV)
	if err != nil {
		return err
	}
	copy(recv[m.rank], send[m.rank])
	return m.end(c, m.exchange(c, send, recv))
}

// checkExchange looks at the arguments of AllToAllV.
func checkExchange(send, recv [][]byte, own, size int) error {
	if len(send) != size || len(recv) != size || len(send[own]) != len(recv[own]) {
		return fmt.Errorf("comm: alltoallv: %d and %d buffers for %d ranks, or a message to itself of another length", len(send), len(recv), size)
	}
	return nil
}

// exchange starts with the next rank, so that not all send to rank 0 first.
func (m *mesh) exchange(c call, send, recv [][]byte) error {
	n := m.Size()
	for d := 1; d < n; d++ {
		to := (m.rank + d) % n
		m.links[to].send(c, send[to])
	}
	for d := 1; d < n; d++ {
		from := (m.rank - d + n) % n
		if err := m.recv(c, from, recv[from]); err != nil {
			return err
		}
	}
	return nil
}

func (m *mesh) AllReduce(x []byte, t Type) error {
	c, err := m.begin(opAllReduce)
	if err != nil {
		return err
	}
	err = m.reduce(c, x, t, true)
	if err == nil {
		err = m.gather(c, x, t)
	}
	return m.end(c, err)
}

func (m *mesh) ReduceScatter(x []byte, t Type) error {
	c, err := m.begin(opReduceScatter)
	if err != nil {
		return err
	}
	return m.end(c, m.reduce(c, x, t, false))
}

func (m *mesh) AllGather(x []byte, t Type) error {
	c, err := m.begin(opAllGather)
	if err != nil {
		return err
	}
	own := m.part(x, t, m.rank)
	for r, l := range m.links {
		if r != m.rank {
			l.send(c, own)
		}
	}
	return m.end(c, m.gather(c, x, t))
}

// part is the bytes of x that belong to a rank.
func (m *mesh) part(x []byte, t Type, rank int) []byte {
	lo, hi := Part(len(x)/t.Size(), m.Size(), rank)
	return x[lo*t.Size() : hi*t.Size()]
}

// reduce sums this rank's part over all ranks, chunk by chunk, and with share
// sends each chunk on as soon as it is whole.
func (m *mesh) reduce(c call, x []byte, t Type, share bool) error {
	for d := 1; d < m.Size(); d++ {
		to := (m.rank + d) % m.Size()
		m.links[to].send(c, m.part(x, t, to))
	}
	own := m.part(x, t, m.rank)
	for lo := 0; lo < len(own); lo += chunkBytes {
		chunk := own[lo:min(lo+chunkBytes, len(own))]
		if err := m.reduceChunk(c, chunk, t); err != nil {
			return err
		}
		for r, l := range m.links {
			if share && r != m.rank {
				l.send(c, chunk)
			}
		}
	}
	return nil
}

// reduceChunk adds to chunk what all others have of it, in the order of ranks:
// those before this one among themselves first.
func (m *mesh) reduceChunk(c call, chunk []byte, t Type) error {
	before := chunk // where the sum of the ranks before this one is made
	if m.rank > 1 {
		before = scratch(&m.sum, len(chunk))
	}
	for r := range m.links {
		var err error
		switch {
		case r == m.rank:
			if r > 1 {
				m.add(chunk, before, t)
			}
		case r == 0 && m.rank > 1:
			err = m.recv(c, r, before)
		case r < m.rank:
			err = m.recvSum(c, r, before, t)
		default:
			err = m.recvSum(c, r, chunk, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// recvSum adds to x what a rank sends.
func (m *mesh) recvSum(c call, from int, x []byte, t Type) error {
	got := scratch(&m.got, len(x))
	if err := m.recv(c, from, got); err != nil {
		return err
	}
	m.add(x, got, t)
	return nil
}

// gather receives every other rank's part, in the pieces that it comes in.
func (m *mesh) gather(c call, x []byte, t Type) error {
	for d := 1; d < m.Size(); d++ {
		from := (m.rank + d) % m.Size()
		part := m.part(x, t, from)
		if err := m.recv(c, from, part); err != nil {
			return err
		}
	}
	return nil
}

func (m *mesh) Broadcast(x []byte, root int) error {
	if root < 0 || root >= m.Size() {
		return fmt.Errorf("comm: broadcast from rank %d of %d", root, m.Size())
	}
	c, err := m.begin(opBroadcast)
	if err != nil {
		return err
	}
	if m.rank != root {
		return m.end(c, m.recv(c, root, x))
	}
	for r, l := range m.links {
		if r != m.rank {
			l.send(c, x)
		}
	}
	return m.end(c, nil)
}

func (m *mesh) Barrier() error {
	c, err := m.begin(opBarrier)
	if err != nil {
		return err
	}
	token := make([]byte, 1)
	send, recv := make([][]byte, m.Size()), make([][]byte, m.Size())
	for r := range send {
		send[r], recv[r] = token, make([]byte, 1)
	}
	return m.end(c, m.exchange(c, send, recv))
}

func (m *mesh) Group(ranks []int) (Comm, error) {
	if err := checkGroup(ranks, m.rank, m.Size()); err != nil {
		return nil, err
	}
	m.groups++
	g := &mesh{fate: m.fate, rank: slices.Index(ranks, m.rank), group: m.group<<8 | m.groups, adder: m.adder}
	g.heard = make([]uint64, len(ranks))
	for _, r := range ranks {
		g.ranks = append(g.ranks, m.ranks[r])
		g.links = append(g.links, m.links[r])
	}
	return g, nil
}

// checkGroup wants ascending ranks of a world, the caller's among them.
func checkGroup(ranks []int, own, size int) error {
	ok := slices.Contains(ranks, own) && ranks[0] >= 0 && ranks[len(ranks)-1] < size
	for i := 1; i < len(ranks); i++ {
		ok = ok && ranks[i-1] < ranks[i]
	}
	if !ok {
		return fmt.Errorf("comm: group %v of %d ranks: want ascending ranks with %d among them", ranks, size, own)
	}
	return nil
}

func (m *mesh) Abort(cause error) { m.fail(m.ranks[m.rank], fmt.Errorf("%w: %w", ErrAborted, cause)) }

func (m *mesh) Close() error {
	m.mu.Lock()
	broken := m.err != nil
	if !broken {
		m.err = ErrClosed
	}
	m.mu.Unlock()
	if broken {
		return nil
	}
	var wg sync.WaitGroup
	errs := make([]error, len(m.links))
	for i, l := range m.fate.links {
		if l != nil {
			wg.Go(func() { errs[i] = l.close() })
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

func scratch(s *[]byte, n int) []byte {
	if cap(*s) < n {
		*s = make([]byte, max(n, chunkBytes))
	}
	return (*s)[:n]
}
