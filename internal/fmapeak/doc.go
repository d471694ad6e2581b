// Package fmapeak runs multiply-adds in registers and nothing else. The time
// that they take is the least in which a core can compute as many, and so what
// the speed of a matrix product is a fraction of: on a machine that others
// share, take the two in turn.
package fmapeak
