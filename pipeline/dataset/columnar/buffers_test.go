package columnar

import "testing"

// TestPagesGrowWhereMemoryWasTouched asks for buffers as pages do.
func TestPagesGrowWhereMemoryWasTouched(t *testing.T) {
	const limit = WidePageBytes
	var b buffers
	class := func(n, largest int) int { return cap(b.toGrow(n, limit, largest)) }
	if got := class(1000, 0); got != classes[0] {
		t.Errorf("an unknown page begins with %d bytes, want %d", got, classes[0])
	}
	if got := class(5<<20, 0); got != 32<<20 {
		t.Errorf("an unknown page that goes on behind a piece has %d bytes, want %d", got, 32<<20)
	}
	if got := class(1000, 20<<20); got != classes[0] {
		t.Errorf("a page begins with %d fresh bytes where none are free, want %d", got, classes[0])
	}
	b.put(make([]byte, 0, 4<<20))
	if got := class(1000, 20<<20); got != 4<<20 {
		t.Errorf("a page begins with %d bytes where 4 MiB are free", got)
	}
	b.put(make([]byte, 0, 32<<20))
	if got := class(1000, 1<<20); got == 32<<20 {
		t.Error("a small page takes the buffer of large ones")
	}
	if got := class(5<<20, 20<<20); got != 32<<20 {
		t.Errorf("a large page goes on in %d bytes where 32 MiB are free", got)
	}
	if got := class(40<<20, 20<<20); got < 40<<20 {
		t.Errorf("a page of 40 MiB has %d bytes", got)
	}
}
