package jsonscan

import "golang.org/x/sys/cpu"

//go:generate go run -C ../../tools/asmgen ./jsonscan -dir ../../sources/jsonscan

// kernels are what this machine has, the fastest first.
func kernels() []*kernel {
	var ks []*kernel
	if !cpu.X86.HasAVX2 || !cpu.X86.HasBMI1 || !cpu.X86.HasBMI2 || !cpu.X86.HasPOPCNT || !cpu.X86.HasPCLMULQDQ {
		return nil
	}
	if cpu.X86.HasAVX512BW {
		ks = append(ks, &kernel{"avx512", 0, closingQuoteAVX512, plainTextAVX2, closingBracketAVX512})
	}
	return append(ks, &kernel{"avx2", 64, closingQuoteAVX2, plainTextAVX2, closingBracketAVX2})
}

//go:noescape
func closingQuoteAVX512(text *byte, n int) int

//go:noescape
func closingBracketAVX512(text *byte, n int, open uint64, depth, room int) int

//go:noescape
func closingQuoteAVX2(text *byte, n int) int

//go:noescape
func plainTextAVX2(dst, text *byte, n int) (read, wrote int, high bool)

//go:noescape
func closingBracketAVX2(text *byte, n int, open uint64, depth, room int) int
