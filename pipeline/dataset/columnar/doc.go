// Package columnar is Parquet on disk and Arrow in memory, and the bridge
// between the two. It knows columns, row groups and bytes; it knows nothing of
// trajectories, labels or any other noun of this project.
//
// # Writing
//
// A [Writer] takes Arrow record batches of one schema. Row groups are built
// apart from each other, so that any number of goroutines can encode and
// compress at once, and are committed in order:
//
//	g := w.NewRowGroup()     // cheap
//	err := g.Write(batch)    // encodes and compresses here, on this goroutine
//	err = w.Commit(g)        // appends the finished bytes
//	err = w.Close()          // the footer
//	w.Release()              // page memory, which is not the garbage collector's
//
// The bytes of a file depend on the schema, the options and the rows of every
// row group. They do not depend on which goroutine built which group, on the
// clock, on the host, or on how rows were cut into batches.
//
// Files follow the Parquet format closely enough that pyarrow, DuckDB, Polars,
// parquet-go and arrow-go read them as they are: three-level LIST groups,
// STRING logical types, data pages of version 2, a CRC-32 on every page, an
// offset index for every column and a column index where bounds are short
// enough to be worth storing.
//
// # Reading
//
// A [File] hands out record batches. The page decoder is this package's own:
// values of a page are copied once, from the decompressed page into the Arrow
// buffer. Pages are decoded side by side where a [Select] says so, lie outside
// the heap, and stay closed where none of their rows is wanted. It reads what
// pyarrow, arrow-go, DuckDB, Polars and parquet-go write with their default
// settings: data pages of both versions, dictionaries, every naming of LIST
// groups, zstd, snappy, gzip and no compression.
//
// Input is taken as hostile. A length that the file declares is compared with
// what can be true before anything is allocated for it, the memory of one read
// is bounded (see [OpenOptions]), the CRC of a page is checked where the file
// has one, and a panic in the decoder becomes an error that names the file.
//
// # Types
//
// string, binary, int32, int64, float32, float64, bool, list and struct, each
// nullable or not as the schema says, nested as deep as [MaxDepth]. Maps,
// timestamps, dates and unsigned integers are read and not written. A file that
// has columns of other types (decimals, intervals, INT96) can be read as long as
// they are not selected.
//
// # Not promised
//
// Nothing here filters rows, evaluates predicates or evolves schemas.
package columnar
