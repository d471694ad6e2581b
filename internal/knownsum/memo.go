package knownsum

import (
	"crypto/rand"
	"sync"

	"github.com/swerm/swerm/internal/blake3lanes"
)

const (
	// maxSums is how many sums a memo remembers: a few megabytes.
	maxSums = 1 << 16
	// A text of fewer bytes is hashed as fast as it is looked up; a longer one is
	// no document, and read in pieces that have sums of their own.
	minText = 8 << 10
	maxText = 128 << 20
)

// A Memo remembers the BLAKE3 sums of texts. Its methods may be called from any
// goroutine. A nil memo remembers nothing.
type Memo struct {
	key secret

	mu   sync.RWMutex
	sums map[fingerprint][blake3lanes.Size]byte
}

// New returns a memo with a key of its own, nil where looking up is no faster than
// hashing.
func New() *Memo {
	if !fast() {
		return nil
	}
	m := &Memo{sums: map[fingerprint][blake3lanes.Size]byte{}}
	_, _ = rand.Read(m.key[:]) // which never fails
	return m
}

// A Hasher hashes a text and makes its memo remember the sum. The zero value is
// ready for a Reset.
type Hasher struct {
	memo    *Memo // nil where the sum is not to be remembered
	sum     blake3lanes.Hasher
	printer printer
}

// Reset begins a text of a number of bytes.
func (h *Hasher) Reset(m *Memo, size int64) {
	h.sum.Reset()
	h.memo = nil
	if m != nil && size >= minText && size <= maxText && m.room() {
		h.memo = m
		h.printer.reset(&m.key)
	}
}

// Write adds to the text. All writes but the last are of a multiple of 1,024
// bytes; the sum of others is right, and not remembered.
func (h *Hasher) Write(text []byte) {
	_, _ = h.sum.Write(text)
	if h.printer.size%chunkBytes != 0 {
		h.memo = nil
	}
	if h.memo != nil {
		h.printer.write(text)
	}
}

// Sum returns the sum of the text and ends it.
func (h *Hasher) Sum() (sum [blake3lanes.Size]byte) {
	h.sum.Sum(sum[:0])
	if h.memo != nil {
		h.memo.put(h.printer.sum(), sum)
		h.memo = nil
	}
	return sum
}

func (m *Memo) room() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.sums) < maxSums
}

func (m *Memo) put(p fingerprint, sum [blake3lanes.Size]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.sums) < maxSums {
		m.sums[p] = sum
	}
}

// Sum returns the sum of a text: the remembered one where these very bytes have
// been hashed before.
func (m *Memo) Sum(text []byte) [blake3lanes.Size]byte {
	if m == nil || len(text) < minText || len(text) > maxText {
		return blake3lanes.Sum256(text)
	}
	p := printers.Get().(*printer)
	defer printers.Put(p)
	p.reset(&m.key)
	p.write(text)
	at := p.sum()
	m.mu.RLock()
	sum, ok := m.sums[at]
	m.mu.RUnlock()
	if !ok {
		return blake3lanes.Sum256(text)
	}
	return sum
}

var printers = sync.Pool{New: func() any { return new(printer) }}
