// Package zstdfast compresses pages of text into zstd frames, faster than a
// general encoder: matches are looked for in place and nothing is copied into a
// history.
//
// An [Encoder] looks at every place for what was seen a short while ago, and does so
// before it knows which places matter: lookups that depend on nothing cost less than
// a few that everything waits for. A [Window] looks at few places, which the text
// itself chooses, and finds long matches anywhere in the 32 MiB before. A page is
// compressed in pieces, each of which needs of those before it only their text and
// what the Window found: pieces of a page that is still growing may be compressed
// side by side.
//
// It has one level, as small as zstd's third and faster where there is AVX2. What
// it writes follows from the page alone, on every machine. Frames say their size,
// have no checksum and a window of 32 MiB at most: decoders of streams that set
// bounds allow 128. The package does not decode: that is for github.com/klauspost/compress,
// which is also where the Huffman coder of literals comes from.
package zstdfast
