package comm

import (
	"encoding/binary"
	"fmt"
)

// Frames are what a connection carries after the handshake: a header of fixed
// size and at most maxFrame bytes. Numbers of the header are little endian; the
// payload is as the machine has it, since all ranks of a run are one build.
const (
	headerBytes = 24
	maxFrame    = 256 << 10
	maxReason   = 1 << 10 // text of an abort
)

type kind uint8

const (
	kindData  kind = iota + 1
	kindBeat       // a sign of life, without payload
	kindAbort      // group is the rank to blame, the payload says why
	kindBye        // nothing follows
	kindLent       // where in the sender's memory the payload lies
	kindTaken      // one lent stretch has been read
)

type header struct {
	kind kind
	call call
	size int
}

func (h header) encode() (b [headerBytes]byte) {
	b[0], b[1] = byte(h.kind), byte(h.call.op)
	binary.LittleEndian.PutUint32(b[4:], h.call.group)
	binary.LittleEndian.PutUint64(b[8:], h.call.seq)
	binary.LittleEndian.PutUint32(b[16:], uint32(h.size))
	return b
}

// decodeHeader refuses what no rank of this build sends.
func decodeHeader(b [headerBytes]byte) (header, error) {
	h := header{kind: kind(b[0]), call: call{op: op(b[1]), group: binary.LittleEndian.Uint32(b[4:]), seq: binary.LittleEndian.Uint64(b[8:])}}
	size, limit := binary.LittleEndian.Uint32(b[16:]), uint32(0)
	switch h.kind {
	case kindData:
		limit = maxFrame
	case kindAbort:
		limit = maxReason
	case kindLent:
		limit = lentFrame
	case kindBeat, kindBye, kindTaken:
	default:
		return h, fmt.Errorf("%w: a frame of kind %d", ErrStranger, h.kind)
	}
	if size > limit {
		return h, fmt.Errorf("%w: a frame of %d bytes, at most %d", ErrStranger, size, limit)
	}
	h.size = int(size)
	return h, nil
}
