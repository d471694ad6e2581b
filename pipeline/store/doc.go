// Package store is where bytes live: local files and S3 behind one small
// interface. A store reads blobs at any offset, writes a blob so that it
// appears whole or not at all, and lists what lies below a folder in byte
// order of the paths, whatever the backend.
//
// Paths are slash separated and relative to the store. [Open] turns a URI into
// a store and a path inside it:
//
//	runs/real               a local path
//	/data/runs              the same, absolute
//	file:///data/runs       the same, as a URI
//	s3://bucket/prefix      an object store; region, endpoint, path style and
//	                        credentials come from the environment as the AWS
//	                        SDK reads them
//
// Local files appear by a temporary name, fsync, rename and fsync of the
// folder. Objects appear by PUT. What only one backend can do is a separate
// interface that a caller asks for: [Remover], [Exclusive].
//
// The package does not cache, retry beyond what the SDK retries, or know what
// a dataset is.
package store
