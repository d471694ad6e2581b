package harness

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// Outcome is how a test ended.
type Outcome string

const (
	Passed Outcome = "passed"
	Failed Outcome = "failed" // an assertion, or a crash inside the test
	Error  Outcome = "error"  // a limit was reached, or the test cannot be called
)

// Outcomes lists every outcome.
func Outcomes() []Outcome { return []Outcome{Passed, Failed, Error} }

// TestOptions says which tests to run and how far.
type TestOptions struct {
	// Paths are files, folders or ids (file::test), in the order to run them;
	// nil is everything under tests/.
	Paths []string
	// ContinueOnCollectionErrors runs the tests of the files that loaded when
	// others did not. Without it nothing runs then, as in pytest.
	ContinueOnCollectionErrors bool
	FailFast                   bool   // -x: stop at the first test that does not pass
	Keyword                    string // -k: only tests whose name holds it, whatever the case
	Limits                     Limits
}

// TestResult is the outcome of one test.
type TestResult struct {
	ID      string  `json:"id"` // tests/test_pricing.star::test_small
	Outcome Outcome `json:"outcome"`
	Message string  `json:"message,omitempty"` // AssertionError: assert 91 == 90
	File    string  `json:"file,omitempty"`    // where it failed: the innermost frame
	Line    int     `json:"line,omitempty"`
	Steps   uint64  `json:"steps"` // load of the files included
	Stdout  string  `json:"stdout,omitempty"`

	failure *failure
}

// CollectError is a file whose tests could not be listed.
type CollectError struct {
	Path    string `json:"path"`
	Message string `json:"message"`
	Line    int    `json:"line,omitempty"`
	Stdout  string `json:"stdout,omitempty"`

	failure *failure
}

// collectable are the paths whose tests are run. Anything else could make a
// line of a report say what it should not.
var collectable = regexp.MustCompile(`^[A-Za-z0-9_./+-]+\.star$`)

// suite is the tests of one file.
type suite struct {
	path  string
	tests []string // names, in the order of the file
}

// RunTests runs tests of the tree and reports on all of them. Its error is the
// context's: whatever is wrong with the tree is in the report.
func RunTests(ctx context.Context, files map[string]string, o TestOptions) (*Report, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l := o.Limits.withDefaults()
	r := &Report{files: files, shared: map[string]*module{}}
	defer func() { r.shared = nil }()
	suites, err := collect(ctx, files, o.Paths, l, r)
	if err != nil {
		return nil, err
	}
	suites = deselect(suites, o.Keyword, r)
	if r.Usage != "" || len(r.CollectErrors) > 0 && !o.ContinueOnCollectionErrors {
		return r, nil
	}
	for _, s := range suites {
		for _, name := range s.tests {
			result, err := r.runTest(ctx, s.path, name, min(l.Steps, l.TotalSteps-min(r.steps, l.TotalSteps)), l)
			if err != nil {
				return nil, err
			}
			r.steps += result.Steps
			r.Results = append(r.Results, result)
			if o.FailFast && result.Outcome != Passed {
				r.stopped = true
				return r, nil
			}
		}
	}
	return r, nil
}

// deselect leaves out the tests that a keyword does not name.
func deselect(suites []suite, keyword string, r *Report) []suite {
	if keyword == "" {
		return suites
	}
	var out []suite
	for _, s := range suites {
		kept := slices.DeleteFunc(slices.Clone(s.tests), func(name string) bool {
			return !strings.Contains(strings.ToLower(s.path+"::"+name), strings.ToLower(keyword))
		})
		r.Deselected += len(s.tests) - len(kept)
		out = append(out, suite{s.path, kept})
	}
	return out
}

// selection is one path argument taken apart.
type selection struct{ path, test string }

// collect finds the tests that paths name. Faults go into r.
func collect(ctx context.Context, files map[string]string, paths []string, l Limits, r *Report) ([]suite, error) {
	chosen, usage := choose(files, paths)
	if usage != "" {
		r.Usage = usage
		return nil, nil
	}
	var suites []suite
	listed := map[string][]string{}
	for _, sel := range chosen {
		names, ok := listed[sel.path]
		if !ok {
			var err error
			if names, err = listTests(ctx, files, sel.path, l, r); err != nil {
				return nil, err
			}
			listed[sel.path] = names
		}
		if sel.test != "" {
			if !slices.Contains(names, sel.test) {
				if !r.broken(sel.path) {
					r.Usage = fmt.Sprintf("not found: %s::%s", sel.path, sel.test)
				}
				continue
			}
			names = []string{sel.test}
		}
		if r.Collected+len(names) > l.Tests {
			r.CollectErrors = append(r.CollectErrors, CollectError{Path: sel.path, Message: fmt.Sprintf("more than %d tests", l.Tests)})
			continue
		}
		r.Collected += len(names)
		suites = append(suites, suite{sel.path, names})
	}
	return merge(suites), nil
}

// merge joins the tests of one file that were named one by one.
func merge(in []suite) []suite {
	var out []suite
	for _, s := range in {
		if n := len(out); n > 0 && out[n-1].path == s.path {
			out[n-1].tests = append(slices.Clone(out[n-1].tests), s.tests...)
			continue
		}
		out = append(out, s)
	}
	return out
}

// choose turns path arguments into files and tests, in order and once each.
func choose(files map[string]string, paths []string) ([]selection, string) {
	names := slices.Sorted(maps.Keys(files))
	if len(paths) == 0 {
		return under(names, "tests"), ""
	}
	var out []selection
	for _, arg := range paths {
		file, test, _ := strings.Cut(arg, "::")
		clean := path.Clean(file)
		if _, ok := files[clean]; ok && collectable.MatchString(clean) {
			out = append(out, selection{clean, test})
			continue
		}
		if test != "" || clean != "." && !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, clean+"/") }) {
			return nil, fmt.Sprintf("file or directory not found: %s", printable(arg))
		}
		out = append(out, under(names, clean)...)
	}
	return dedupe(out), ""
}

// dedupe keeps the first of equal selections, and drops tests of files that
// are chosen whole.
func dedupe(in []selection) []selection {
	seen := map[selection]bool{}
	for _, s := range in {
		if s.test == "" {
			seen[s] = false
		}
	}
	var out []selection
	for _, s := range in {
		_, whole := seen[selection{path: s.path}]
		if done := seen[s]; done || whole && s.test != "" {
			continue
		}
		seen[s] = true
		out = append(out, s)
	}
	return out
}

// under lists the test files in a folder.
func under(names []string, folder string) []selection {
	var out []selection
	for _, n := range names {
		if (folder == "." || strings.HasPrefix(n, folder+"/")) && isTestFile(n) {
			out = append(out, selection{path: n})
		}
	}
	return out
}

func isTestFile(p string) bool {
	base := path.Base(p)
	return collectable.MatchString(p) && (strings.HasPrefix(base, "test_") || strings.HasSuffix(base, "_test.star"))
}

// listTests loads one test file and returns the names of its tests, in the order
// in which they are defined.
func listTests(ctx context.Context, files map[string]string, name string, l Limits, r *Report) ([]string, error) {
	m := newMeter(ctx, name, l.Steps, l)
	globals, err := newTree(files, l, r.shared).load(m.thread, name)
	r.steps += m.thread.Steps
	if err != nil {
		f, ended := m.judge(err)
		if ended != nil {
			return nil, ended
		}
		file, line := f.place()
		if file != name {
			line = 0
		}
		r.CollectErrors = append(r.CollectErrors, CollectError{Path: name, Message: f.text(), Line: line, Stdout: m.out.String(), failure: f})
		return nil, nil
	}
	return testNames(globals), nil
}

func testNames(globals starlark.StringDict) []string {
	var names []string
	line := map[string]int32{}
	for name, v := range globals {
		if fn, ok := v.(*starlark.Function); ok && strings.HasPrefix(name, "test_") {
			names = append(names, name)
			line[name] = fn.Position().Line
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(line[a], line[b]), strings.Compare(a, b))
	})
	return names
}

// runTest runs one test, as if in a load of its own.
func (r *Report) runTest(ctx context.Context, file, name string, steps uint64, l Limits) (TestResult, error) {
	res := TestResult{ID: file + "::" + name, Outcome: Passed}
	m := newMeter(ctx, res.ID, max(steps, 1), l)
	f, err := m.runTest(newTree(r.files, l, r.shared), file, name)
	if err != nil {
		return res, err
	}
	res.Steps, res.Stdout = m.thread.Steps, m.out.String()
	if f == nil {
		return res, nil
	}
	res.Outcome = Failed
	if f.limit || len(f.frames) == 0 {
		res.Outcome = Error
	}
	res.failure = f
	res.Message = f.kind + ": " + f.message
	res.File, res.Line = f.place()
	return res, nil
}

// loaded forgets what loading printed: that belongs to collection.
func (m *meter) loaded() {
	m.out.Reset()
	m.outCut = false
}

func (m *meter) runTest(t *tree, file, name string) (*failure, error) {
	globals, err := t.load(m.thread, file)
	if err != nil {
		return m.judge(err)
	}
	m.loaded()
	fn, ok := globals[name].(*starlark.Function)
	if !ok { // a file that defines its tests by what it was asked: cannot be, loads are equal
		return &failure{kind: "Error", message: "test is gone"}, nil
	}
	if n := fn.NumParams(); n > 0 && fn.ParamDefault(0) == nil && !(fn.HasVarargs() && n == 1) {
		param, _ := fn.Param(0)
		return &failure{kind: "Error", message: fmt.Sprintf("fixture '%s' not found", param)}, nil
	}
	_, f, err := m.call(fn)
	return f, err
}
