package testlog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/labeler/testlog"
)

// traps are logs that a reader gets wrong who does not know the framework.
var traps = []struct {
	name   string
	parser testlog.Parser
	log    string
	want   []string
}{
	{"a test that forges its own pass", testlog.GoTest(),
		"=== RUN   TestA\n--- FAIL: TestA (0.00s)\n--- PASS: TestA (0.00s)\nFAIL\tp\t0.1s\n",
		[]string{"p FAILED TestA", "o PASSED TestA"}},
	{"output that looks like an outcome, or is glued to one", testlog.GoTest(),
		"=== RUN   TestA/b\nsay --- PASS: TestB (0.00s)\nx--- PASS: TestA/b (0.00s)\n--- PASS: TestA/b (soon)\n--- PASS:  (0.00s)\n",
		[]string{"p PASSED TestA/b"}},
	{"a run that is glued to output", testlog.GoTest(),
		"=== RUN   TestA\nsay=== RUN   TestA/b\n--- PASS: TestA (0.00s)\n    --- PASS: TestA/b (0.00s)\n", []string{"p PASSED TestA", "p PASSED TestA/b"}},
	{"colour, returns and NUL", testlog.GoTest(),
		"\x1b[32m--- PASS: Te\x00stA\x1b[0m (0.00s)\r\n    --- SKIP: TestA/é (1.50s)\r\nok  \tp\t(cached)\r\n",
		[]string{"p PASSED TestA", "p SKIPPED TestA/é"}},
	{"only events count, not what they carry", testlog.GoTestJSON(),
		`{"Action":"output","Package":"p","Test":"TestA","Output":"{\"Action\":\"pass\",\"Package\":\"p\",\"Test\":\"TestB\"}\n"}` + "\n" +
			`{"Action":"pass","Package":"p","Test":"TestA/\u003cx\u003e"}` + "\n" + `{"Action":"pass","Package":"p","Test":"Cut` + "\n" + "{}\n{\n",
		[]string{"p PASSED TestA/<x>"}},
	{"a status on the line after the output", testlog.Cargo(),
		"running 3 tests\ntest a ... hello\nbook\nok\ntest b - should panic ... FAILED\ntest c ... \ntest d ... ok\nok\n",
		[]string{"p PASSED a", "p FAILED b", "p PASSED d"}},
	{"output that is shown later", testlog.Cargo(),
		"running 1 test\ntest a ... FAILED\n\nfailures:\n\n---- a stdout ----\ntest a ... ok\ntest result: ok. 9 passed; 0 failed\ntest a ... ok\n",
		[]string{"p FAILED a", "o PASSED a", "o PASSED a"}},
	{"old marks, and lines between", testlog.Mocha(),
		"\n\n  Suite\n    ✓ works (12ms)\n   odd ✓ line\n  not after an empty line\n    inner\n      ✓ deeper\n          ✓ too deep\n\n  2 passing (3s)\n",
		[]string{"p PASSED Suite works", "p PASSED Suite inner deeper"}},
	{"another run after the failures", testlog.Mocha(),
		"\n  A\n    1) fails\n\n\n  0 passing (1ms)\n  1 failing\n\n  1) A\n       fails:\n      - expected\n\n\n  B\n    ✓ works\n\n  1 passing (1ms)\n",
		[]string{"p FAILED A fails", "p PASSED B works"}},
	{"suites that carry their file", testlog.MochaJSON(),
		"{\n  \"passes\": [\n    {\n      \"fullTitle\": \"t/a.js::A t/b.js::B t/a.js::C has \\\"x\\\" \",\n      \"file\": \"/r/t/a.js\",\n    },\n    {\n" +
			"      \"fullTitle\": \"std::vector grows\",\n    }\n  ],\n  \"tests\": [\n    {\n      \"fullTitle\": \"no status\"\n    }\n  ]\n}\n",
		[]string{"p PASSED t/a.js | A t/b.js::B C has \"x\" ", "p PASSED std::vector grows"}},
	{"an outline ends with an empty line", testlog.Jest(),
		"PASS  ui  src/a.test.js (5.1 s)\n  ✓ one (2 ms)\n\n  ✓ two\nPASS src/b.test.ts\n  A\n    ✓ three (1.2 s)\nnoise\n    ✓ four\n",
		[]string{"p PASSED one", "p PASSED A > three"}},
	{"older releases", testlog.Vitest(),
		" RUN  v0.34.6 /r\n\n ✓ a.test.ts > A > one\n ↓ a.test.ts > two [skipped]\n × b.test.ts > three 1.5s\nstdout | a.test.ts > one\n ✓ forged\n\n",
		[]string{"p PASSED a.test.ts > A > one", "p SKIPPED a.test.ts > two", "p FAILED b.test.ts > three"}},
	{"the first Surefire", testlog.Maven(),
		" T E S T S\nRunning com.x.ATest\nTests run: 2, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.1 sec <<< FAILURE!\n" +
			"testA(com.x.ATest)  Time elapsed: 0.05 sec  <<< FAILURE!\nRunning com.x.BTest\nTests run: 1, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.1 sec\n\n" +
			"Results :\n\nTests run: 3, Failures: 1, Errors: 0, Skipped: 0\n",
		[]string{"p FAILED com.x.ATest", "p FAILED testA(com.x.ATest)", "p PASSED com.x.BTest"}},
	{"a class that ran nothing is no news", testlog.Maven(),
		"[INFO] Tests run: 0, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0 s -- in com.x.ATest\n", nil},
	{"what a shell asked for and never ran", testlog.Maven(), "+ mvn test -Dtest=ATest\n[INFO] BUILD SUCCESS\n", nil},
	{"present releases", testlog.Gradle(),
		"> Task :app:test\n\nATest > adds() PASSED\n\nATest > takes(int) > [1] 1 FAILED\n    at x > y FAILED\nBuilt > it\nwas not FAILED\n> Task :app:test FAILED\n",
		[]string{"p PASSED ATest > adds()", "p FAILED ATest > takes(int) > [1] 1"}},
	{"names with dots, and stars in names", testlog.CTest(),
		"1/2 Test #1: a ... b ***x ....   Passed    0.01 sec\n2/2 Test  #2: c .....***Failed  Error regular expression found in output. Regex=[***Passed] 0.00 sec\n2/2 Test #2: c ....   Passed 0.1 sec\n",
		[]string{"p PASSED a ... b ***x", "p FAILED c", "o PASSED c"}},
	{"a parameter, and words that are no test", testlog.GoogleTest(),
		"[ RUN      ] S/T.A/0\n[  FAILED  ] S/T.A/0, where TypeParam = int (0 ms)\n[       OK ] nonsense (0 ms)\n[  PASSED  ] 0 tests.\n",
		[]string{"p FAILED S/T.A/0"}},
	{"a name of two lines", testlog.Catch2(),
		strings.Repeat("-", 79) + "\na long name that is\nbroken\n  section\n" + strings.Repeat("-", 79) + "\na.cpp:1\n...\n\na.cpp:2: FAILED:\n  CHECK( false )\na.cpp:3: PASSED:\n",
		[]string{"p FAILED a long name that is broken > section"}},
	{"diagnostics are no tests", testlog.TAP(),
		"not ok 1 - a\n  ---\n  ok 2 - forged\n  ...\nok 2 b # SKIP why\nok 3\nok - c\nokay 4 - d\nok 5 - e # time=3ms\nok 6 - issue #12\n",
		[]string{"p FAILED a", "p SKIPPED b", "p PASSED e", "p PASSED issue #12"}},
	{"totals that do not agree", testlog.RSpec(),
		"\nA\n  works\n  prints this\n\nFinished in 1 second\n1 example, 0 failures\n", []string{"o PASSED A works", "o PASSED A prints this"}},
	{"release 10", testlog.PHPUnit(),
		"PHPUnit 10.5.0 by Sebastian Bergmann and contributors.\n\nCart (App\\Cart)\n ✔ Adds [0.12 ms]\n ⚠ Warns\n",
		[]string{"p PASSED Cart > Adds", "p PASSED Cart > Warns"}},
	{"hostile XML", testlog.JUnitXML(),
		"if a <b <testcase name='prose\n<!DOCTYPE x [<!ENTITY e \"boom\">]>\n<testsuite name=\"s\"><!-- <testcase name=\"commented\"/> -->\n" +
			"<testcase classname='c' name=\"&lt;a&#x41;&e;&#0;\"/><testcase name=\"b\"><system-out><![CDATA[<testcase name=\"quoted\"/>]]]></system-out><skipped/><failure/></testcase>\n" +
			"<testcase\n\tname=\"c\"\n\tstatus=\"notrun\"/><failure/><testcase name=\"never closed\">\n",
		[]string{"p PASSED c::<aA&e;&#0;", "p FAILED b", "p SKIPPED c"}},
	{"a screen as wide as its rules", testlog.PytestPane(),
		"PASSED a.py::before_any_rule\n======= short test summary info =======\nPASSED a.py::test_that_fits_the_screen_\nPASSED a.py::test_that_is_longer_than__\nthe_screen\nPASSED a.py::test_with[a blank at the\nedge]\nPASSED a.py::a\n",
		[]string{"S PASSED a.py::test_that_fits_the_screen_", "S PASSED a.py::test_that_is_longer_than__the_screen", "S PASSED a.py::a"}},
	{"rules that were not drawn for the screen", testlog.PytestPane(),
		"------------------------------\n===== short test summary info =====\nFAILED a.py::a - a row that is longer than the rules\nPASSED a.py::test_that_fits_the_rules__\nPASSED a.py::test_that_is_the_widest_row_of_all_up_to_here_\nnoise\n",
		[]string{"S FAILED a.py::a", "S PASSED a.py::test_that_fits_the_rules__"}},
}

func TestTraps(t *testing.T) {
	for _, c := range traps {
		t.Run(c.parser.Name+": "+c.name, func(t *testing.T) {
			l := c.parser.Parse([]byte(c.log))
			if d := cmp.Diff(c.want, shown(l)); d != "" {
				t.Error(d)
			}
			check(t, []byte(c.log), l)
		})
	}
}

func TestNamesInSeveralPackagesHideNoFailure(t *testing.T) {
	l := testlog.GoTest().Parse([]byte("--- FAIL: TestA (0.00s)\nFAIL\tp/a\t0.1s\n--- PASS: TestA (0.00s)\nok  \tp/b\t0.1s\n--- PASS: TestB (0.00s)\nok  \tp/c\t0.1s\n"))
	want := map[string]testlog.Status{"TestA": testlog.Failed, "TestB": testlog.Passed}
	if d := cmp.Diff(want, l.Statuses()); d != "" {
		t.Error(d)
	}
	if l.Records[1].Scope != 2 || l.Scopes[1].Name != "p/b" || l.Scopes[0].Status != testlog.Failed {
		t.Errorf("%+v", l)
	}
}

// TestOutsideOfTheRegion holds that nothing rests on what stands after the end
// of the region, although a machine reads on.
func TestOutsideOfTheRegion(t *testing.T) {
	for _, c := range []struct {
		parser testlog.Parser
		log    string
		want   []string
	}{
		{testlog.GoTest(), "--- PASS: TestBefore (0.00s)\n>>>>> Start Test Output\n--- PASS: TestA (0.00s)\n>>>>> End Test Output\nok  \tp\t0.1s\n", []string{"p PASSED TestA"}},
		{testlog.Cargo(), ">>>>> Start Test Output\n     Running a.rs (target/a)\ntest b ... ok\n>>>>> End Test Output\ntest result: ok. 1 passed; 0 failed\n", []string{"p PASSED b"}},
		{testlog.Catch2(), ">>>>> Start Test Output\n" + strings.Repeat("-", 79) + "\na\n" + strings.Repeat("-", 79) + "\nb.c:1: PASSED:\n>>>>> End Test Output\n", []string{"p PASSED a"}},
		{testlog.Catch2(), ">>>>> Start Test Output\n" + strings.Repeat("-", 79) + "\na\n" + strings.Repeat("-", 79) + "\n>>>>> End Test Output\nb.c:1: PASSED:\n", nil},
	} {
		l := c.parser.Parse([]byte(c.log))
		if d := cmp.Diff(c.want, shown(l)); d != "" {
			t.Errorf("%s: %s", c.parser.Name, d)
		}
		check(t, []byte(c.log), l)
		if len(l.Scopes) > 0 && l.Scopes[0].Status != 0 {
			t.Errorf("%s: %+v", c.parser.Name, l.Scopes)
		}
	}
}

func TestLimitsOfComposedNames(t *testing.T) {
	log := []byte("\n  Suite\n" + strings.Repeat("    ✓ works\n", 10))
	l := testlog.Mocha().ParseLimited(log, testlog.Limits{NameBytes: 3 * (int64(len("Suite works")) + 2*32)})
	if len(l.Records) != 3 || l.Lost != 7 {
		t.Errorf("%d records, %d lost", len(l.Records), l.Lost)
	}
}

func TestNamesLongerThanALineAreLeftOut(t *testing.T) {
	log := []byte("<testsuite>\n<testcase name='" + strings.Repeat("x", 150) + "'/>\n<testcase name='" + strings.Repeat("y", 201) + "'/></testsuite>")
	l := testlog.JUnitXML().ParseLimited(log, testlog.Limits{LineBytes: 200})
	if len(l.Records) != 1 || len(l.Records[0].Name) != 150 {
		t.Errorf("%+v", l.Records)
	}
	check(t, log, l)
}

func TestEveryParserIsFound(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range testlog.Parsers() {
		found, err := testlog.Find(p.Name)
		if err != nil || found.Name != p.Name || p.Version == "" || seen[p.Name] {
			t.Errorf("%+v, %v", found, err)
		}
		if seen[p.Name] = true; p.Verified == (p.Name == "swift") {
			t.Errorf("%s: verified %v", p.Name, p.Verified)
		}
	}
}
