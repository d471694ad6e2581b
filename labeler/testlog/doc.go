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
// Every record stands in the log at the place given: the bytes there, decoded by
// the record's [Encoding], are the name and the word. Terminal colours, carriage
// returns and NUL bytes change neither names nor places. Memory is bounded by
// [Limits], whatever the log holds, and time is linear in its bytes. A log that
// is not the framework's, or is cut off anywhere, is no error: it has fewer
// records, and [Log.Ran] tells.
//
// Some frameworks print a test under the titles that stand around it. Such a name
// is put together from its pieces, outermost first, with a joint that the section
// of the framework names; every [Piece] has its own place, and
// [Record.NameAt] is that of the last. Where the log says to which package, file
// or program a test belongs, the record has a [Scope] and the name goes without,
// since that is how lists of tests write it; [Log.Statuses] keeps tests of one
// name in several scopes apart.
//
// A framework that runs each test once never takes a failure back, so that a
// pass after a failure of the same name in the same scope is [Output]: a test
// printed it, or the test is flaky. That goes for go test, cargo, ctest,
// GoogleTest, Catch2, Gradle and swift test. No reader of text can tell output
// from results in general; each section says where its framework can be forged.
//
// Parsers whose fixtures were printed by the framework itself are
// [Parser.Verified]. [Guess] names the parsers that a log could be for.
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
//
// pytest-pane is the same off the screen of a terminal, where lines are broken
// at the edge, as in the panes of Terminal-Bench. The screen is as wide as the
// rules that pytest draws across it; rows that reach the edge go on in the next
// one, unless that begins a line of its own. Blanks at a break are lost, so a
// name that may have had one there is left out.
//
// # ansible-test
//
// Unit tests are pytest's. Of integration targets, `Running x integration test
// role` names the target; it passed when no recap of its plays counts a failure
// (`failed=0`) and no command failed (`ERROR:`, `FATAL:`). Of targets that are
// scripts the log says only that they failed.
//
// # go test
//
// gotest reads `--- PASS: TestA/b (0.00s)` at any depth, and the line of the
// package, which follows its tests and becomes their scope. Without -v only
// failures are named. Where the log has `=== RUN` lines, an outcome of a test
// that was not run is [Output]; where a test printed no line end, its outcome is
// glued to what it printed and still counts. Tests that were running when time
// ran out are failed by the list under `running tests:`. Tests after a panic are
// missing.
//
// gotest-json reads the events of `go test -json`. What events carry as output
// cannot be mistaken for them. Names are strings of JSON. Tests that ran out of
// time have no event and are read off the output.
//
// # cargo test
//
// Read are `test a::b ... ok`, its modes (` - should panic`) left off, and the
// totals of every program, which are added up; the program is the scope.
// Under --nocapture the status may stand lines below the name. After
// `failures:` comes captured output. Cargo writes the names of programs to
// stderr: without it all tests are in one scope.
//
// # Maven and Gradle
//
// maven reads the line of a class (`Tests run: 3, ... -- in com.example.A`), which
// is a record of that name, and the lines of its tests, in the three ways that
// releases of Surefire write them; where the class is left out it is a piece,
// joined by a dot. The module is the scope. Lines without a level
// (`[INFO]`) are output in a log that has levels. With JUnit 5 some releases count
// the tests of a class under its last nested class, and the outer one has run
// nothing: then the outer has no record. Where a shell shows its commands,
// the value of -Dtest is a name too, and the end of the build its status.
//
// gradle reads `com.example.A > adds PASSED`, the class and all; by default
// only failures are logged. The task is the scope.
//
// # mocha, jest, vitest, karma
//
// mocha reads the reporter spec. Names are full titles as mocha builds them, the
// pieces joined by a blank. Suites of the top level stand after an empty line;
// a line that a test prints with the indentation of a suite is taken for one. A
// time at the end (`(12ms)`) is no part of the title, which cannot be told from a
// title that ends so. Hooks that fail are errors. mocha-json reads the
// reporter json: the arrays passes, pending and failures. Where suites carry
// their file (`test/a.js::Suite`), the name is `test/a.js | full title` without
// the prefixes, each part a piece; else it is the full title, and the file is the
// scope.
//
// jest reads the outline under PASS and FAIL lines, which --verbose gives; pieces
// are joined by " > ", and the file is the scope. Without it failures have the name
// that their heading shows (`A › fails`). A file that could not be run is an error
// of that name.
//
// vitest takes names as they are printed, with the file under the
// verbose reporter. The default one leaves out suites; the list of failures
// has them.
//
// karma reads the reporters mocha and spec (joined by " > ") once a browser is
// connected, and failures of progress and dots.
//
// # ctest, GoogleTest, Catch2
//
// ctest reads `1/9 Test #1: name ....   Passed`; a crash and a timeout are failures,
// a program that is not there an error. GoogleTest's outcomes count where `[ RUN ]`
// lines name the test, as for go test; what a parameter is, is no part of the name.
// Catch2 names failures only, unless it ran under -s; pieces are the test case
// and its sections, joined by " > ", lines of a long name by a blank. It does not
// say there which failures are expected: the totals do.
//
// # TAP
//
// Read are result lines of any depth, SKIP and TODO, from a program or under
// `prove -v`, whose programs are scopes. Subtests are pieces joined by " > ", named
// by `# Subtest:` before or by the line that opens a brace. Escapes (`\#`)
// stay as they are printed. A test without a description has no name and no record.
//
// # RSpec and minitest
//
// rspec reads the documentation format; pieces are joined by a blank, as in RSpec's
// own descriptions. A passing example has no word: it counts if it is green, or if
// there are as many examples as the totals say; else all of them are [Output].
// minitest reads `Class#test = 0.00 s = .`, of which a test may tear the halves
// apart, and the list of what did not pass.
//
// # PHPUnit
//
// --testdox gives `Class > title`; the namespace is the scope. Else only the lists
// of failures, errors and skipped tests have names. A risky test has passed.
//
// # JUnit XML
//
// Names are `classname::name`, or the name alone where both are one; the suite is
// the scope. The document may stand in the middle of a log and on a single line.
// References stand for single characters, nothing is expanded, a document type is
// passed over, and what is not well formed is no tag. A test without failure,
// error or skipped inside has passed.
//
// # swift test
//
// XCTest and Swift Testing, one line a test. This parser is not verified.
//
// # unittest, Django, nose, SymPy
//
// unittest reads `name ... status`. Output of a test may stand between the dots
// and the word, on the same line or on others; a described test goes by the first
// line of its description, as it is printed. Failures are listed again under
// headings behind a rule ([Summary]), with their own names. Totals count a subtest
// that fails as a failure of its own. tox prints what it runs. sympy reads
// `test_name ok` and the headings `____ path.py:test ____`.
//
// # Readers
//
// A [Reader] reads as one generation of a harness does, faults included: see there.
// [Detect] chooses a parser by the text, [ForRepo] and [FamilyOf] by the repository.
package testlog
