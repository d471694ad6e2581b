// Package house holds the rules of the code base as tests: which package may
// import which, that every package says what it is for, that names which say
// nothing are not used, that generated files are fresh. It exports nothing.
//
// A rule lives here when a reviewer would otherwise have to remember it.
package house
