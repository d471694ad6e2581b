package kernel

import "golang.org/x/sys/cpu"

// Detect returns the fastest family that both the processor and the operating
// system support (x/sys/cpu checks that the system saves the wide registers).
func Detect() Family {
	x := &cpu.X86
	switch {
	case tilesError() == nil:
		return AMX
	case hasAVX512():
		return AVX512
	case x.HasAVX2 && x.HasFMA:
		return AVX2
	}
	return Generic
}

func hasAVX512() bool {
	x := &cpu.X86
	return x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL
}
