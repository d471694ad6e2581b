package zstdfast

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestWithoutAVX2 holds that machines without it write the same.
func TestWithoutAVX2(t *testing.T) {
	if !wide {
		t.Skip("no AVX2 here")
	}
	defer func() { wide = true }()
	page := text(rand.New(rand.NewPCG(21, 22)), 1<<20, 300)
	var e Encoder
	want := e.AppendFrame(nil, page)
	wide = false
	if !bytes.Equal(e.AppendFrame(nil, page), want) {
		t.Error("other bytes")
	}
}
