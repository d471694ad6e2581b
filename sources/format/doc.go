// Package format is what a trajectory format is to the importer: a way to
// recognise a document by its content and a way to read it. Formats live in
// folders of their own and share nothing else; sources/all lists them.
package format
