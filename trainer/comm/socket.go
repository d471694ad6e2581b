package comm

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Bounds on leaving: how long the last words may take to write, and how long
// an end waits for the other's, so that closing does not destroy data on its
// way.
const (
	lastWords = 2 * time.Second
	farewell  = time.Second
)

// A socketLink is a connection to one rank. Writing has a goroutine of its
// own, so that two ranks that send each other more than buffers hold do not
// wait for each other; reading happens where the bytes are wanted.
type socketLink struct {
	conn   net.Conn
	limits Limits

	// Reading, by the goroutine that is in an operation.
	open header // of the frame that is being read; size is what is left of it

	// Writing.
	mu    sync.Mutex
	moved sync.Cond
	queue []outgoing
	ended bool // the writer leaves when the queue is empty
	err   error
	done  chan struct{} // closed when the writer has left
	stop  *time.Timer   // signs of life
}

type outgoing struct {
	kind kind
	call call
	data []byte
}

func newSocketLink(conn net.Conn, limits Limits) *socketLink {
	l := &socketLink{conn: conn, limits: limits.orDefault(), done: make(chan struct{})}
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
	if len(x) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, outgoing{kindData, c, x})
	l.moved.Broadcast()
}

// write sends the queue in frames until the link ends or breaks.
func (l *socketLink) write() {
	defer close(l.done)
	for {
		l.mu.Lock()
		for len(l.queue) == 0 && !l.ended && l.err == nil {
			l.moved.Wait()
		}
		if l.err != nil || len(l.queue) == 0 {
			l.mu.Unlock()
			return
		}
		head := &l.queue[0]
		frame := outgoing{head.kind, head.call, head.data[:min(len(head.data), maxFrame)]}
		l.mu.Unlock()
		h := header{frame.kind, frame.call, len(frame.data)}.encode()
		parts := net.Buffers{h[:], frame.data}
		_, err := parts.WriteTo(l.conn)
		l.written(len(frame.data), err)
	}
}

// written takes n bytes off the front of the queue.
func (l *socketLink) written(n int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil && l.err == nil {
		l.err = err
	}
	if len(l.queue) > 0 {
		if head := &l.queue[0]; len(head.data) > n {
			head.data = head.data[n:]
		} else {
			l.queue = l.queue[1:]
		}
	}
	if len(l.queue) == 0 {
		l.queue = nil
	}
	l.moved.Broadcast()
}

// flush waits for the writer. A peer that reads nothing may be busy or gone:
// from time to time it must give a sign of life.
func (l *socketLink) flush() error {
	for {
		done, err := l.drained()
		if err != nil {
			return l.lastHeard(err)
		}
		if done {
			return nil
		}
		if l.open.size > 0 {
			continue
		}
		if err := l.next(); err != nil {
			return err
		}
	}
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

// drained reports whether everything has left, after Limits.Silence at most.
func (l *socketLink) drained() (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 || l.err != nil {
		return true, l.err
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
	return len(l.queue) == 0, l.err
}

// recv reads frames of one call until x is full.
func (l *socketLink) recv(c call, x []byte) error {
	began := time.Now()
	for len(x) > 0 {
		if l.open.size == 0 {
			if waited := time.Since(began); waited > l.limits.Stall {
				return fmt.Errorf("%w for %v", ErrStalled, l.limits.Stall)
			}
			if err := l.next(); err != nil {
				return err
			}
			continue
		}
		if l.open.call != c {
			return mismatch(l.open.call, c)
		}
		n := min(l.open.size, len(x))
		if err := l.read(x[:n]); err != nil {
			return err
		}
		x, l.open.size = x[n:], l.open.size-n
	}
	return nil
}

// next reads one header: that of data, which it leaves open, a sign of life,
// or an end.
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
	for len(x) > 0 {
		if err := l.conn.SetReadDeadline(time.Now().Add(l.limits.Silence)); err != nil {
			return err
		}
		n, err := l.conn.Read(x)
		x = x[n:]
		switch {
		case err == nil || len(x) == 0:
		case errors.Is(err, os.ErrDeadlineExceeded):
			return fmt.Errorf("%w for %v", ErrSilent, l.limits.Silence)
		case errors.Is(err, io.EOF):
			return fmt.Errorf("the connection ended: %w", io.ErrUnexpectedEOF)
		default:
			return err
		}
	}
	return nil
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
		l.queue[0].data = l.queue[0].data[:min(len(l.queue[0].data), maxFrame)]
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
