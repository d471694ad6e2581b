// Package blake3lanes computes BLAKE3, the hash that every byte of every raw
// input passes through. A message is a tree of chunks; where the machine has wide
// vectors, sixteen of them are hashed at once, in about 60 % of the time that the
// eight of github.com/zeebo/blake3 take.
//
// It promises the sums of that package, byte for byte, on every machine: where
// there are no wide vectors it calls it, and it is the reference of the tests.
// There are no keys, no derivation and no sums longer than 32 bytes.
package blake3lanes

//go:generate go run -C ../../tools/asmgen ./blake3lanes -dir ../../internal/blake3lanes
