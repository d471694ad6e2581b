package comm

import "github.com/swerm/swerm/moe/kernel"

// bf16Step is how many numbers of each part are on their way at a time: it
// bounds the memory of a sum.
const bf16Step = 1 << 20

// ReduceScatterBF16 is ReduceScatter with what is sent rounded to bfloat16, this
// rank's own numbers too. It adds in float32 in the order of ranks, so that the
// sum of a number is off by at most 2^-8 of the sum of magnitudes, and by the
// rounding of float32.
func ReduceScatterBF16(c Comm, x []float32) error {
	n, size, rank := len(x), c.Size(), c.Rank()
	lo, hi := Part(n, size, rank)
	longest := (n + size - 1) / size
	for at := 0; at < longest; at += bf16Step {
		send, recv := make([][]uint16, size), make([][]uint16, size)
		own := x[min(lo+at, hi):min(lo+at+bf16Step, hi)]
		for r := range size {
			from, to := Part(n, size, r)
			part := x[min(from+at, to):min(from+at+bf16Step, to)]
			send[r], recv[r] = make([]uint16, len(part)), make([]uint16, len(own))
			kernel.PackBF16(send[r], part)
		}
		if err := exchangeHalves(c, send, recv); err != nil {
			return err
		}
		kernel.UnpackBF16(own, recv[0])
		for _, part := range recv[1:] {
			for i, h := range part {
				own[i] += kernel.FromBF16(h)
			}
		}
	}
	return nil
}

// AllReduceBF16 is ReduceScatterBF16 followed by an AllGather of the sums, again
// rounded to bfloat16: every rank has the same bits.
func AllReduceBF16(c Comm, x []float32) error {
	if err := ReduceScatterBF16(c, x); err != nil {
		return err
	}
	halves := make([]uint16, len(x))
	lo, hi := Part(len(x), c.Size(), c.Rank())
	kernel.PackBF16(halves[lo:hi], x[lo:hi])
	if err := AllGatherHalves(c, halves); err != nil {
		return err
	}
	kernel.UnpackBF16(x, halves)
	return nil
}

// AllGatherHalves is [AllGather] over numbers in bfloat16.
func AllGatherHalves(c Comm, halves []uint16) error {
	n, size := len(halves), c.Size()
	lo, hi := Part(n, size, c.Rank())
	send, recv := make([][]uint16, size), make([][]uint16, size)
	for r := range size {
		from, to := Part(n, size, r)
		send[r], recv[r] = halves[lo:hi], halves[from:to]
	}
	return exchangeHalves(c, send, recv)
}

func exchangeHalves(c Comm, send, recv [][]uint16) error {
	out, in := make([][]byte, len(send)), make([][]byte, len(recv))
	for r := range send {
		out[r], in[r] = memory(send[r]), memory(recv[r])
	}
	return c.AllToAllV(out, in)
}
