//go:build unix

package safetensors

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/swerm/swerm/moe/kernel"
)

// writeTwo writes two tensors of 64 KiB each and returns their file.
func writeTwo(t *testing.T) string {
	t.Helper()
	data := make([]float32, 1<<14)
	for i := range data {
		data[i] = float32(i)
	}
	path := filepath.Join(t.TempDir(), SingleName)
	if err := Write(path, []Item{{Name: "a", Shape: []int{1 << 14}, Data: data}, {Name: "b", Shape: []int{128, 128}, Data: data}}, F32); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestShrunkFile: a file that is cut while it is mapped gives an error that names
// it and the tensor, from plain reads and from machine code, and no crash.
func TestShrunkFile(t *testing.T) {
	k := kernel.Detect()
	panels := make([]float32, k.PanelLen(128, 128))
	for name, read := range map[string]func(*Set, *Tensor) error{
		"copied": func(s *Set, _ *Tensor) error { return s.ReadFloat32("b", make([]float32, 1<<14)) },
		"digest": func(s *Set, _ *Tensor) error { _, err := s.Digest(); return err },
		"read":   func(s *Set, b *Tensor) error { return s.Guard(func() { Read(b, make([]float64, 100), 16000) }) },
		"packed": func(s *Set, b *Tensor) error {
			v, ok := View[float32](b)
			if !ok {
				t.Fatal("no view")
			}
			return s.Guard(func() { k.Pack(panels, v, 128, 128, 128) })
		},
		"packed across": func(s *Set, b *Tensor) error {
			v, _ := View[float32](b)
			return s.Guard(func() { k.PackT(panels, v, 128, 128, 128) })
		},
	} {
		path := writeTwo(t)
		set, err := OpenFiles(path)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := set.Lookup("b")
		if err := errors.Join(read(set, b), set.Unchanged()); err != nil {
			t.Errorf("%s of a whole file: %v", name, err)
		}
		if err := os.Truncate(path, 70000); err != nil {
			t.Fatal(err)
		}
		err = read(set, b)
		if !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), `"b"`) || !strings.Contains(err.Error(), "70000 now") {
			t.Errorf("%s of a file that was cut: %v", name, err)
		}
		if err := set.Unchanged(); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestGuardIsForFiles: other panics go through, and so does a fault elsewhere.
func TestGuardIsForFiles(t *testing.T) {
	set, err := OpenFiles(writeTwo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	elsewhere, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(elsewhere)
	sum := byte(0)
	for name, do := range map[string]func(){
		"index": func() { sum += make([]byte, 1)[len(set.files)] },
		"fault": func() { sum += elsewhere[100] },
		"panic": func() { panic("mine") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic was swallowed", name)
				}
			}()
			if err := set.Guard(do); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}()
	}
	if sum != 0 {
		t.Error("unreadable bytes were read")
	}
}

// TestUnchanged: writing to a file is seen, replacing it by a rename is not a
// change of what is mapped.
func TestUnchanged(t *testing.T) {
	path := writeTwo(t)
	set, err := OpenFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	if err := Write(path, []Item{{Name: "c", Shape: []int{1}, Data: []float32{1}}}, F32); err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 1<<14)
	if err := errors.Join(set.Unchanged(), set.ReadFloat32("b", got)); err != nil || got[7] != 7 {
		t.Error(err, got[7])
	}

	path = writeTwo(t)
	again, err := OpenFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{1}, 1<<16); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	// The clock of a file system may be too coarse to see two writes in a row.
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := again.Unchanged(); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), "written") {
		t.Error(err)
	}
}

// TestNoEnd: what is no regular file is refused before a byte of it is read.
func TestNoEnd(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("/dev/zero", filepath.Join(dir, SingleName)); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := Open(pipe); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
}

// TestReadParts: any run of numbers of any type, at any alignment.
func TestReadParts(t *testing.T) {
	data := make([]float32, 37)
	for i := range data {
		data[i] = float32(i*i) - 8
	}
	for _, d := range []DType{F32, BF16, F16, F64} {
		raw := encode(nil, data, d)
		want := make([]float64, len(data))
		for i, v := range data {
			want[i] = float64(v)
			if d == BF16 {
				want[i] = float64(kernel.FromBF16(kernel.BF16(v)))
			}
			if d == F16 {
				want[i] = float64(kernel.FromF16(toHalf(v)))
			}
		}
		for shift := range 8 {
			moved := append(binary.LittleEndian.AppendUint64(nil, 0)[:shift], raw...)[shift:]
			x := &Tensor{Name: "x", DType: d, Shape: []int{37}, raw: moved}
			for at := range len(data) {
				for n := range len(data) - at + 1 {
					narrow, wide := make([]float32, n), make([]float64, n)
					Read(x, narrow, at)
					Read(x, wide, at)
					for i := range n {
						if wide[i] != want[at+i] || float64(narrow[i]) != want[at+i] {
							t.Fatalf("%s shifted by %d, number %d: %v and %v, want %v", d, shift, at+i, narrow[i], wide[i], want[at+i])
						}
					}
				}
			}
		}
	}
}
