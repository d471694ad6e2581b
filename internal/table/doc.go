// Package table reads Parquet and Arrow files of others row by row, each row as
// one JSON object, so that a format decodes rows of a table as it decodes lines
// of a file.
//
// Parquet is read by the project's own page decoder and Arrow (streams, and the
// stream in a file) by arrow-go, both with bounds on what a file may make them
// hold: every message of Arrow is looked through before arrow-go sees it.
// Columns of types that the page decoder does not read (decimals, INT96) are left
// out and named by [Table.Skipped]. Maps with text for keys are objects, times
// and days are text as RFC 3339 has them.
package table
