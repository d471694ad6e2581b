package kernel

// Every family but Generic has the instructions of AVX2.

func roundHalf(n int, src, dst *float32)    { roundHalfAVX2(n, src, dst) }
func splitRows(n int, src, hi, lo *float32) { splitRowsAVX2(n, src, hi, lo) }
func splitPairs(n int, src, dst *float32)   { splitPairsAVX2(n, src, dst) }
