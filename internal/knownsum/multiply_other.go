//go:build !amd64

package knownsum

func multiply(_, _ *byte, _ int, _ *byte) { panic("no carry-less multiplication") }

func fast() bool { return false }
