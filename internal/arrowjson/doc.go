// Package arrowjson writes values of Arrow arrays as JSON: rows of datasets for
// people and pipes, and rows of foreign tables for the decoders of formats.
//
// Keys stand in the order of the schema, null is null, lists and structs are
// nested, maps with text for keys are objects. Numbers are the shortest that
// read back the same. Strings are escaped so that a line can be shown as it is:
// control and direction characters never come through. What JSON has no form
// for is an error and never a guess.
package arrowjson
