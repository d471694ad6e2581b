package exports

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/store"
)

const (
	// toStdout is where lines go to be read by another program.
	toStdout = "-"
	// doneFile is written last into a folder.
	doneFile = "export.json"
	// shardBytes closes a file of lines in a folder: enough for a reader to work
	// on, little enough for several of them.
	shardBytes = 256 << 20
)

// linesSuffixes are those of one file of lines.
var linesSuffixes = []string{".jsonl", ".jsonl.gz", ".jsonl.zst"}

func isLinesFile(out string) bool {
	for _, s := range linesSuffixes {
		if strings.HasSuffix(out, s) {
			return true
		}
	}
	return false
}

// A sink writes what is exported: one file of lines, shards of lines, or a file
// for each trajectory.
type sink struct {
	ctx       context.Context
	out       string
	suffix    string // of a file for each trajectory
	folder    bool
	shardRows int64

	shard      *upload // open; nil where lines are to begin one
	rows, size int64   // of the open shard

	files, bytes int64
}

func openSink(ctx context.Context, o *Options, f Format) (*sink, error) {
	w := &sink{ctx: ctx, out: o.Out, suffix: f.suffix, shardRows: o.ShardRows}
	if o.Out == toStdout {
		w.shard, w.files = &upload{Writer: o.Stdout}, 1
		return w, nil
	}
	if err := w.vacant(); err != nil {
		return nil, err
	}
	if isLinesFile(o.Out) {
		return w, w.begin(o.Out)
	}
	w.folder = true
	return w, nil
}

// vacant makes sure that nothing is overwritten.
func (w *sink) vacant() error {
	st, path, err := store.Open(w.ctx, w.out)
	if err != nil {
		return err
	}
	for e, err := range st.List(w.ctx, path) {
		if err != nil {
			return err
		}
		return fmt.Errorf("%s: something is there (%s); nothing is overwritten", w.out, e.Path)
	}
	return nil
}

// add writes the JSON of one trajectory, which ends with a newline.
func (w *sink) add(t *pipeline.Trajectory, text []byte) error {
	w.bytes += int64(len(text))
	if w.suffix != "" {
		return w.put(store.Join(w.out, filePath(t)+w.suffix), text)
	}
	if w.shard == nil {
		if err := w.begin(store.Join(w.out, fmt.Sprintf("part-%05d.jsonl", w.files))); err != nil {
			return err
		}
	}
	if _, err := w.shard.Write(text); err != nil {
		return err
	}
	w.rows++
	w.size += int64(len(text))
	if w.folder && (w.rows == w.shardRows || w.size >= shardBytes) {
		return w.end()
	}
	return nil
}

func (w *sink) begin(uri string) error {
	u, err := newUpload(w.ctx, uri)
	if err != nil {
		return err
	}
	w.shard, w.rows, w.size = u, 0, 0
	w.files++
	return nil
}

func (w *sink) end() error {
	u := w.shard
	w.shard = nil
	return u.commit()
}

func (w *sink) put(uri string, text []byte) error {
	u, err := newUpload(w.ctx, uri)
	if err != nil {
		return err
	}
	defer u.abort()
	if _, err := u.Write(text); err != nil {
		return err
	}
	w.files++
	return u.commit()
}

// close ends what is open. A folder gets the file that says it is whole.
func (w *sink) close(res *Result) error {
	if w.shard != nil {
		if err := w.end(); err != nil {
			return err
		}
	}
	res.Files = w.files
	if !w.folder {
		return nil
	}
	text, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		return err
	}
	return w.put(store.Join(w.out, doneFile), append(text, '\n'))
}

func (w *sink) abort() {
	if w.shard != nil {
		w.shard.abort()
	}
}

// An upload is a file on its way, compressed as its name says.
type upload struct {
	io.Writer
	layer io.Closer
	up    store.Upload
}

func newUpload(ctx context.Context, uri string) (*upload, error) {
	st, path, err := store.Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	up, err := st.Create(ctx, path)
	if err != nil {
		return nil, err
	}
	u := &upload{Writer: up, up: up}
	switch {
	case strings.HasSuffix(uri, ".gz"):
		z := gzip.NewWriter(up)
		u.Writer, u.layer = z, z
	case strings.HasSuffix(uri, ".zst"):
		z, err := zstd.NewWriter(up, zstd.WithEncoderConcurrency(1)) // the same bytes everywhere
		if err != nil {
			up.Abort()
			return nil, err
		}
		u.Writer, u.layer = z, z
	}
	return u, nil
}

func (u *upload) commit() error {
	if u.layer != nil {
		if err := u.layer.Close(); err != nil {
			return err
		}
	}
	if u.up == nil {
		return nil
	}
	return u.up.Commit()
}

func (u *upload) abort() {
	if u.up != nil {
		u.up.Abort()
	}
}

// maxStemBytes bounds a name in a path: file systems stop at 255 bytes.
const maxStemBytes = 160

// filePath names a trajectory's file: its run, its instance, and its id, so that
// no two have one path. It has no suffix.
func filePath(t *pipeline.Trajectory) string {
	run := deref(t.Run)
	if run == "" {
		run = "run"
	}
	return safe(run) + "/" + safe(deref(t.InstanceID)) + "." + t.ID
}

// safe keeps what is plain in every file system.
func safe(name string) string {
	plain := bytes.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '_'
	}, []byte(name))
	plain = bytes.TrimLeft(plain[:min(len(plain), maxStemBytes)], ".")
	if len(plain) == 0 {
		return "_"
	}
	return string(plain)
}
