// Package plugin lets a program of the user's decode documents that no format
// knows. The program is named on the command line and nowhere else: a run file,
// which may come from a stranger, cannot make an import run one.
//
// The protocol is lines of JSON. Each worker starts the program once and asks it
// about one document, or one row of a file of rows, at a time:
//
//	in   {"n": 1, "uri": "runs/a.log", "row": 0, "data": {…}}      JSON, or
//	     {"n": 2, "uri": "runs/b.log", "row": 0, "text": "…"}      any other text
//	out  {"n": 1, "messages": [{"role": "user", "content": "…"}, …], …}
//	     {"n": 2, "error": "what is wrong with it"}
//	     {"n": 3, "ignore": true}
//
// An answer repeats the n of its question, so that a program that answers twice
// cannot shift its answers to other documents. docs/plugins.md describes a record.
//
// What a program may do to an import is bounded: bytes of an answer, time for one
// ([Command.Timeout]), one document in work for each process. A program that dies,
// hangs or answers nonsense fails the record that it was asked about, is ended, and
// is started again for the next one; one that cannot be started ends the import
// before it begins, and one that never answers at all ends it soon ([Format.Broken]). What it writes to standard error is shown line by line under
// its name.
//
// Foreign code decides what it answers, so what it is belongs to the key of the
// import: [ID] holds its arguments and a hash of its bytes and of the files that its
// arguments name. That an answer depends on the question alone is the program's
// duty; workers and their order are not promised to it.
package plugin
