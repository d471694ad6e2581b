package labeler

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// evidenceBook writes what labels rest on into side files of JSON lines,
// {"key": …, …evidence}. Equal evidence is written once: attempts at a task that
// end alike have one log.
type evidenceBook struct {
	attach func(name string, content []byte) error
	where  map[[16]byte]int32 // the file of each

	part int32
	buf  bytes.Buffer
	enc  *zstd.Encoder
	raw  int64
}

// evidencePartBytes closes a side file, by what it unpacks to: it is held in
// memory while it grows.
const evidencePartBytes = 32 << 20

func newEvidenceBook(attach func(string, []byte) error) (*evidenceBook, error) {
	b := &evidenceBook{attach: attach, where: map[[16]byte]int32{}}
	var err error
	b.enc, err = zstd.NewWriter(&b.buf, zstd.WithEncoderConcurrency(1))
	return b, err
}

func evidenceFile(part int32) string { return fmt.Sprintf("evidence/part-%05d.jsonl.zst", part) }

// add returns the key under which a label finds its evidence:
// FILE#KEY, the file relative to the labels.
func (b *evidenceBook) add(doc json.RawMessage) (string, error) {
	sum := sha256.Sum256(doc)
	key := [16]byte(sum[:16])
	part, ok := b.where[key]
	if !ok {
		part = b.part
		b.where[key] = part
		line := fmt.Appendf(nil, `{"key":%q,`, hex.EncodeToString(key[:]))
		line = append(append(line, doc[1:]...), '\n')
		if _, err := b.enc.Write(line); err != nil {
			return "", err
		}
		if b.raw += int64(len(line)); b.raw >= evidencePartBytes {
			if err := b.close(); err != nil {
				return "", err
			}
		}
	}
	return evidenceFile(part) + "#" + hex.EncodeToString(key[:]), nil
}

// close writes the open file, and begins another.
func (b *evidenceBook) close() error {
	if b.raw == 0 {
		return nil
	}
	if err := b.enc.Close(); err != nil {
		return err
	}
	if err := b.attach(evidenceFile(b.part), b.buf.Bytes()); err != nil {
		return err
	}
	b.part++
	b.raw = 0
	b.buf.Reset()
	b.enc.Reset(&b.buf)
	return nil
}
