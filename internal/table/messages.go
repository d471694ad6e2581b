package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// What the metadata of an Arrow file may ask for.
const (
	maxFields = 1 << 14 // of a schema, all levels together
	maxDepth  = 48      // of nested fields
	// looseRows are rows that need no bytes: those of a column of nulls.
	looseRows = 1 << 16
)

// messages reads the messages of an Arrow stream for arrow-go, which allocates
// whatever a message declares and recurses as deep as it says. Each is looked
// through first: references stay inside, lists are as long as they claim, what
// compressed buffers unpack to is bounded, and rows have bytes. The zero
// reference count of the interface is of no use here.
type messages struct {
	r    io.Reader
	left int64 // bytes of r
	msg  *ipc.Message
	held map[int64]int64 // bytes of each dictionary
}

// Retain does nothing: there is one holder.
func (*messages) Retain() {}

// Release lets the last message go.
func (m *messages) Release() {
	if m.msg != nil {
		m.msg.Release()
		m.msg = nil
	}
}

// Message returns the next message, or io.EOF at the mark of the end or where
// the stream ends without one.
func (m *messages) Message() (*ipc.Message, error) {
	m.Release()
	size, err := m.length()
	if err != nil {
		return nil, err
	}
	meta, err := m.take(size, maxMetadataBytes)
	if err != nil {
		return nil, fmt.Errorf("metadata of a message: %w", err)
	}
	b := &flatbuffer{data: meta}
	t := b.root()
	body, err := m.take(b.int64Of(t, 3), maxBatchBytes)
	if err != nil {
		return nil, fmt.Errorf("body of a message: %w", err)
	}
	if err := m.check(b, t, body); err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	m.msg = ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(body))
	return m.msg, nil
}

// continuation begins a message since version 0.15 of the format.
const continuation = 0xffffffff

// length reads how many bytes of metadata follow.
func (m *messages) length() (int64, error) {
	if m.left == 0 {
		return 0, io.EOF
	}
	n, err := m.word()
	if err == nil && n == continuation {
		n, err = m.word()
	}
	if err == nil && n == 0 {
		err = io.EOF
	}
	return n, err
}

func (m *messages) word() (int64, error) {
	word, err := m.take(4, 4)
	if err != nil {
		return 0, fmt.Errorf("length of a message: %w", err)
	}
	return int64(binary.LittleEndian.Uint32(word)), nil
}

// take reads n bytes, if that many are allowed and there.
func (m *messages) take(n, limit int64) ([]byte, error) {
	if n < 0 || n > limit {
		return nil, fmt.Errorf("%d bytes, at most %d are read", n, limit)
	}
	if n > m.left {
		return nil, fmt.Errorf("%d bytes, %d are left: %w", n, m.left, io.ErrUnexpectedEOF)
	}
	data := make([]byte, n)
	read, err := io.ReadFull(m.r, data)
	m.left -= int64(read)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return data, err
}

// Kinds of a message's header.
const (
	headerSchema     = 1
	headerDictionary = 2
	headerBatch      = 3
)

// check looks through a message. The slots of tables are those of the format's
// Message.fbs and Schema.fbs, counted from 0.
func (m *messages) check(b *flatbuffer, t fbTable, body []byte) error {
	header := b.tableOf(t, 2)
	checkMetadata(b, t, 4, new(int64))
	switch kind := b.byteOf(t, 1); kind {
	case headerSchema:
		s := schemaCheck{flatbuffer: b}
		s.fields(header, 1, 0)
		checkMetadata(b, header, 2, &s.text)
	case headerDictionary:
		id := b.int64Of(header, 0)
		size := checkBatch(b, b.tableOf(header, 1), body)
		if b.byteOf(header, 2) == 0 {
			m.held[id] = 0 // it replaces what was before
		}
		m.held[id] += size
		total := int64(0)
		for _, n := range m.held {
			total += n
		}
		if total > maxBatchBytes {
			b.fail(fmt.Errorf("dictionaries of %d bytes, at most %d are held", total, int64(maxBatchBytes)))
		}
	case headerBatch:
		checkBatch(b, header, body)
	default:
		b.fail(fmt.Errorf("its kind is %d", kind))
	}
	return b.err
}

// A schemaCheck follows a schema once, with what it may amount to.
type schemaCheck struct {
	*flatbuffer
	count int
	text  int64 // bytes that it is copied to
}

// fields looks through the list of fields in a slot.
func (s *schemaCheck) fields(t fbTable, slot int64, depth int) {
	if depth > maxDepth {
		s.fail(fmt.Errorf("fields nest more than %d levels deep", maxDepth))
	}
	list := s.vectorOf(t, slot, 4)
	for i := int64(0); i < list.n && s.err == nil; i++ {
		if s.count++; s.count > maxFields {
			s.fail(fmt.Errorf("more than %d fields", maxFields))
			return
		}
		f := s.table(list.at + 4*i)
		checkText(s.flatbuffer, f, 0, &s.text)
		s.kind(f)
		checkMetadata(s.flatbuffer, f, 6, &s.text)
		s.fields(f, 5, depth+1)
	}
}

// Types with lists or text of their own.
const (
	typeTimestamp = 10
	typeUnion     = 14
)

func (s *schemaCheck) kind(f fbTable) {
	t := s.tableOf(f, 3)
	switch s.byteOf(f, 2) {
	case typeTimestamp:
		checkText(s.flatbuffer, t, 1, &s.text)
	case typeUnion:
		s.text += 4 * s.vectorOf(t, 1, 4).n
	}
}

// checkText counts the bytes of text in a slot: the same text may be referred
// to many times, and each is copied.
func checkText(b *flatbuffer, t fbTable, slot int64, sum *int64) {
	if *sum += b.vectorOf(t, slot, 1).n; *sum > maxMetadataBytes {
		b.fail(fmt.Errorf("names and notes of more than %d bytes", int64(maxMetadataBytes)))
	}
}

// checkMetadata looks through pairs of text.
func checkMetadata(b *flatbuffer, t fbTable, slot int64, sum *int64) {
	list := b.vectorOf(t, slot, 4)
	for i := int64(0); i < list.n && b.err == nil; i++ {
		pair := b.table(list.at + 4*i)
		*sum += 64 // what a pair takes besides
		checkText(b, pair, 0, sum)
		checkText(b, pair, 1, sum)
	}
}

// checkBatch looks through a batch and returns how many bytes its buffers
// have when they are unpacked.
func checkBatch(b *flatbuffer, t fbTable, body []byte) (size int64) {
	packed := b.field(t, 3) != 0
	buffers := b.vectorOf(t, 2, 16)
	for i := int64(0); i < buffers.n && b.err == nil; i++ {
		at, n := b.int64(buffers.at+16*i), b.int64(buffers.at+16*i+8)
		if at < 0 || n < 0 || at > int64(len(body))-n {
			b.fail(fmt.Errorf("a buffer of %d bytes at %d leaves its body of %d", n, at, len(body)))
			return 0
		}
		if packed && n > 0 {
			n = unpackedBytes(b, body[at:at+n])
		}
		size += n
	}
	if size > maxBatchBytes {
		b.fail(fmt.Errorf("buffers of %d bytes, at most %d are read", size, int64(maxBatchBytes)))
	}
	b.vectorOf(t, 1, 16) // nodes
	variadic := b.vectorOf(t, 4, 8)
	for i := int64(0); i < variadic.n && b.err == nil; i++ {
		if n := b.int64(variadic.at + 8*i); n < 0 || n > buffers.n {
			b.fail(errDamaged)
		}
	}
	if rows := b.int64Of(t, 0); rows < 0 || rows > 8*size+looseRows {
		b.fail(fmt.Errorf("%d rows in %d bytes", rows, size))
	}
	return size
}

// unpackedBytes reads what a compressed buffer says before its data: how many
// bytes it unpacks to, or that it was left as it is.
func unpackedBytes(b *flatbuffer, buffer []byte) int64 {
	if len(buffer) < 8 {
		b.fail(errDamaged)
		return 0
	}
	switch n := int64(binary.LittleEndian.Uint64(buffer)); {
	case n == -1:
		return int64(len(buffer)) - 8
	case n >= 0 && n <= maxBatchBytes:
		return n
	default:
		b.fail(fmt.Errorf("a buffer that unpacks to %d bytes, at most %d are read", n, int64(maxBatchBytes)))
		return 0
	}
}
