package comm

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"unsafe"
)

// Ranks of one machine need not push large messages through the kernel twice:
// the sender says where the bytes lie, the receiver reads them there and sends
// a receipt. Whether it may is tried once, when ranks meet: each side puts a
// number that the other drew into its memory, and only who finds it there can
// read the process, and reads the right one. Where that fails, as between
// machines, between users or in a container that forbids it, messages travel
// in frames.

const (
	// lentBytes is the shortest message that is lent: below it the receipt
	// costs more than a copy.
	lentBytes = 32 << 10
	// lentFrame is the payload of such a frame: address and length.
	lentFrame = 16
	// maxLent bounds what one frame lends.
	maxLent = 1 << 40
	// drawnBytes is the number that each side draws.
	drawnBytes = 16
)

// lend offers x to the peer, which must stay as it is until flush.
func (l *socketLink) lend(c call, x []byte) {
	where := make([]byte, lentFrame)
	binary.LittleEndian.PutUint64(where, uint64(addressOf(x)))
	binary.LittleEndian.PutUint64(where[8:], uint64(len(x)))
	l.mu.Lock()
	l.owed = append(l.owed, x) // nothing else may keep it alive
	l.mu.Unlock()
	l.push(outgoing{kind: kindLent, call: c, data: where})
}

func addressOf(x []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(x))) }

// offered reads where a message lies and opens it.
func (l *socketLink) offered(h header) error {
	var where [lentFrame]byte
	if h.size != lentFrame || l.peer == 0 {
		return fmt.Errorf("%w: it lends memory that nobody agreed on", ErrStranger)
	}
	if err := l.read(where[:]); err != nil {
		return err
	}
	size := binary.LittleEndian.Uint64(where[8:])
	if size == 0 || size > maxLent {
		return fmt.Errorf("%w: it lends %d bytes, at most %d", ErrStranger, size, int64(maxLent))
	}
	l.open, l.at = header{kind: kindLent, call: h.call, size: int(size)}, uintptr(binary.LittleEndian.Uint64(where[:]))
	return nil
}

// borrow fills x from the peer's memory, and sends the receipt at the end of
// what it lent.
func (l *socketLink) borrow(x []byte) error {
	if err := readMemory(l.peer, l.at, x); err != nil {
		return fmt.Errorf("reading the memory of process %d: %w", l.peer, err)
	}
	l.at += uintptr(len(x))
	if l.open.size == 0 {
		l.push(outgoing{kind: kindTaken})
	}
	return nil
}

// receipt takes the oldest stretch off the list of what is lent.
func (l *socketLink) receipt() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.owed) == 0 {
		return fmt.Errorf("%w: it took what nobody lent", ErrStranger)
	}
	l.owed = slices.Delete(l.owed, 0, 1)
	return nil
}

// agreeToLend finds out, on every link of a new world, who can read whom. All
// ranks do it at once.
func agreeToLend(links []*socketLink) error {
	n := len(links)
	challenges, proofs, answers := make([][]byte, n), make([][]byte, n), make([][]byte, n)
	for r := range n {
		challenges[r], proofs[r], answers[r] = make([]byte, drawnBytes), make([]byte, drawnBytes), make([]byte, 1)
		if _, err := rand.Read(challenges[r]); err != nil {
			return err
		}
	}
	if err := trade(links, 1, func(r int) ([]byte, []byte) { return challenges[r], proofs[r] }); err != nil {
		return err
	}
	theirs := make([][]byte, n)
	err := trade(links, 2, func(r int) ([]byte, []byte) {
		theirs[r] = make([]byte, 16)
		where := binary.LittleEndian.AppendUint64(nil, uint64(os.Getpid()))
		return binary.LittleEndian.AppendUint64(where, uint64(addressOf(proofs[r]))), theirs[r]
	})
	if err != nil {
		return err
	}
	err = trade(links, 3, func(r int) ([]byte, []byte) {
		found := make([]byte, drawnBytes)
		pid := int(int32(binary.LittleEndian.Uint64(theirs[r])))
		if readMemory(pid, uintptr(binary.LittleEndian.Uint64(theirs[r][8:])), found) == nil && bytes.Equal(found, challenges[r]) {
			links[r].peer = pid
			return []byte{1}, answers[r]
		}
		return []byte{0}, answers[r]
	})
	for r, l := range links {
		if l != nil {
			l.lends = answers[r][0] == 1
		}
	}
	return err
}

// trade sends each rank its message and fills what comes back, one round of
// agreeToLend. The proofs of round 1 must stay where they are until round 3.
func trade(links []*socketLink, round uint64, of func(r int) (send, recv []byte)) error {
	c := call{op: opLend, seq: round}
	recv := make([][]byte, len(links))
	for r, l := range links {
		if l != nil {
			var out []byte
			out, recv[r] = of(r)
			l.send(c, out)
		}
	}
	for r, l := range links {
		if l == nil {
			continue
		}
		err := l.recv(c, recv[r])
		if err == nil {
			err = l.flush()
		}
		if err != nil {
			return &RankError{r, c.op.String(), err}
		}
	}
	return nil
}
