package moe

import (
	"fmt"
	"math"

	"github.com/swerm/swerm/moe/kernel"
)

// moveBF16 is move with rows in bfloat16. A number beside the D of a row is in
// float32, as two halves.
func (p *PassOf[Num]) moveBF16(out []Num, sent []int, in []Num, came []int, width int) error {
	send, recv := p.messages()
	wide := p.D + 2*(width-p.D)
	wireOut, wireIn := growInts(&p.wireOut, total(sent)*wide), growInts(&p.wireIn, total(came)*wide)
	rows := total(sent)
	p.each(stripes(rows), func(_ *worker[Num], i int) {
		for s := i * stripe; s < min((i+1)*stripe, rows); s++ {
			p.packRow(wireOut[s*wide:(s+1)*wide], out[s*width:(s+1)*width])
		}
	})
	from, to := 0, 0
	for r := range send {
		send[r], from = bytesOf(wireOut[from*wide:(from+sent[r])*wide]), from+sent[r]
		recv[r], to = bytesOf(wireIn[to*wide:(to+came[r])*wide]), to+came[r]
	}
	if err := p.o.Peers.AllToAllV(send, recv); err != nil {
		return fmt.Errorf("expert tokens: %w", err)
	}
	rows = total(came)
	p.each(stripes(rows), func(_ *worker[Num], i int) {
		for s := i * stripe; s < min((i+1)*stripe, rows); s++ {
			p.unpackRow(in[s*width:(s+1)*width], wireIn[s*wide:(s+1)*wide])
		}
	})
	return nil
}

func (p *PassOf[Num]) packRow(dst []uint16, row []Num) {
	kernel.PackBF16(dst[:p.D], row[:p.D])
	if len(row) > p.D {
		b := math.Float32bits(float32(row[p.D]))
		dst[p.D], dst[p.D+1] = uint16(b), uint16(b>>16)
	}
}

func (p *PassOf[Num]) unpackRow(row []Num, src []uint16) {
	kernel.UnpackBF16(row[:p.D], src[:p.D])
	if len(row) > p.D {
		row[p.D] = Num(math.Float32frombits(uint32(src[p.D]) | uint32(src[p.D+1])<<16))
	}
}

func total(counts []int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}
