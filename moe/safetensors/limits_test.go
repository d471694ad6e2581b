package safetensors

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// manyTensors is a file of so many tensors without numbers.
func manyTensors(n int) []byte {
	var header strings.Builder
	header.WriteString(`{"__metadata__":{"format":"pt"}`)
	for i := range n {
		fmt.Fprintf(&header, `,"%x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`, i)
	}
	header.WriteByte('}')
	return append(binary.LittleEndian.AppendUint64(nil, uint64(header.Len())), header.String()...)
}

// TestTooManyTensors: a header, or an index, of more tensors than any model has is
// an error that says so, in bounded memory; as many as allowed are read.
func TestTooManyTensors(t *testing.T) {
	path := filepath.Join(t.TempDir(), SingleName)
	if err := os.WriteFile(path, manyTensors(maxTensors), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil || len(f.Tensors()) != maxTensors {
		t.Fatalf("as many as allowed: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, manyTensors(2*maxTensors), 0o600); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = Open(path)
	runtime.ReadMemStats(&after)
	if want := fmt.Sprintf("more than %d tensors", maxTensors); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v, want %q", err, want)
	}
	if n := after.HeapInuse - min(before.HeapInuse, after.HeapInuse); n > 512<<20 {
		t.Errorf("%d bytes are in use behind it", n)
	}

	var index strings.Builder
	index.WriteString(`{"weight_map":{"a":"b"`)
	for i := range maxTensors {
		fmt.Fprintf(&index, `,"%x ":"b"`, i)
	}
	index.WriteString(`}}`)
	path = filepath.Join(t.TempDir(), IndexName)
	if err := os.WriteFile(path, []byte(index.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(filepath.Dir(path)); err == nil || !strings.Contains(err.Error(), "weight_map: more than") || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
}
