package knownsum

import (
	"encoding/binary"
	"unsafe"

	"github.com/swerm/swerm/internal/blake3lanes"
)

const (
	// chunkBytes of a text have one value, of two words.
	chunkBytes = 1 << 10
	valueBytes = 16
	// lotChunks are looked at in one call.
	lotChunks = 64
)

// A secret is what a print depends on besides the text.
type secret [chunkBytes]byte

// A fingerprint stands for a text.
type fingerprint [blake3lanes.Size]byte

// A printer makes the fingerprint of a text that is written to it.
type printer struct {
	key    *secret
	size   uint64
	values blake3lanes.Hasher
}

// reset begins another text.
func (p *printer) reset(key *secret) {
	p.key, p.size = key, 0
	p.values.Reset()
}

// write adds to the text. All but the last addition are whole chunks.
func (p *printer) write(text []byte) {
	p.size += uint64(len(text))
	var values [lotChunks * valueBytes]byte
	for len(text) >= chunkBytes {
		n := min(len(text)/chunkBytes, lotChunks)
		multiply(&values[0], unsafe.SliceData(text), n, &p.key[0])
		_, _ = p.values.Write(values[:n*valueBytes])
		text = text[n*chunkBytes:]
	}
	if len(text) > 0 {
		var last [chunkBytes]byte
		copy(last[:], text)
		multiply(&values[0], &last[0], 1, &p.key[0])
		_, _ = p.values.Write(values[:valueBytes])
	}
}

// sum returns the fingerprint of what was written. The size tells a text from the
// same one with zeros behind it.
func (p *printer) sum() fingerprint {
	var size [8]byte
	binary.LittleEndian.PutUint64(size[:], p.size)
	_, _ = p.values.Write(size[:])
	return fingerprint(p.values.Sum(nil))
}
