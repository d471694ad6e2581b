package moe

// pageAlign is what a run of positions starts at a multiple of, in its
// sequence: the panels of every family end there.
const pageAlign = 32

// page holds the keys and values of keyBlock positions of a sequence, of every
// key head one behind the other: keys transposed and packed for queries to
// multiply, values packed for probabilities to multiply. Sequences that start
// alike share the pages of what they have in common.
type page struct {
	at    int // its first number in the panels
	depth int // positions that it has room for
}

// paging says which pages a sequence reads.
type paging struct {
	table []page // of all sequences, one behind the other
	first []int  // [sequences+1] of each in table
	size  int    // of the panels
}

// planPages lays out pages for the batch.
func (p *PassOf[Num]) planPages() {
	pg := &p.pages
	pg.table, pg.first, pg.size = pg.table[:0], append(pg.first[:0], 0), 0
	for _, s := range p.spans {
		for at := 0; at < s.n; at += keyBlock {
			if at+keyBlock <= s.from {
				pg.table = append(pg.table, pg.table[pg.first[s.parent]+at/keyBlock])
				continue
			}
			depth := min(keyBlock, (s.n-at+pageAlign-1)/pageAlign*pageAlign)
			pg.table = append(pg.table, page{pg.size, depth})
			pg.size += p.G * p.pageLen(depth)
		}
		pg.first = append(pg.first, len(pg.table))
	}
}

// pageLen is the numbers of one key head in a page.
func (p *PassOf[Num]) pageLen(depth int) int {
	return p.kern.PanelLen(p.C, depth) + p.kern.PanelLen(depth, p.C)
}

// page returns the keys and values of key head g for a block of a sequence, and
// the depth that the values are packed for.
func (p *PassOf[Num]) page(seq, block, g int) (keys, values []Num, depth int) {
	pg := p.pages.table[p.pages.first[seq]+block]
	n := p.pageLen(pg.depth)
	all := p.panels[pg.at+g*n : pg.at+(g+1)*n]
	split := p.kern.PanelLen(p.C, pg.depth)
	return all[:split], all[split:], pg.depth
}

// fillPages packs the keys and values of a chunk's rows.
func (p *PassOf[Num]) fillPages(a *acts[Num], c *chunk) {
	p.each(len(c.parts)*p.G, func(_ *worker[Num], i int) { p.fillPart(a, c.parts[i/p.G], i%p.G) })
	if !p.shared {
		return
	}
	p.each(p.G, func(_ *worker[Num], g int) {
		for _, t := range c.parts {
			if s := p.spans[t.seq]; t.pos == s.from && s.from%keyBlock > 0 {
				p.copyPage(s.parent, t.seq, s.from/keyBlock, s.from%keyBlock, g)
			}
		}
	})
}

func (p *PassOf[Num]) fillPart(a *acts[Num], t part, g int) {
	w := p.kern.PanelWidth()
	for done := 0; done < t.n; {
		at := (t.pos + done) % keyBlock
		n := min(keyBlock-at, t.n-done)
		keys, values, depth := p.page(t.seq, (t.pos+done)/keyBlock, g)
		row := t.row + done
		p.kern.PackT(keys[at*p.C:], p.kr[row*p.GC+g*p.C:], p.GC, p.C, n)
		v := a.qkv[row*p.ldW+p.HC+p.GC+g*p.C:]
		for j := 0; j < p.C; j += w {
			p.kern.Pack(values[j*depth+at*w:], v[j:], p.ldW, n, min(w, p.C-j))
		}
		done += n
	}
}

// copyPage gives a sequence the first n positions of a page that another
// computed and that it goes on from.
func (p *PassOf[Num]) copyPage(from, to, block, n, g int) {
	keys, values, depth := p.page(from, block, g)
	myKeys, myValues, myDepth := p.page(to, block, g)
	copy(myKeys[:n*p.C], keys)
	w := p.kern.PanelWidth()
	for j := 0; j < p.C; j += w {
		copy(myValues[j*myDepth:j*myDepth+n*w], values[j*depth:])
	}
}
