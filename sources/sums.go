package sources

import (
	"sync"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/blake3lanes"
)

// Whoever runs an import may want the sums of its files (pipeline.Sums). A document is
// hashed by who decodes it, a file of rows by who cuts it, and an archive or a packed
// file as it is unpacked.

// tells reports whether someone wants the sum of a file, if it is read whole.
func (r *Reader) tells(f *file) bool { return f.member.Plain && r.Inputs[f.input].Sums != nil }

func (r *Reader) tell(f *file, size int64, sum [blake3lanes.Size]byte) {
	r.Inputs[f.input].Sums.Tell(f.member.Path, size, sum)
}

// summed begins to hash a file of which everything that was read is in the buffer. Its
// sum is told when its end has been read.
func (o *opened) summed() {
	if !o.w.r.tells(o.file) || o.sum != nil {
		return
	}
	o.sum, o.read = new(blake3lanes.Hasher), int64(len(*o.buf))
	_, _ = o.sum.Write(*o.buf)
	if o.end {
		o.tell()
	}
}

func (o *opened) tell() {
	var sum [blake3lanes.Size]byte
	o.sum.Sum(sum[:0])
	o.w.r.tell(o.file, o.read, sum)
	o.sum = nil
}

// A summedFile hashes a file that is read from its beginning to its end, and tells its
// sum when it is closed. It gives up where something is left out.
type summedFile struct {
	archive.File
	tell func(size int64, sum [blake3lanes.Size]byte)

	mu   sync.Mutex
	sum  blake3lanes.Hasher
	at   int64 // what lies before is hashed
	left bool  // something was left out, or the sum told
}

func (f *summedFile) ReadAt(b []byte, from int64) (int, error) {
	n, err := f.File.ReadAt(b, from)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch end := from + int64(n); {
	case from > f.at:
		f.left = true
	case end > f.at && !f.left:
		_, _ = f.sum.Write(b[f.at-from : n])
		f.at = end
	}
	return n, err
}

func (f *summedFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.left && f.at == f.Size() {
		var sum [blake3lanes.Size]byte
		f.sum.Sum(sum[:0])
		f.tell(f.at, sum)
	}
	f.left = true
	return f.File.Close()
}
