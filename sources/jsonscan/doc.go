// Package jsonscan reads JSON by asking for what is wanted and stepping over
// the rest. Trajectory files repeat themselves: a provider's whole reply beside
// the message taken from it, or the full prompt beside every step, up to nine
// tenths of the bytes. Stepping over a value costs a search for quotes and
// brackets and allocates nothing.
//
// A [Scanner] holds one document in memory. Its first error sticks: every later
// call returns a zero value and every loop ends, so that a decoder reads like
// the format and looks at [Scanner.Err] once. The error names the path of the
// value, as in `messages[3].content`.
//
// What it promises: no panic and no unbounded recursion on any bytes, memory
// proportional to what was asked for, and strings that are valid UTF-8 (what is
// not is replaced by U+FFFD and counted). What it does not do: check the
// grammar inside values that are stepped over, beyond strings and balanced
// brackets.
package jsonscan
