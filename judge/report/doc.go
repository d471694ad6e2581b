// Package report shows an evaluation to people: one HTML page that needs
// nothing beside it, and PNG files of its figures.
//
// Stage "report" reads what "evaluate" wrote and, where they are given, the
// checkpoint, the view and the tokens behind it. The page begins with what was
// found, in sentences with intervals, and goes on with figures whose captions
// say how to read them. It has no script and asks the network for nothing; it
// fits a phone, a printed page and a dark screen.
//
// What the package promises: equal inputs give equal bytes; a number that does
// not exist is a dash and a figure without data is said in words, never drawn
// empty; names from data are escaped and their control characters dropped; a
// checkpoint, view or tokens that do not belong to the evaluation are refused.
//
// A figure is drawn once, into a list of marks, which is then written as SVG in
// the page's colours and rasterised for the PNG. The package computes no
// metric: what it shows was computed where rows are judged.
package report
