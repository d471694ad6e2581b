package columnar

import (
	"bytes"
	"io"
)

// skip passes over rows rows, by whole pages without decoding them where these say
// how many rows they have.
func (c *columnReader) skip(rows int) error {
	if rows == 0 {
		return nil
	}
	for {
		if c.page.next == c.page.n {
			var err error
			if c.ahead == nil {
				var passed int
				passed, err = c.pass(rows)
				rows -= passed
				c.started = c.started && passed == 0
				if err == nil && rows == 0 && (passed > 0 || c.found.isV2) { // a row ends with its page
					return nil
				}
			}
			if err == nil {
				err = c.advance()
			}
			switch {
			case err == io.EOF && rows == 0:
				return nil
			case err == io.EOF:
				return corrupt("chunk ends %d rows early", rows)
			case err != nil:
				return err
			}
		}
		end, begun := c.span(rows)
		if err := c.discard(end); err != nil {
			return err
		}
		rows -= begun
		if rows == 0 && (end < c.page.n || c.page.reps == nil) {
			return nil
		}
	}
}

// discard consumes the levels up to end, and their values.
func (c *columnReader) discard(end int) error {
	p := &c.page
	lo := p.next
	if end == lo {
		return nil
	}
	if err := c.beginsRow(); err != nil {
		return err
	}
	p.next = end
	values := end - lo
	if p.defs != nil {
		values = bytes.Count(p.defs[lo:end], []byte{c.n.def})
	}
	if p.dict || !c.isText() {
		p.pos += values
		return nil
	}
	for range values {
		k, ok := plainLength(p.data, p.pos)
		if !ok {
			return corrupt("page ends inside a string")
		}
		p.pos += 4 + k
	}
	return nil
}
