// Package lzma2 unpacks the LZMA2 chunks inside an xz block. It exists for its
// speed: archives of trajectories repeat themselves so much that a decoder
// whose dictionary is its own output, and whose copies are whole slices, is
// several times as fast as one that passes single bytes through a ring.
//
// [Decoder.Append] unpacks into a slice that grows by the caller's leave, chunk
// by chunk, so that memory is bounded by what the caller keeps. Every length,
// distance and probability comes from the input and is checked: no input makes
// it panic, and no chunk yields more than it announces (at most 2 MiB).
//
// It does not read xz headers, checksums or indexes, and does not pack.
package lzma2
