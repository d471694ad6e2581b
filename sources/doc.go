// Package sources turns trajectory files of many formats into one dataset: the
// stage "import".
//
// It walks directories, patterns, archives and single files, recognises each
// document by its content, reads it with the one format that claims it, and
// gives records their names: one policy for all spellings of a model, one task
// for all spellings of an instance. Formats are folders below this one, listed
// by sources/all; what they have in common is sources/format.
//
// Rows of task data sets (the port "tasks") tell what a document does not say of
// its task. A program of the user's can read what no format knows (sources/plugin).
// Locate finds the document of a record again.
//
// Promises. Every file met is accounted for: a record out, a record dropped
// with its reason, a failure with file, row and cause, or a file ignored because
// nothing says that it is a trajectory. A broken file ends itself and not the
// import. Records come in the order of the inputs, directories sorted and
// archives in member order, whatever the number of workers; the same files give
// the same ids, and a record met twice is kept once. Memory is bounded by
// constants in this package, not by the inputs.
//
// It does not label: what a file says about its own success is kept as a claim
// for the labeler, and nothing is ever derived from it here.
package sources
