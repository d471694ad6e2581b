// Package zstdfast compresses pages of text into zstd frames, faster than a
// general encoder: a page is whole in memory, so matches are looked for in place
// and nothing is copied into a history.
//
// It has one level, between speed and size where zstd's fastest levels are. What
// it writes follows from the page alone, on every machine. Frames say their size,
// have no checksum and a window of 8 MiB at most, which every decoder has to
// have. The package does not decode: that is for github.com/klauspost/compress,
// which is also where the Huffman coder of literals comes from.
package zstdfast
