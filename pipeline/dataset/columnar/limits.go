package columnar

// Limits. Each is here because something outside this package would otherwise
// choose it for us.
const (
	// MaxColumnBytes bounds the values of one string column in one batch. Arrow
	// counts them with 32-bit offsets; half of that range leaves room for the
	// batch that readers put together from several pages.
	MaxColumnBytes = 1 << 30

	// MaxRowBytes bounds the values of one column in one row (all elements of
	// its lists together). A row cannot be split over pages, so this is what
	// bounds a page.
	MaxRowBytes = 512 << 20

	// MaxDepth bounds how deep lists and structs nest.
	MaxDepth = 32

	// MaxFooterBytes bounds the footer of a file. 32,767 row groups of 40
	// columns, the most that a sane writer makes, stay below it.
	MaxFooterBytes = 256 << 20

	// MaxRowGroups is the format's own limit: ordinals are 16 bits.
	MaxRowGroups = 1<<15 - 1

	// DefaultPageBytes is the size at which a data page is closed. On source
	// code 8 MiB compresses 17 percent better than 1 MiB and costs no more.
	DefaultPageBytes = 8 << 20

	// WidePageBytes is the same for the fastest level of zstd, which finds what
	// comes again anywhere in a page and compresses pieces of one side by side.
	// With the row that fills it, a page mostly stays below 32 MiB.
	WidePageBytes = 27 << 20

	// DefaultMemoryLimit bounds what one read of a large file may hold.
	DefaultMemoryLimit = 2 << 30
)
