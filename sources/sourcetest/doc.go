// Package sourcetest is the suite that every trajectory format passes. A format
// gives it a few documents; the suite edits them in every way that real and
// hostile files differ and holds the decoder to its contract: a document cut
// short is an error at every token, unknown keys and the order of keys change
// nothing, contents may be null or lists, a value of the wrong kind never
// panics, text comes out as valid UTF-8, nothing keeps the document's bytes, and
// damaged copies of it give lawful records or errors.
package sourcetest
