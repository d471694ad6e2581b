// Package safetensors reads and writes checkpoints in the safetensors format:
// one JSON header with names, types, shapes and offsets, then the raw numbers,
// little-endian; and directories of several such files behind an index.
//
// Reading maps the file and hands out views: float32 tensors are not copied
// where alignment allows. Every fault of a file (header too long, offsets that
// overlap, leave holes or run out of the file, sizes that do not match the
// shape, names given twice) is an error that names the file and the tensor,
// before any number is touched. Writing streams, splits into shards, and lets
// no file appear under its name until it is whole and on disk.
//
// The package knows no models. It does not read pickled checkpoints, quantised
// types or remote files. A file that is cut, or whose disk fails, while it is open
// is an [ErrChanged] and no crash: reads that copy see to it themselves, reads of
// views run under [Set.Guard].
package safetensors
