// Package audit compares a document with the records made of it: which leaves
// of its JSON stand in a record, which are covered by a fate that the format
// gives a reason for, and which are lost. It is how `swerm inspect --diff` and
// the tests of every format say that an import is lossless.
//
// A string stands in a record when a text of it holds the string, white space
// around it aside; a string that itself holds JSON may stand there leaf by leaf.
// A number or a boolean stands there when a column or a value of a JSON column
// equals it, a boolean under the same key. Nulls and blank strings say nothing.
//
// The comparison is generous, not exact: a short string can stand in a text by
// chance, so texts of fewer than four bytes must be a whole value.
package audit
