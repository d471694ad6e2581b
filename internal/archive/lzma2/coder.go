package lzma2

// A coder is the range decoder over one chunk. Past the end of the chunk it
// reads zeros and notes it, so that only the loop over symbols has to look.
type coder struct {
	in        []byte
	at        int
	rng, code uint32
	over      bool
}

func (c *coder) init(in []byte) error {
	if len(in) < 5 || in[0] != 0 {
		return ErrCorrupt
	}
	*c = coder{in: in, at: 5, rng: 0xffffffff, code: uint32(in[1])<<24 | uint32(in[2])<<16 | uint32(in[3])<<8 | uint32(in[4])}
	return nil
}

func (c *coder) shift() {
	b := uint32(0)
	if c.at < len(c.in) {
		b = uint32(c.in[c.at])
		c.at++
	} else {
		c.over = true
	}
	c.rng <<= 8
	c.code = c.code<<8 | b
}

// bit decodes one decision and moves its probability.
func (c *coder) bit(p *prob) uint32 {
	v := uint32(*p)
	bound := c.rng >> probBits * v
	var bit uint32
	if c.code < bound {
		c.rng = bound
		*p = prob(v + (1<<probBits-v)>>moveBits)
	} else {
		c.rng -= bound
		c.code -= bound
		*p = prob(v - v>>moveBits)
		bit = 1
	}
	if c.rng < topValue {
		c.shift()
	}
	return bit
}

func (c *coder) tree(p []prob, bits int) uint32 {
	m := uint32(1)
	for range bits {
		m = m<<1 | c.bit(&p[m])
	}
	return m - 1<<bits
}

func (c *coder) reverse(p []prob, bits int) uint32 {
	m, sym := uint32(1), uint32(0)
	for i := range bits {
		b := c.bit(&p[m])
		m = m<<1 | b
		sym |= b << i
	}
	return sym
}

// direct decodes bits without a model.
func (c *coder) direct(bits int) uint32 {
	var v uint32
	for range bits {
		c.rng >>= 1
		c.code -= c.rng
		mask := -(c.code >> 31)
		c.code += c.rng & mask
		if c.rng < topValue {
			c.shift()
		}
		v = v<<1 + mask + 1
	}
	return v
}

func (c *coder) length(l *lengths, posState int) int {
	if c.bit(&l.choice) == 0 {
		return int(c.tree(l.low[posState][:], 3))
	}
	if c.bit(&l.choice2) == 0 {
		return 8 + int(c.tree(l.mid[posState][:], 3))
	}
	return 16 + int(c.tree(l.high[:], 8))
}
