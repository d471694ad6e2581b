package resident

import "testing"

func TestPeakGrows(t *testing.T) {
	before := Peak()
	block := make([]byte, 64<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	if grown := Peak() - before; before <= 0 || grown < 32<<20 {
		t.Errorf("64 MiB more: from %d by %d", before, grown)
	}
	if PeakOf("0") != 0 {
		t.Error("a process that is not there has memory")
	}
	_ = block[0]
}
