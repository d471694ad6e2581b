package lzma2

import (
	"errors"
	"io"
)

// Errors of a stream.
var (
	// ErrCorrupt is returned for input that no encoder writes.
	ErrCorrupt = errors.New("lzma2: corrupt input")
	errEnd     = errors.New("lzma2: chunk ends inside a symbol")
)

// Sizes of a chunk, by the format.
const (
	MaxChunkBytes  = 2 << 20  // unpacked
	maxPackedBytes = 64 << 10 // packed
)

// A Decoder unpacks one LZMA2 stream. The zero value is not ready; use New.
type Decoder struct {
	r      io.ByteReader
	full   io.Reader
	packed [maxPackedBytes]byte

	m         model
	needDict  bool
	needProps bool
	ended     bool
}

// Reader is what a Decoder reads from: chunk headers byte by byte, chunks whole.
type Reader interface {
	io.Reader
	io.ByteReader
}

// New returns a decoder of the stream in r.
func New(r Reader) *Decoder {
	return &Decoder{r: r, full: r, needDict: true, needProps: true}
}

// Append unpacks the next chunk to the end of out, whose content before is the
// dictionary: what Append returned last time, less any bytes at its beginning
// that lie further back than the dictionary reaches. It returns io.EOF at the
// end of the stream.
func (d *Decoder) Append(out []byte) ([]byte, error) {
	if d.ended {
		return out, io.EOF
	}
	control, err := d.r.ReadByte()
	if err != nil {
		return out, short(err)
	}
	switch {
	case control == 0:
		d.ended = true
		return out, io.EOF
	case control == 1 || control >= 0xe0:
		d.needDict, d.needProps = false, true
		d.m.pos = 0
	case d.needDict || control > 2 && control < 0x80:
		return out, ErrCorrupt
	}
	if control <= 2 {
		return d.stored(out)
	}
	return d.coded(out, control)
}

func (d *Decoder) stored(out []byte) ([]byte, error) {
	n, err := d.uint16()
	if err != nil {
		return out, err
	}
	p := d.packed[:n+1]
	if _, err := io.ReadFull(d.full, p); err != nil {
		return out, short(err)
	}
	d.m.pos += len(p)
	return append(out, p...), nil
}

func (d *Decoder) coded(out []byte, control byte) ([]byte, error) {
	low, err := d.uint16()
	if err != nil {
		return out, err
	}
	size := int(control&0x1f)<<16 + low + 1
	n, err := d.uint16()
	if err != nil {
		return out, err
	}
	switch {
	case control >= 0xc0:
		props, err := d.r.ReadByte()
		if err != nil {
			return out, short(err)
		}
		if err := d.m.setProps(props); err != nil {
			return out, err
		}
		d.needProps = false
	case d.needProps:
		return out, ErrCorrupt
	case control >= 0xa0:
		d.m.resetState()
	}
	p := d.packed[:n+1]
	if _, err := io.ReadFull(d.full, p); err != nil {
		return out, short(err)
	}
	return d.m.decode(out, p, size)
}

func (d *Decoder) uint16() (int, error) {
	a, err := d.r.ReadByte()
	if err != nil {
		return 0, short(err)
	}
	b, err := d.r.ReadByte()
	if err != nil {
		return 0, short(err)
	}
	return int(a)<<8 | int(b), nil
}

func short(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
