package labeler

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/swerm/swerm/pipeline"
)

// execRecord is what happened to one trajectory. It is written once, when it
// has happened, and read from then on.
type execRecord struct {
	Row      int64           `json:"row"`
	Label    pipeline.Label  `json:"label"`
	Evidence json.RawMessage `json:"evidence,omitempty"`
}

// execRecords keeps records in one file, in the order in which they happened:
// for each a length, a checksum and compressed JSON. What a kill cut short is
// cut off when the file is opened again.
type execRecords struct {
	f  *os.File
	at []int64 // of each row, -1 where nothing has happened yet

	mu     sync.Mutex
	enc    *zstd.Encoder
	dec    *zstd.Decoder
	end    int64
	synced time.Time
	have   int64
}

const (
	// recordHead is the length and the checksum.
	recordHead = 8
	// maxRecordBytes bounds what a damaged length may ask for; a record holds
	// some logs of at most 16 MiB.
	maxRecordBytes = 1 << 30
	// syncEvery bounds what a machine that loses power loses. A kill loses nothing.
	syncEvery = time.Second
)

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// openExecRecords opens the file for rows records.
func openExecRecords(name string, rows int64) (*execRecords, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	r := &execRecords{f: f, at: make([]int64, rows), synced: time.Now()}
	for i := range r.at {
		r.at[i] = -1
	}
	r.enc, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err == nil {
		r.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxRecordBytes))
	}
	if err == nil {
		err = r.recover()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("records of runs: %w", err), f.Close())
	}
	return r, nil
}

// recover finds the whole records.
func (r *execRecords) recover() error {
	in := bufio.NewReaderSize(r.f, 1<<20)
	for {
		rec, n, err := r.next(in)
		if err != nil || rec.Row < 0 || rec.Row >= int64(len(r.at)) {
			break // the rest was being written
		}
		if r.at[rec.Row] < 0 {
			r.have++
		}
		r.at[rec.Row] = r.end
		r.end += n
	}
	if err := r.f.Truncate(r.end); err != nil {
		return err
	}
	return r.f.Sync()
}

func (r *execRecords) next(in io.Reader) (rec execRecord, n int64, err error) {
	var head [recordHead]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return rec, 0, err
	}
	size := binary.LittleEndian.Uint32(head[:])
	if size > maxRecordBytes {
		return rec, 0, errors.New("is damaged")
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(in, body); err != nil {
		return rec, 0, err
	}
	if crc32.Checksum(body, crcTable) != binary.LittleEndian.Uint32(head[4:]) {
		return rec, 0, errors.New("is damaged")
	}
	doc, err := r.dec.DecodeAll(body, nil)
	if err == nil {
		err = json.Unmarshal(doc, &rec)
	}
	return rec, recordHead + int64(size), err
}

// done reports whether a row has happened.
func (r *execRecords) done(row int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at[row] >= 0
}

// add keeps a record. It is safe for concurrent use.
func (r *execRecords) add(rec *execRecord) error {
	doc, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	frame := r.enc.EncodeAll(doc, make([]byte, recordHead, recordHead+len(doc)/2))
	body := frame[recordHead:]
	binary.LittleEndian.PutUint32(frame, uint32(len(body)))
	binary.LittleEndian.PutUint32(frame[4:], crc32.Checksum(body, crcTable))
	if _, err := r.f.WriteAt(frame, r.end); err != nil {
		return fmt.Errorf("records of runs: %w", err)
	}
	r.at[rec.Row] = r.end
	r.end += int64(len(frame))
	if now := time.Now(); now.Sub(r.synced) > syncEvery {
		r.synced = now
		return r.f.Sync()
	}
	return nil
}

// get reads the record of a row.
func (r *execRecords) get(row int64) (*execRecord, error) {
	rec, _, err := r.next(io.NewSectionReader(r.f, r.at[row], r.end-r.at[row]))
	if err != nil {
		return nil, fmt.Errorf("records of runs: row %d: %w", row, err)
	}
	return &rec, nil
}

func (r *execRecords) close() error {
	err := r.enc.Close()
	r.dec.Close()
	return errors.Join(err, r.f.Sync(), r.f.Close())
}
