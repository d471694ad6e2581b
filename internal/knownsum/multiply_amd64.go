package knownsum

import "golang.org/x/sys/cpu"

// multiply makes the values of n chunks of a text: the sum, without carries, of
// the products of each chunk's pairs of words, to which those of the key have
// been added.
//
//go:noescape
func multiply(values, text *byte, n int, key *byte)

func fast() bool { return cpu.X86.HasAVX && cpu.X86.HasPCLMULQDQ }
