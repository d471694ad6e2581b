package tensorboard

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// FileName is the only name a run's event file has: TensorBoard wants
// "tfevents" in it, and a fixed name keeps directories comparable.
const FileName = "events.out.tfevents.0000000000.swerm"

// fileVersion is what the first event of every file says.
const fileVersion = "brain.Event:2"

// Field numbers of Event, Summary and Summary.Value, with the wire type in the
// low three bits: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes.
const (
	eventWallTime    = 1<<3 | 1
	eventStep        = 2 << 3 // wire type 0
	eventFileVersion = 3<<3 | 2
	eventSummary     = 5<<3 | 2
	summaryValue     = 1<<3 | 2
	valueTag         = 1<<3 | 2
	valueSimple      = 2<<3 | 5
)

// A Scalar is one named number.
type Scalar struct {
	Tag   string
	Value float32
}

// A Writer appends events. It does not buffer: each event is one Write.
type Writer struct {
	w   io.Writer
	buf []byte
}

// NewWriter starts a file: it writes the version event.
func NewWriter(w io.Writer) (*Writer, error) {
	t := &Writer{w: w}
	event := binary.LittleEndian.AppendUint64([]byte{eventWallTime}, 0)
	event = appendBytes(append(event, eventFileVersion), []byte(fileVersion))
	return t, t.record(event)
}

// Scalars appends one event that holds every scalar of a step.
func (t *Writer) Scalars(step int64, scalars []Scalar) error {
	var summary, value []byte
	for _, s := range scalars {
		value = appendBytes(append(value[:0], valueTag), []byte(s.Tag))
		value = binary.LittleEndian.AppendUint32(append(value, valueSimple), math.Float32bits(s.Value))
		summary = appendBytes(append(summary, summaryValue), value)
	}
	event := binary.LittleEndian.AppendUint64([]byte{eventWallTime}, math.Float64bits(float64(step)))
	event = binary.AppendUvarint(append(event, eventStep), uint64(step))
	event = appendBytes(append(event, eventSummary), summary)
	return t.record(event)
}

func (t *Writer) record(event []byte) error {
	b := binary.LittleEndian.AppendUint64(t.buf[:0], uint64(len(event)))
	b = binary.LittleEndian.AppendUint32(b, maskedCRC(b))
	b = append(b, event...)
	b = binary.LittleEndian.AppendUint32(b, maskedCRC(event))
	t.buf = b
	if _, err := t.w.Write(b); err != nil {
		return fmt.Errorf("tensorboard: event: %w", err)
	}
	return nil
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is the checksum of TFRecords: a rotated CRC-32C plus a constant,
// so that the checksum of data that holds checksums is still worth something.
func maskedCRC(b []byte) uint32 {
	c := crc32.Checksum(b, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}
