// Package sha256lanes computes the SHA-256 of many messages at once. Records
// are named by SHA-256, and a processor without instructions for it takes
// longer to hash a record than to read it; one with wide vectors hashes sixteen
// messages in about the time of one, and one with such instructions two, since
// each waits for the one before.
//
// It promises the sums of crypto/sha256, byte for byte, on every machine: where
// there is neither it calls that package, which is also the reference
// of its tests. It hashes whole messages only and has no streaming form.
package sha256lanes

//go:generate go run -C ../../tools/asmgen ./sha256lanes -dir ../../internal/sha256lanes
