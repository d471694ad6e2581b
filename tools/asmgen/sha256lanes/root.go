package main

import "math/big"

// cubeRoot is the whole part of 2^32 times the cube root of p.
func cubeRoot(p uint64) uint64 {
	cube := new(big.Int).Lsh(new(big.Int).SetUint64(p), 96)
	lo, hi := uint64(0), uint64(1)<<36
	for lo+1 < hi {
		mid := (lo + hi) / 2
		m := new(big.Int).SetUint64(mid)
		if m.Exp(m, big.NewInt(3), nil).Cmp(cube) <= 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
