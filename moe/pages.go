package moe

import "github.com/swerm/swerm/moe/kernel"

// pageAlign is what a run of positions starts at a multiple of, in its
// sequence: the panels of every family end there.
const pageAlign = 32

// paging says which pages of keys and values a sequence reads. Sequences that
// start alike share the pages of what they have in common.
type paging struct {
	table  []kernel.Page // of all sequences, one behind the other
	first  []int         // [sequences+1] of each in table
	size   int           // of all pages
	shared []kernel.SharedPage
}

// planPages lays out pages for the batch.
func (p *PassOf[Num]) planPages() {
	pg := &p.pages
	pg.table, pg.first, pg.size = pg.table[:0], append(pg.first[:0], 0), 0
	for _, s := range p.spans {
		for at := 0; at < s.n; at += kernel.KeyBlock {
			if at+kernel.KeyBlock <= s.from {
				pg.table = append(pg.table, pg.table[pg.first[s.parent]+at/kernel.KeyBlock])
				continue
			}
			depth := min(kernel.KeyBlock, (s.n-at+pageAlign-1)/pageAlign*pageAlign)
			pg.table = append(pg.table, kernel.Page{At: pg.size, Depth: depth})
			pg.size += p.G * p.kern.PageLen(p.C, depth)
		}
		pg.first = append(pg.first, len(pg.table))
	}
}

// sharedPages lists the sequences that begin in a chunk inside a page of
// another.
func (p *PassOf[Num]) sharedPages(c *chunk) []kernel.SharedPage {
	list := p.pages.shared[:0]
	if p.shared {
		for _, t := range c.parts {
			if s := p.spans[t.Seq]; t.Pos == s.from && s.from%kernel.KeyBlock > 0 {
				list = append(list, kernel.SharedPage{From: s.parent, To: t.Seq, Block: s.from / kernel.KeyBlock, N: s.from % kernel.KeyBlock})
			}
		}
	}
	p.pages.shared = list
	return list
}
