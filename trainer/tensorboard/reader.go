package tensorboard

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
)

// MaxRecordBytes bounds one record, so that a corrupt length cannot ask for
// all memory; an event with a thousand scalars is far below it.
const MaxRecordBytes = 16 << 20

// ErrCorrupt is returned for a record whose checksum, length or fields do not
// hold, and for a file that ends inside a record.
var ErrCorrupt = errors.New("corrupt event file")

// An Event is one record of an event file.
type Event struct {
	WallTime float64
	Step     int64
	Version  string // only in the first event
	Scalars  []Scalar
}

// Events yields every event of a file. It ends after the first error.
func Events(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for n := 0; ; n++ {
			payload, err := readRecord(r)
			if err == io.EOF {
				return
			}
			var e Event
			if err == nil {
				e, err = parseEvent(payload)
			}
			if err != nil {
				yield(Event{}, fmt.Errorf("tensorboard: event %d: %w", n, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// readRecord returns io.EOF only at a record boundary.
func readRecord(r io.Reader) ([]byte, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err == io.EOF {
		return nil, io.EOF
	} else if err != nil {
		return nil, fmt.Errorf("%w: ends inside a record", ErrCorrupt)
	}
	if binary.LittleEndian.Uint32(head[8:]) != maskedCRC(head[:8]) {
		return nil, fmt.Errorf("%w: checksum of the length", ErrCorrupt)
	}
	n := binary.LittleEndian.Uint64(head[:])
	if n > MaxRecordBytes {
		return nil, fmt.Errorf("%w: a record of %d bytes, above %d", ErrCorrupt, n, MaxRecordBytes)
	}
	body := make([]byte, n+4)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, fmt.Errorf("%w: ends inside a record", ErrCorrupt)
	}
	if binary.LittleEndian.Uint32(body[n:]) != maskedCRC(body[:n]) {
		return nil, fmt.Errorf("%w: checksum of the payload", ErrCorrupt)
	}
	return body[:n], nil
}

func parseEvent(b []byte) (Event, error) {
	var e Event
	err := eachField(b, func(key uint64, num uint64, bytes []byte) error {
		switch key {
		case eventWallTime:
			e.WallTime = math.Float64frombits(num)
		case eventStep:
			e.Step = int64(num)
		case eventFileVersion:
			e.Version = string(bytes)
		case eventSummary:
			return eachField(bytes, func(key, _ uint64, bytes []byte) error {
				if key != summaryValue {
					return nil
				}
				s, err := parseValue(bytes)
				e.Scalars = append(e.Scalars, s)
				return err
			})
		}
		return nil
	})
	return e, err
}

func parseValue(b []byte) (Scalar, error) {
	var s Scalar
	err := eachField(b, func(key, num uint64, bytes []byte) error {
		switch key {
		case valueTag:
			s.Tag = string(bytes)
		case valueSimple:
			s.Value = math.Float32frombits(uint32(num))
		}
		return nil
	})
	return s, err
}

// eachField walks the fields of one protobuf message.
func eachField(b []byte, visit func(key, num uint64, bytes []byte) error) error {
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 {
			return fmt.Errorf("%w: field key", ErrCorrupt)
		}
		b = b[n:]
		num, bytes, used, ok := fieldValue(key&7, b)
		if !ok {
			return fmt.Errorf("%w: field %d", ErrCorrupt, key>>3)
		}
		b = b[used:]
		if err := visit(key, num, bytes); err != nil {
			return err
		}
	}
	return nil
}

func fieldValue(wire uint64, b []byte) (num uint64, bytes []byte, used int, ok bool) {
	switch wire {
	case 0:
		num, used = binary.Uvarint(b)
		return num, nil, used, used > 0
	case 1:
		if len(b) < 8 {
			return 0, nil, 0, false
		}
		return binary.LittleEndian.Uint64(b), nil, 8, true
	case 2:
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return 0, nil, 0, false
		}
		return 0, b[n : n+int(size)], n + int(size), true
	case 5:
		if len(b) < 4 {
			return 0, nil, 0, false
		}
		return uint64(binary.LittleEndian.Uint32(b)), nil, 4, true
	}
	return 0, nil, 0, false
}
