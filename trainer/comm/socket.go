package comm

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Bounds on leaving: how long the last words may take to write, and how long
// an end waits for the other's, so that closing does not destroy data on its
// way.
const (
	lastWords = 2 * time.Second
	farewell  = time.Second
)

// A socketLink is a connection to one rank. What the kernel takes at once is
// written by whoever sends; the rest has a goroutine of its own, so that two
// ranks that send each other more than buffers hold do not wait for each other.
// Reading happens where the bytes are wanted.
type socketLink struct {
	conn   net.Conn
	raw    syscall.RawConn // nil where the connection has no descriptor
	limits Limits
	lends  bool // the peer reads this process's memory
	peer   int  // process to read from, where frames are lent

	// Reading, by the goroutine that is in an operation.
	open   header  // of the frame that is being read; size is what is left of it
	at     uintptr // of the next byte in the peer's memory, where it is lent
	ahead  []byte  // read and not yet wanted
	buffer [readAhead]byte

	// Writing.
	mu     sync.Mutex
	moved  sync.Cond
	queue  []outgoing
	direct bool     // a sender writes the front of the queue; the writer waits
	owed   [][]byte // lent, and no receipt yet
	ended  bool     // the writer leaves when the queue is empty
	err    error
	done   chan struct{} // closed when the writer has left
	stop   *time.Timer   // signs of life
}

// readAhead is how much more than a header is read with it: small messages
// then take one call.
const readAhead = 4 << 10

// outgoing is what waits to be written, in frames.
type outgoing struct {
	kind kind
	call call
	data []byte

	head  [headerBytes]byte
	heads int // of head, still to write
	frame int // of data, in the frame that has begun
}

// begin opens a frame where none is open, and returns what to write of it.
func (o *outgoing) begin() (head, data []byte) {
	if o.heads == 0 && o.frame == 0 {
		o.frame = min(len(o.data), maxFrame)
		o.head, o.heads = header{o.kind, o.call, o.frame}.encode(), headerBytes
	}
	return o.head[headerBytes-o.heads:], o.data[:o.frame]
}

// wrote takes n bytes off and reports whether everything has left.
func (o *outgoing) wrote(n int) bool {
	head := min(n, o.heads)
	n -= head
	o.heads, o.frame, o.data = o.heads-head, o.frame-n, o.data[n:]
	return o.heads == 0 && len(o.data) == 0
}

func newSocketLink(conn net.Conn, limits Limits) *socketLink {
	l := &socketLink{conn: conn, limits: limits.orDefault(), done: make(chan struct{})}
	if c, ok := conn.(syscall.Conn); ok {
		l.raw, _ = c.SyscallConn()
	}
	l.moved.L = &l.mu
	go l.write()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stop = time.AfterFunc(l.limits.Silence/8, l.beat)
	return l
}

// beat queues a sign of life where nothing else waits.
func (l *socketLink) beat() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended || l.err != nil {
		return
	}
	if len(l.queue) == 0 {
		l.queue = append(l.queue, outgoing{kind: kindBeat})
		l.moved.Broadcast()
	}
	l.stop.Reset(l.limits.Silence / 8)
}

func (l *socketLink) send(c call, x []byte) {
	switch {
	case len(x) == 0:
	case l.lends && len(x) >= lentBytes:
		l.lend(c, x)
	default:
		l.push(outgoing{kind: kindData, call: c, data: x})
	}
}

// push queues o, and writes what the kernel takes at once.
func (l *socketLink) push(o outgoing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, o)
	if len(l.queue) > 1 || l.raw == nil || l.ended || l.err != nil {
		l.moved.Broadcast()
		return
	}
	l.direct = true
	for whole := true; whole && len(l.queue) > 0; {
		head, data := l.queue[0].begin()
		l.mu.Unlock()
		n := writeNow(l.raw, head, data)
		l.mu.Lock()
		whole = n == len(head)+len(data)
		l.written(n, nil)
	}
	l.direct = false
	l.moved.Broadcast()
}

// write sends the queue in frames until the link ends or breaks.
func (l *socketLink) write() {
	defer close(l.done)
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		for l.direct || len(l.queue) == 0 && !l.ended && l.err == nil {
			l.moved.Wait()
		}
		if l.err != nil || len(l.queue) == 0 {
			return
		}
		head, data := l.queue[0].begin()
		l.mu.Unlock()
		parts := net.Buffers{head, data}
		n, err := parts.WriteTo(l.conn)
		l.mu.Lock()
		l.written(int(n), err)
		l.moved.Broadcast()
	}
}

// written takes n bytes off the front of the queue. It holds the lock.
func (l *socketLink) written(n int, err error) {
	if err != nil && l.err == nil {
		l.err = err
	}
	if l.queue[0].wrote(n) {
		l.queue = slices.Delete(l.queue, 0, 1)
	}
}

// flush waits for the writer, and for the peer where it reads for itself. A
// peer that takes nothing may be busy or gone: from time to time it must give a
// sign of life.
func (l *socketLink) flush() error {
	began := time.Now()
	for {
		done, err := l.drained()
		if err != nil {
			return l.lastHeard(err)
		}
		if done {
			return nil
		}
		if waited := time.Since(began); waited > l.limits.Stall {
			return fmt.Errorf("%w for %v", ErrStalled, l.limits.Stall)
		}
		if l.open.size > 0 {
			if l.waitsOnPeer() { // which went on without having taken it
				return fmt.Errorf("%w: it is in %s and left something untaken", ErrMismatch, l.open.call)
			}
			continue
		}
		if err := l.next(); err != nil {
			return err
		}
	}
}

// waitsOnPeer reports whether all has been written and only the peer's word is
// missing.
func (l *socketLink) waitsOnPeer() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue) == 0 && len(l.owed) > 0
}

// lastHeard looks for the reason of a broken connection among what the peer
// sent before it broke.
func (l *socketLink) lastHeard(broken error) error {
	for l.open.size == 0 {
		err := l.next()
		var gaveUp *RankError
		if errors.As(err, &gaveUp) || errors.Is(err, ErrLeft) {
			return err
		}
		if err != nil {
			break
		}
	}
	return broken
}

// drained reports whether everything has left and was taken; it waits for the
// writer, Limits.Silence at most.
func (l *socketLink) drained() (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 || l.err != nil {
		return len(l.owed) == 0 || l.err != nil, l.err
	}
	late := false
	timer := time.AfterFunc(l.limits.Silence, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		late = true
		l.moved.Broadcast()
	})
	defer timer.Stop()
	for len(l.queue) > 0 && l.err == nil && !late {
		l.moved.Wait()
	}
	return len(l.queue) == 0 && len(l.owed) == 0, l.err
}

// await reads on until a frame of the call is open.
func (l *socketLink) await(c call) error {
	began := time.Now()
	for l.open.size == 0 {
		if waited := time.Since(began); waited > l.limits.Stall {
			return fmt.Errorf("%w for %v", ErrStalled, l.limits.Stall)
		}
		if err := l.next(); err != nil {
			return err
		}
	}
	if l.open.call != c {
		return mismatch(l.open.call, c)
	}
	return nil
}

// recv reads frames of one call until x is full.
func (l *socketLink) recv(c call, x []byte) error {
	for len(x) > 0 {
		if err := l.await(c); err != nil {
			return err
		}
		n := min(l.open.size, len(x))
		if err := l.take(x[:n]); err != nil {
			return err
		}
		x = x[n:]
	}
	return nil
}

// take fills x from the frame that is open.
func (l *socketLink) take(x []byte) error {
	l.open.size -= len(x)
	if l.open.kind == kindLent {
		return l.borrow(x)
	}
	return l.read(x)
}

// next reads one header: that of data, which it leaves open, a sign of life, a
// receipt, or an end.
func (l *socketLink) next() error {
	var raw [headerBytes]byte
	if err := l.read(raw[:]); err != nil {
		return err
	}
	h, err := decodeHeader(raw)
	if err != nil {
		return err
	}
	switch h.kind {
	case kindData:
		l.open = h
	case kindLent:
		return l.offered(h)
	case kindTaken:
		return l.receipt()
	case kindBye:
		return ErrLeft
	case kindAbort:
		why := make([]byte, h.size)
		if err := l.read(why); err != nil {
			return err
		}
		return aborted(int(h.call.group), string(why))
	}
	return nil
}

// read fills x; every byte that comes is a sign of life.
func (l *socketLink) read(x []byte) error {
	for {
		n := copy(x, l.ahead)
		x, l.ahead = x[n:], l.ahead[n:]
		if len(x) == 0 {
			return nil
		}
		into := x
		if len(x) < readAhead {
			into = l.buffer[:]
		}
		if err := l.conn.SetReadDeadline(time.Now().Add(l.limits.Silence)); err != nil {
			return err
		}
		n, err := l.conn.Read(into)
		if len(x) < readAhead {
			l.ahead = l.buffer[:n]
		} else {
			x = x[n:]
		}
		switch {
		case err == nil || n > 0:
		case errors.Is(err, os.ErrDeadlineExceeded):
			return fmt.Errorf("%w for %v", ErrSilent, l.limits.Silence)
		case errors.Is(err, io.EOF):
			return fmt.Errorf("the connection ended: %w", io.ErrUnexpectedEOF)
		default:
			return err
		}
	}
}

// abort puts the reason in front of whatever waits.
func (l *socketLink) abort(culprit int, cause error) {
	why := []byte(reason(cause))
	l.last(outgoing{kind: kindAbort, call: call{group: uint32(culprit)}, data: why[:min(len(why), maxReason)]}, true)
	l.leave()
}

func (l *socketLink) close() error {
	l.last(outgoing{kind: kindBye}, false)
	return l.leave()
}

// last queues what ends the link, in place of what waits or behind it.
func (l *socketLink) last(o outgoing, now bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	l.stop.Stop()
	switch {
	case now && len(l.queue) > 0: // a frame of the first may be half written
		first := &l.queue[0]
		first.begin()
		first.data = first.data[:first.frame]
		l.queue = append(l.queue[:1], o)
	default:
		l.queue = append(l.queue, o)
	}
	l.moved.Broadcast()
	l.conn.SetWriteDeadline(time.Now().Add(lastWords))
}

// leave waits for the writer, tells the peer that nothing more comes and reads
// what is still on its way: two ends that both wait to write must read, and a
// socket that is closed with unread bytes resets the connection, so that the
// peer would lose the last words.
func (l *socketLink) leave() error {
	heard := make(chan struct{})
	l.conn.SetReadDeadline(time.Now().Add(lastWords + farewell))
	go func() {
		defer close(heard)
		io.Copy(io.Discard, l.conn)
	}()
	<-l.done
	if c, ok := l.conn.(interface{ CloseWrite() error }); ok && c.CloseWrite() == nil {
		l.conn.SetReadDeadline(time.Now().Add(farewell))
		<-heard
	}
	return l.conn.Close()
}
