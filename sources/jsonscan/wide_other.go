//go:build !amd64

package jsonscan

func wide() bool { return false }

func closingQuote(*byte, int) int { panic("no wide vectors") }

func plainEscapes(_, _ *byte, _ int) (read, wrote int, high bool) { panic("no wide vectors") }

func closingBracket(*byte, int, uint64, int, int) int { panic("no wide vectors") }
