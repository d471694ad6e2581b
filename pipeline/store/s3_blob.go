package store

import (
	"context"
	"fmt"
	"io"
	"sync"
)

const (
	// blockBytes is what a small read fetches. A request costs as much as a
	// megabyte takes to arrive, so footers and page headers share one.
	blockBytes = 1 << 20
	// blocksKept bounds a blob's cache: 16 MiB.
	blocksKept = 16
)

// s3Blob reads an object by ranges. Reads shorter than a block go through a
// small cache of blocks; longer ones are one request.
type s3Blob struct {
	s    *S3
	ctx  context.Context // of Open: io.ReaderAt has no place for another
	key  string
	etag *string
	size int64

	mu     sync.Mutex
	blocks map[int64]*block
	clock  int64
}

type block struct {
	once sync.Once
	data []byte
	err  error
	used int64
}

func (b *s3Blob) Size() int64 { return b.size }

func (b *s3Blob) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blocks = nil
	return nil
}

func (b *s3Blob) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read s3://%s/%s: offset %d", b.s.Bucket, b.key, off)
	}
	if off >= b.size {
		return 0, io.EOF
	}
	short := int64(len(p)) > b.size-off
	if short {
		p = p[:b.size-off]
	}
	n, err := len(p), error(nil)
	if n >= blockBytes {
		if err = b.s.readRange(b.ctx, b.key, b.etag, p, off); err != nil {
			n = 0
		}
	} else {
		n, err = b.readBlocks(p, off)
	}
	if err == nil && short {
		err = io.EOF
	}
	return n, err
}

func (b *s3Blob) readBlocks(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		num := (off + int64(n)) / blockBytes
		data, err := b.block(num)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], data[off+int64(n)-num*blockBytes:])
	}
	return n, nil
}

func (b *s3Blob) block(num int64) ([]byte, error) {
	k := b.take(num)
	k.once.Do(func() {
		data := make([]byte, min(blockBytes, b.size-num*blockBytes))
		if k.err = b.s.readRange(b.ctx, b.key, b.etag, data, num*blockBytes); k.err == nil {
			k.data = data
		}
	})
	if k.err != nil { // the next read asks again
		b.mu.Lock()
		if b.blocks[num] == k {
			delete(b.blocks, num)
		}
		b.mu.Unlock()
	}
	return k.data, k.err
}

// take returns a block's place in the cache and makes room for it.
func (b *s3Blob) take(num int64) *block {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.blocks == nil {
		b.blocks = map[int64]*block{}
	}
	b.clock++
	if k := b.blocks[num]; k != nil {
		k.used = b.clock
		return k
	}
	if len(b.blocks) >= blocksKept {
		oldest, at := b.clock, int64(-1)
		for i, k := range b.blocks {
			if k.used < oldest {
				oldest, at = k.used, i
			}
		}
		delete(b.blocks, at)
	}
	k := &block{used: b.clock}
	b.blocks[num] = k
	return k
}
