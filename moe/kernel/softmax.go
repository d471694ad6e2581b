package kernel

import "math"

// Masked is the score of a position that must not be seen: exp of it, less
// any maximum, is exactly zero in every family.
const Masked = -1e30

// Max returns the largest entry of a row that is not empty.
func (f Family) Max(x []float32) float32 {
	n := f.whole(len(x))
	m := x[0]
	if n > 0 {
		m = maxRowVec(f, &x[0], n)
	}
	for _, v := range x[n:] {
		m = max(m, v)
	}
	return m
}

// ExpSum sets y = exp(x·scale − shift) and returns Σ y. x and y may be the
// same slice. A NaN in x gives a NaN, never a number.
func (f Family) ExpSum(y, x []float32, scale, shift float32) float32 {
	n := f.whole(len(x))
	y = y[:len(x)]
	var s float32
	if n > 0 {
		s = expSumVec(f, &x[0], &y[0], n, scale, shift)
	}
	for i := n; i < len(x); i++ {
		y[i] = expGo(x[i]*scale - shift)
		s += y[i]
	}
	return s
}

// SoftmaxBackward turns a row of scores and of dLoss/dP into what attention
// needs backward: s becomes p = exp(s·scale − shift), shift being the row's
// log-sum-exp, and dp becomes dLoss/dScore = p·(dp − delta)·scale, delta being
// Σ p·dp of the whole row.
func (f Family) SoftmaxBackward(s, dp []float32, scale, shift, delta float32) {
	n := f.whole(len(s))
	dp = dp[:len(s)]
	if n > 0 {
		softmaxBackwardVec(f, &s[0], &dp[0], n, scale, shift, delta)
	}
	for i := n; i < len(s); i++ {
		p := expGo(s[i]*scale - shift)
		s[i] = p
		dp[i] = p * scale * (dp[i] - delta)
	}
}

// expGo clamps where the machine code does.
func expGo(x float32) float32 {
	if x > 88.7 {
		x = 88.7
	}
	return float32(math.Exp(float64(x)))
}
