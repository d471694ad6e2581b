// Package testlog reads what a test framework printed and says which test ended
// how, and where in the log that stands.
//
// A log is read once, line by line, by the [Parser] of one framework. What comes
// back is a [Log]: every status that was printed, in order, each with the byte
// range of the name and of the word it rests on; what the framework itself said
// in total; and the events that tell a suite that ran from one that did not.
// Grading is the business of the package grade: this one reports what is there
// and leaves out what is not. It never completes, repairs or guesses a name.
//
// # Promises
//
// Every record stands in the log at the place given: the bytes there, freed of
// terminal sequences by [Strip], are the name and the word. Terminal colours,
// carriage returns and NUL bytes change neither names nor places. Memory is
// bounded by [Limits], whatever the log holds, and time is linear in its bytes.
// A log that is not the framework's, or is cut off anywhere, is no error: it
// has fewer records, and [Log.Ran] tells.
//
// # pytest
//
// Read are the lines of a verbose run (`id STATUS [ 50%]`), those of xdist
// workers (`[gw0] [ 50%] STATUS id`), the short test summary (`STATUS id - why`,
// at any -r) and the totals of the last line. Dots carry no names, so a run
// without -v and without -rA names its failures only. A name may hold spaces
// and " - " inside the brackets of its parameters. Skipped tests are folded by
// place in the summary (`SKIPPED [2] file.py:7: why`); such a record has a
// [Record.Fold] and is no test's name. Statuses in captured output (inside the
// sections FAILURES, ERRORS, PASSES and what follows them) are marked
// [Output]: tests that run pytest print such lines, and so do forgers.
package testlog
