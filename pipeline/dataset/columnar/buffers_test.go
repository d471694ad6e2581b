package columnar

import (
	"bytes"
	"testing"
	"unsafe"
)

// pageOf returns a page of n bytes that b lends, as it grows.
func pageOf(b *buffers, n, largest int) []byte {
	var page []byte
	for len(page) < n {
		if len(page) == cap(page) {
			was := page
			page = b.grow(was, len(was)+1, largest)
			if unsafe.SliceData(was) != unsafe.SliceData(page) {
				b.put(was)
			}
		}
		at := len(page)
		page = page[:min(n, cap(page))]
		for i := range page[at:] {
			page[at+i] = byte((at + i) % 251)
		}
	}
	return page
}

// mapped says in how much address space a page lies, 0 for the heap.
func (r *regions) mapped(page []byte) (touched int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.all[unsafe.SliceData(page)]
	if ok {
		touched = g.touched
	}
	return touched, ok
}

// TestPagesGrow fills pages of all sizes and compares what is in them.
func TestPagesGrow(t *testing.T) {
	var b buffers
	defer b.regions.release()
	want := pageOf(new(buffers), regionBytes+1000, 0)
	for _, largest := range []int{0, 1000, 5 << 20, 30 << 20} {
		for _, n := range []int{1, 100, classes[0], classes[0] + 1, smallBytes, smallBytes + 1, 5 << 20, 13 << 20, regionBytes, regionBytes + 1000} {
			page := pageOf(&b, n, largest)
			if !bytes.Equal(page, want[:n]) {
				t.Errorf("a page of %d bytes, %d expected, is damaged", n, largest)
			}
			if _, in := b.regions.mapped(page); n > smallBytes && n <= regionBytes && !in {
				t.Errorf("a page of %d bytes lies in the heap", n)
			}
			b.put(page)
		}
	}
}

// TestPagesGrowWhereMemoryWasTouched asks for memory as pages do.
func TestPagesGrowWhereMemoryWasTouched(t *testing.T) {
	var b buffers
	defer b.regions.release()
	large := pageOf(&b, 20<<20, 0)
	if small := pageOf(&b, 1000, 20<<20); cap(small) > smallBytes {
		t.Errorf("a page begins with %d fresh bytes where none are free", cap(small))
	}
	next := pageOf(&b, 2<<20, 20<<20)
	b.put(large)
	if touched, _ := b.regions.mapped(pageOf(&b, 2<<20, 2<<20)); touched >= 20<<20 {
		t.Error("a small page takes the memory of large ones")
	}
	grown := b.grow(next, 5<<20, 20<<20)
	if unsafe.SliceData(grown) != unsafe.SliceData(large) || !bytes.Equal(grown, next) {
		t.Error("a large page does not move to where memory is touched")
	}
	b.put(next)
	b.put(grown)
	if first := pageOf(&b, 1000, 20<<20); unsafe.SliceData(first) != unsafe.SliceData(large) {
		t.Error("a large page does not begin where memory is touched")
	}
}

// What is free is bounded, and nothing is left of what is released.
func TestRegionsAreGivenBack(t *testing.T) {
	var b buffers
	var pages [][]byte
	for range 4 {
		pages = append(pages, pageOf(&b, 40<<20, 0))
	}
	for _, page := range pages {
		b.put(page)
		if b.regions.kept > maxFreeRegions {
			t.Fatalf("%d bytes wait to be used again", b.regions.kept)
		}
	}
	if len(b.regions.all) == 0 || len(b.regions.all) == len(pages) {
		t.Errorf("%d regions are kept", len(b.regions.all))
	}
	lent := pageOf(&b, 2<<20, 0)
	b.regions.keepNone()
	if _, in := b.regions.mapped(lent); !in || len(b.regions.all) > 1 || b.regions.kept != 0 {
		t.Errorf("%d regions of %d touched bytes are left where one is lent", len(b.regions.all), b.regions.kept)
	}
	if b.put(lent); len(b.regions.all) > 0 || b.regions.kept != 0 {
		t.Error("a region is kept")
	}
	pageOf(&b, 2<<20, 0)
	b.regions.release()
	if b.regions.put(pages[0]) || len(b.regions.all) > 0 || b.regions.kept != 0 {
		t.Error("something is left of what was released")
	}
}

// TestArena writes pieces into an arena as packers do.
func TestArena(t *testing.T) {
	var r regions
	defer r.release()
	p := new(packer)
	type piece struct {
		data []byte
		in   *arena
	}
	pack := func(n, size int) piece {
		dst, in := p.begin(&r, n)
		out := append(dst, bytes.Repeat([]byte{byte(size)}, size)...)
		if in != nil {
			in.end(out)
		}
		return piece{out, in}
	}
	one, two := pack(1000, 400), pack(2<<20, 1<<20)
	if one.in != two.in || unsafe.SliceData(two.data) != unsafe.SliceData(one.in.buf[400:]) {
		t.Error("two pieces do not lie one behind the other")
	}
	wide := pack(1000, 3<<20) // does not fit in what was asked for
	if unsafe.SliceData(wide.data) == unsafe.SliceData(one.in.buf[400+1<<20:]) {
		t.Error("a piece lies in more room than there is")
	}
	three := pack(16<<20, 100)
	if three.in == one.in {
		t.Error("an arena has no end")
	}
	for _, p := range []piece{one, two, wide} {
		if len(p.data) == 0 || p.data[0] != byte(len(p.data)) || p.data[len(p.data)-1] != byte(len(p.data)) {
			t.Error("a piece is damaged")
		}
		p.in.written()
	}
	if touched, _ := r.mapped(one.data); touched != 400+1<<20 {
		t.Errorf("%d bytes of the arena that was left were filled", touched)
	}
	three.in.written()
	if four := pack(1000, 10); unsafe.SliceData(four.data) != unsafe.SliceData(three.data) {
		t.Error("an arena does not begin anew")
	}
	if giant := pack(200<<20, 10); giant.in != nil {
		t.Error("a giant lies in an arena")
	}
}
