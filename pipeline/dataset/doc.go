// Package dataset is an immutable directory or object-store prefix of Parquet
// parts: how one is written, published, read and checked.
//
//	DIR/manifest.json                      written last; without it there is no dataset
//	DIR/data/part-00000-<key>.parquet      the rows
//	DIR/index/part-00000-<key>.parquet     scalar columns and row positions, for trajectories
//	DIR/rejects/part-00000.jsonl.zst       every record not kept, and why
//	DIR/stats.json                         counts and distributions
//	DIR/README.md                          card that names data/*.parquet to other readers
//
// # Writing
//
// [Create] returns a [Writer], to which one goroutine adds rows in a fixed
// order, each with the position of the source record that it came from. Row
// groups are encoded in parallel and committed in order, so the bytes are the
// same for any number of workers. Work happens in a staging directory beside
// the target; after every finished part a journal is synced, and a writer that
// finds its own journal goes on from the last part and ends with the same
// bytes. [Writer.Close] writes the manifest last and publishes by one rename
// (on S3 by one conditional PUT of the manifest), so there is never half a
// dataset to be mistaken for a whole one.
//
// # Reading
//
// [Read] streams all rows in order of part and row, [ReadAt] chosen ones,
// [Scalars] only the narrow columns of trajectories, without opening text.
// [Lines] prints rows of any kind as JSON.
// Decoding runs ahead on a bounded number of goroutines. A value belongs to
// its receiver: it shares no memory with a later one that would grow with the
// dataset.
//
// # Checking
//
// [Verify] recomputes every hash, decodes every row, checks every law and
// names files that no manifest lists.
//
// Directories that hold no rows (a tokenizer, a checkpoint, a report) are
// artifacts: [CreateArtifact] and [OpenArtifact] give them the same manifest,
// publishing and verification.
//
// The package does not repair bad input: text that is not UTF-8 is refused,
// since Parquet strings must be UTF-8 and other readers stop at the first that
// is not. It takes no lock that spans machines; a run does.
package dataset
