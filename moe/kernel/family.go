package kernel

//go:generate go run -C ../../tools/asmgen . -dir ../../moe/kernel

import (
	"fmt"
	"os"
)

// Family is one implementation of every operation of this package. Within a
// family, results do not depend on threads, on how rows are batched or on the
// machine; between families they differ by rounding.
type Family uint8

// The families, slowest first.
const (
	Generic Family = iota // plain Go, any machine
	AVX2                  // 8 lanes, FMA
	AVX512                // 16 lanes, masks (F, BW, DQ, VL)
	AMX                   // AVX512, and tiles for products of rounded operands (AMX-BF16)
)

// EnvVar forces a family by name, for comparisons and for tests.
const EnvVar = "SWERM_KERNEL"

var familyNames = [...]string{Generic: "generic", AVX2: "avx2", AVX512: "avx512", AMX: "amx"}

// wide reports whether the family has the vectors of AVX512.
func (f Family) wide() bool { return f >= AVX512 }

// Whole is the family whose code computes what no operand is rounded for: of
// AMX it is AVX512.
func (f Family) Whole() Family { return min(f, AVX512) }

// String returns the name that [EnvVar] takes.
func (f Family) String() string { return familyNames[f] }

// FromEnv returns the family that [EnvVar] names, or the fastest one. A name
// that is unknown, or that this machine cannot run, is an error.
func FromEnv() (Family, error) {
	name := os.Getenv(EnvVar)
	if name == "" {
		return Detect(), nil
	}
	for f, n := range familyNames {
		if n != name {
			continue
		}
		if err := tilesError(); Family(f) == AMX && err != nil {
			return Generic, fmt.Errorf("kernel: %s=%s: %w", EnvVar, name, err)
		}
		if Family(f) > Detect() {
			return Generic, fmt.Errorf("kernel: %s=%s, but this machine offers only %s", EnvVar, name, Detect())
		}
		return Family(f), nil
	}
	return Generic, fmt.Errorf("kernel: %s=%q, want amx, avx512, avx2 or generic", EnvVar, name)
}

// FromEnvOrFastest is FromEnv for whoever gives the same bits with any family, or
// names one only: of a variable that FromEnv refuses those complain who compute.
func FromEnvOrFastest() Family {
	f, err := FromEnv()
	if err != nil {
		return Detect()
	}
	return f
}
