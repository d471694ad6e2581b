package lzma2

import "slices"

// Probabilities are 11 bits and start in the middle; they move by a 32nd.
const (
	probBits = 11
	probInit = 1 << (probBits - 1)
	moveBits = 5
	topValue = 1 << 24

	numStates    = 12
	maxPosStates = 16
	minMatch     = 2
	litProbs     = 0x300
	// fullDistances end at 128; the slots from 14 on have direct bits.
	numSpecial = 1 + 128 - 14
)

type prob = uint16

// A model is the adaptive state of the coder: what lies between two symbols.
type model struct {
	lc, lp, pb uint
	state      int
	rep        [4]uint32
	pos        int // bytes since the dictionary was reset

	isMatch    [numStates * maxPosStates]prob
	isRep0Long [numStates * maxPosStates]prob
	isRep      [numStates]prob
	isRepG0    [numStates]prob
	isRepG1    [numStates]prob
	isRepG2    [numStates]prob
	slot       [4][64]prob
	special    [numSpecial]prob
	align      [16]prob
	match, rp  lengths
	lit        []prob

	rc coder
}

type lengths struct {
	choice, choice2 prob
	low, mid        [maxPosStates][8]prob
	high            [256]prob
}

func fill(p []prob) {
	for i := range p {
		p[i] = probInit
	}
}

func (l *lengths) reset() {
	l.choice, l.choice2 = probInit, probInit
	for i := range l.low {
		fill(l.low[i][:])
		fill(l.mid[i][:])
	}
	fill(l.high[:])
}

func (m *model) setProps(b byte) error {
	if b >= 9*5*5 {
		return ErrCorrupt
	}
	m.lc, m.lp, m.pb = uint(b%9), uint(b/9%5), uint(b/45)
	if m.lc+m.lp > 4 {
		return ErrCorrupt
	}
	m.lit = slices.Grow(m.lit[:0], litProbs<<4)[:litProbs<<(m.lc+m.lp)]
	m.resetState()
	return nil
}

func (m *model) resetState() {
	m.state, m.rep = 0, [4]uint32{}
	for _, p := range [][]prob{m.isMatch[:], m.isRep0Long[:], m.isRep[:], m.isRepG0[:], m.isRepG1[:], m.isRepG2[:], m.special[:], m.align[:], m.lit} {
		fill(p)
	}
	for i := range m.slot {
		fill(m.slot[i][:])
	}
	m.match.reset()
	m.rp.reset()
}

// decode unpacks one chunk of size bytes to the end of out.
func (m *model) decode(out, packed []byte, size int) ([]byte, error) {
	if err := m.rc.init(packed); err != nil {
		return out, err
	}
	out = slices.Grow(out, size)
	end := len(out) + size
	begin := len(out)
	for len(out) < end {
		if m.rc.over {
			return out, errEnd
		}
		reach := min(m.pos+len(out)-begin, len(out))
		pos := m.pos + len(out) - begin
		posState := pos & (1<<m.pb - 1)
		if m.rc.bit(&m.isMatch[m.state<<4+posState]) == 0 {
			out = m.literal(out, pos, reach)
			continue
		}
		length := 0
		if m.rc.bit(&m.isRep[m.state]) == 0 {
			m.rep[3], m.rep[2], m.rep[1] = m.rep[2], m.rep[1], m.rep[0]
			length = m.rc.length(&m.match, posState)
			m.rep[0] = m.distance(length)
			m.state = after(m.state, 7, 10)
		} else {
			if m.rc.bit(&m.isRepG0[m.state]) == 0 {
				if m.rc.bit(&m.isRep0Long[m.state<<4+posState]) == 0 {
					if int(m.rep[0]) >= reach {
						return out, ErrCorrupt
					}
					out = append(out, out[len(out)-int(m.rep[0])-1])
					m.state = after(m.state, 9, 11)
					continue
				}
			} else {
				m.rotate()
			}
			length = m.rc.length(&m.rp, posState)
			m.state = after(m.state, 8, 11)
		}
		if int64(m.rep[0]) >= int64(reach) || length+minMatch > end-len(out) {
			return out, ErrCorrupt
		}
		out = repeat(out, int(m.rep[0])+1, length+minMatch)
	}
	m.pos += size
	if m.rc.over || m.rc.code != 0 || m.rc.at != len(m.rc.in) {
		return out, ErrCorrupt
	}
	return out, nil
}

// after gives the next state: a after literals, b after matches.
func after(state, a, b int) int {
	if state < 7 {
		return a
	}
	return b
}

// rotate brings an older distance to the front.
func (m *model) rotate() {
	var d uint32
	if m.rc.bit(&m.isRepG1[m.state]) == 0 {
		d = m.rep[1]
	} else {
		if m.rc.bit(&m.isRepG2[m.state]) == 0 {
			d = m.rep[2]
		} else {
			d = m.rep[3]
			m.rep[3] = m.rep[2]
		}
		m.rep[2] = m.rep[1]
	}
	m.rep[1], m.rep[0] = m.rep[0], d
}

// repeat copies n bytes from dist back; they may overlap what they write.
func repeat(out []byte, dist, n int) []byte {
	from := len(out) - dist
	for n > 0 {
		k := min(n, len(out)-from)
		out = append(out, out[from:from+k]...)
		n -= k
	}
	return out
}

func (m *model) literal(out []byte, pos, reach int) []byte {
	prev := uint(0)
	if reach > 0 {
		prev = uint(out[len(out)-1])
	}
	ctx := (uint(pos)&(1<<m.lp-1))<<m.lc + prev>>(8-m.lc)
	probs := m.lit[litProbs*ctx:][:litProbs]
	rc := &m.rc
	sym := uint32(1)
	if m.state >= 7 {
		old := uint32(0)
		if int(m.rep[0]) < reach {
			old = uint32(out[len(out)-int(m.rep[0])-1])
		}
		for sym < 0x100 {
			old <<= 1
			want := old & 0x100
			bit := rc.bit(&probs[0x100+want+sym])
			sym = sym<<1 | bit
			if want>>8 != bit {
				break
			}
		}
	}
	for sym < 0x100 {
		sym = sym<<1 | rc.bit(&probs[sym])
	}
	switch {
	case m.state < 4:
		m.state = 0
	case m.state < 10:
		m.state -= 3
	default:
		m.state -= 6
	}
	return append(out, byte(sym))
}

func (m *model) distance(length int) uint32 {
	rc := &m.rc
	slot := rc.tree(m.slot[min(length, 3)][:], 6)
	if slot < 4 {
		return slot
	}
	n := slot>>1 - 1
	d := (2 | slot&1) << n
	if slot < 14 {
		return d + rc.reverse(m.special[d-slot:], int(n))
	}
	return d + rc.direct(int(n)-4)<<4 + rc.reverse(m.align[:], 4)
}
