package columnar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"

	"github.com/swerm/swerm/internal/zstdfast"
)

// A Codec names how pages are compressed.
type Codec string

// The codecs that can be written. Gzip is read as well.
const (
	Zstd         Codec = "zstd"
	Snappy       Codec = "snappy"
	Uncompressed Codec = "none"
)

// A Level names how hard zstd tries. The other codecs have no levels.
type Level string

// The levels, from fast to small: on source code roughly 190, 110 and 50 MB/s.
// The fastest has an encoder of its own.
const (
	Fastest Level = "fastest" // for data between stages
	Default Level = "default" // for data that is published
	Better  Level = "better"
)

func (l Level) valid() bool { return l == Fastest || l == Default || l == Better }

// encoder makes one that compresses whole pages.
func (l Level) encoder() (encoder, error) {
	level := zstd.SpeedDefault
	switch l {
	case Fastest:
		return new(zstdfast.Encoder), nil
	case Better:
		level = zstd.SpeedBetterCompression
	}
	// The page has its own CRC, so zstd's is left out.
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	return general{e}, err
}

// An encoder appends pages as zstd frames.
type encoder interface {
	AppendFrame(dst, page []byte) []byte
}

type general struct{ *zstd.Encoder }

func (g general) AppendFrame(dst, page []byte) []byte { return g.EncodeAll(page, dst) }

func (c Codec) format() (format.CompressionCodec, bool) {
	switch c {
	case Zstd:
		return format.Zstd, true
	case Snappy:
		return format.Snappy, true
	case Uncompressed:
		return format.Uncompressed, true
	}
	return 0, false
}

// A compressor compresses pages. It may be used from any number of goroutines;
// what it appends depends on src, codec and level alone.
type compressor struct {
	codec Codec
	level Level

	encoders freeList[encoder]
	raw      freeList[[]byte] // the values of open pages
	packed   freeList[[]byte] // compressed pages on their way into a chunk
}

// lend lets others use a buffer that pages of limit bytes need, unless a giant
// row has made it larger than they do.
func lend(to *freeList[[]byte], b []byte, limit int) {
	if cap(b) > 0 && cap(b) <= 2*limit {
		to.put(b)
	}
}

// packedShare is what part of a page of text is expected to be left of it.
const packedShare = 4

func (c *compressor) compress(dst, src []byte) ([]byte, error) {
	switch c.codec {
	case Uncompressed:
		return append(dst, src...), nil
	case Snappy:
		return append(dst, snappy.Encode(nil, src)...), nil
	}
	enc := c.encoders.get()
	if enc == nil {
		var err error
		if enc, err = c.level.encoder(); err != nil {
			return nil, fmt.Errorf("columnar: zstd: %w", err)
		}
	}
	dst = enc.AppendFrame(slices.Grow(dst, len(src)/packedShare), src)
	c.encoders.put(enc)
	return dst, nil
}

// zstdDecoders are shared by all readers: a decoder holds tables worth keeping.
var zstdDecoders = sync.Pool{New: func() any {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return dec
}}

var errCodec = errors.New("codec is not read")

var errPageSize = errors.New("page does not decompress to its declared size")

// decompress fills dst, which has exactly the declared size, from src. A stream
// that holds more or less than that is an error, and nothing is allocated for it.
func decompress(codec format.CompressionCodec, dst, src []byte) error {
	switch codec {
	case format.Uncompressed:
		if len(src) != len(dst) {
			return errPageSize
		}
		copy(dst, src)
		return nil
	case format.Zstd:
		return unzstd(dst, src)
	case format.Snappy:
		n, err := snappy.DecodedLen(src)
		if err != nil || n != len(dst) {
			return errors.Join(errPageSize, err)
		}
		_, err = snappy.Decode(dst, src)
		return err
	case format.Gzip:
		return ungzip(dst, src)
	}
	return fmt.Errorf("%w: %s", errCodec, codec)
}

func unzstd(dst, src []byte) error {
	dec := zstdDecoders.Get().(*zstd.Decoder)
	defer zstdDecoders.Put(dec)
	out, err := dec.DecodeAll(src, dst[:0:len(dst)])
	if err != nil {
		return err
	}
	if len(out) != len(dst) {
		return errPageSize
	}
	return nil
}

func ungzip(dst, src []byte) error {
	zr, err := gzip.NewReader(bytes.NewReader(src))
	if err != nil {
		return err
	}
	defer zr.Close()
	if _, err := io.ReadFull(zr, dst); err != nil {
		return errors.Join(errPageSize, err)
	}
	if n, err := zr.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return errPageSize
	}
	return nil
}
