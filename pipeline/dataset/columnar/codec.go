package columnar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
func (l Level) encoder() (*zstd.Encoder, error) {
	level := zstd.SpeedDefault
	if l == Better {
		level = zstd.SpeedBetterCompression
	}
	// The page has its own CRC, so zstd's is left out.
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
}

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
// what it makes depends on the values, codec and level alone.
type compressor struct {
	codec  Codec
	level  Level
	submit func(job func()) // runs a job, now or elsewhere

	packers freeList[*packer]
	windows freeList[*zstdfast.Window]
	buffers buffers // the values of pages; their regions have what is left of them, too
}

// pieces reports whether pages are compressed piece by piece.
func (c *compressor) pieces() bool { return c.codec == Zstd && c.level == Fastest }

// A packer is what a goroutine compresses with.
type packer struct {
	fast    zstdfast.Encoder
	far     []zstdfast.Far
	general *zstd.Encoder // nil where the level has no need of it
	arena   *arena        // that is being filled, nil before the first piece
}

func (c *compressor) packer() (*packer, error) {
	if p := c.packers.get(); p != nil {
		return p, nil
	}
	p := new(packer)
	if c.codec == Zstd && !c.pieces() {
		var err error
		if p.general, err = c.level.encoder(); err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
	}
	return p, nil
}

// begin returns a buffer for what n bytes are compressed to, and the arena that it
// lies in. Giants have neither.
func (p *packer) begin(of *regions, n int) ([]byte, *arena) {
	need := n/2 + packedRoom
	if need > regionBytes {
		return nil, nil
	}
	if p.arena != nil {
		if buf := p.arena.begin(need); buf != nil {
			return buf, p.arena
		}
	}
	p.arena = newArena(of, need)
	return p.arena.begin(need), p.arena
}

// pack appends page[start:], compressed, to dst.
func (c *compressor) pack(p *packer, dst, page []byte, start int, last bool) []byte {
	switch {
	case c.pieces():
		return p.fast.AppendPiece(dst, page, start, p.far, last)
	case c.codec == Zstd:
		return p.general.EncodeAll(page, dst)
	case c.codec == Snappy:
		return append(dst, snappy.Encode(nil, page)...)
	}
	return append(dst, page...)
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
