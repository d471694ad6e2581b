package task

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"github.com/swerm/swerm/microgym/program"
)

const (
	minFailing, minPassing = 2, 3 // calls that a bug has to change, and to leave
	maxFailing, maxPassing = 5, 8 // tests of either sort
	coverPercent           = 56   // tasks whose visible tests see the bug
	knownPercent           = 15   // tasks with a test that always fails
)

// A suite is the tests of a task: hidden ones, and those of them that are
// visible.
type suite struct {
	visible, hidden        map[string]string
	failToPass, passToPass []string
	failing                []int // calls behind failToPass
	passing                []int
	extra                  map[string]string // files of a known failure
	known                  []string
}

// chooseTests draws tests from the calls. Visible ones are the ordinary cases,
// as people write them; edge cases are more often hidden.
func (d *draft) chooseTests() suite {
	s := suite{
		failing: d.sample(d.fails, minFailing+d.r.IntN(maxFailing-minFailing+1)),
		passing: d.samplePassing(minPassing + 1 + d.r.IntN(maxPassing-minPassing)),
	}
	var shown []int
	if d.r.IntN(100) < coverPercent {
		n := 1
		if len(s.failing) > 3 {
			n += d.r.IntN(2)
		}
		shown = d.ordinary(s.failing, n)
	}
	few := 1 + d.r.IntN(3)
	shown = append(shown, d.ordinary(s.passing, max(few, 3-len(shown)))...)
	s.write(d.calls, shown)
	if d.r.IntN(100) < knownPercent {
		s.addKnown(d.r, &d.prog)
	}
	return s
}

// sample draws up to n of some calls, in their order.
func (d *draft) sample(from []int, n int) []int {
	from = slices.Clone(from)
	d.r.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
	from = from[:min(n, len(from))]
	slices.Sort(from)
	return from
}

// samplePassing draws calls that the bug leaves alone, two of three from the
// functions that it touches: they tell a half right fix from a right one.
func (d *draft) samplePassing(n int) []int {
	var near, far []int
	for _, i := range d.passes {
		if slices.ContainsFunc(d.fails, func(j int) bool { return d.calls[j].fn == d.calls[i].fn }) {
			near = append(near, i)
		} else {
			far = append(far, i)
		}
	}
	out := d.sample(near, (2*n+2)/3)
	out = append(out, d.sample(far, n-len(out))...)
	if len(out) < n {
		out = append(out, d.sample(slices.DeleteFunc(near, func(i int) bool { return slices.Contains(out, i) }), n-len(out))...)
	}
	slices.Sort(out)
	return out
}

// ordinary draws n calls, the earlier a case stands the likelier.
func (d *draft) ordinary(from []int, n int) []int {
	type ranked struct{ call, rank int }
	list := make([]ranked, len(from))
	for i, c := range from {
		list[i] = ranked{c, d.calls[c].rank + d.r.IntN(6)}
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	var out []int
	for _, x := range list[:min(n, len(list))] {
		out = append(out, x.call)
	}
	return out
}

// write makes the files: a test file for each module, visible tests first.
func (s *suite) write(all []call, shown []int) {
	tests := slices.Concat(s.failing, s.passing)
	slices.SortFunc(tests, func(a, b int) int {
		hidden := func(i int) int {
			if slices.Contains(shown, i) {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(hidden(a), hidden(b)), cmp.Compare(a, b))
	})
	visible, hidden := newSuiteFiles(), newSuiteFiles()
	count := map[*program.Func]int{}
	for _, i := range tests {
		c := &all[i]
		count[c.fn]++
		name := "test_" + strings.Trim(c.fn.Name, "_")
		if count[c.fn] > 1 {
			name = fmt.Sprintf("%s_%d", name, count[c.fn])
		}
		id := hidden.add(c, name)
		if slices.Contains(shown, i) {
			visible.add(c, name)
		}
		if slices.Contains(s.failing, i) {
			s.failToPass = append(s.failToPass, id)
		} else {
			s.passToPass = append(s.passToPass, id)
		}
	}
	slices.Sort(s.failToPass)
	slices.Sort(s.passToPass)
	s.visible, s.hidden = visible.text(), hidden.text()
}

// suiteFiles gathers tests by the module that they test.
type suiteFiles struct {
	fns  map[string][]*program.Func
	body map[string]*strings.Builder
}

func newSuiteFiles() suiteFiles {
	return suiteFiles{map[string][]*program.Func{}, map[string]*strings.Builder{}}
}

func (f suiteFiles) add(c *call, name string) (id string) {
	p := "tests/test_" + path.Base(c.fn.File)
	f.fns[p] = append(f.fns[p], c.fn)
	if f.body[p] == nil {
		f.body[p] = new(strings.Builder)
	}
	fmt.Fprintf(f.body[p], "\ndef %s():\n    assert_eq(%s, %s)\n", name, c.expr, c.want)
	return p + "::" + name
}

func (f suiteFiles) text() map[string]string {
	out := map[string]string{}
	for p, b := range f.body {
		out[p] = loads(f.fns[p]) + b.String()
	}
	return out
}

// addKnown adds a test that has nothing to do with the bug and fails before
// and after, as trees have them: a release that nobody finished.
func (s *suite) addKnown(r *rand.Rand, p *program.Program) {
	major, minor := 1+r.IntN(3), r.IntN(9)
	kinds := []struct{ name, code, test, body string }{
		{"version", fmt.Sprintf("VERSION = \"%d.%d.0\"\n", major, minor), "test_version", fmt.Sprintf("assert_eq(VERSION, \"%d.%d.0\")", major, minor+1)},
		{"release", fmt.Sprintf("RELEASE = (%d, %d)\n", major, minor), "test_release", fmt.Sprintf("assert_eq(RELEASE, (%d, %d))", major, minor+1)},
		{"authors", "AUTHORS = [\"ines\", \"rui\"]\n", "test_authors", "assert_eq(len(AUTHORS), 3)"},
		{"locale", "LOCALE = \"en\"\n", "test_locale", "assert_eq(LOCALE, \"en_GB\")"},
		{"license", "LICENSE = \"\"\n", "test_license", "assert_true(LICENSE)"},
	}
	k := kinds[r.IntN(len(kinds))]
	file, test := p.Package+"/"+k.name+".star", "tests/test_"+k.name+".star"
	if _, taken := p.Files[file]; taken {
		return
	}
	constant, _, _ := strings.Cut(k.code, " ")
	s.extra = map[string]string{
		file: k.code,
		test: fmt.Sprintf("load(%q, %q)\n\ndef %s():\n    %s\n", file, constant, k.test, k.body),
	}
	s.known = []string{test + "::" + k.test}
}

// readme writes a few lines about the package.
func readme(r *rand.Rand, p *program.Program) string {
	heads := []string{"# %s\n\n", "%s\n\n", "# %s\n\nSmall helpers.\n\n", "# The %s package\n\n"}
	tails := []string{"\nTests: `pytest` in this folder.\n", "\nRun the tests with `pytest -q`.\n", "\n`pytest tests` runs the tests.\n", ""}
	var b strings.Builder
	fmt.Fprintf(&b, heads[r.IntN(len(heads))], p.Package)
	modules := slices.Sorted(maps.Keys(p.Files))
	for _, m := range modules {
		var names []string
		for _, fn := range p.Funcs {
			if fn.File == m {
				names = append(names, fn.Name)
			}
		}
		if len(names) > 0 {
			fmt.Fprintf(&b, "- `%s`: %s\n", m, strings.Join(names, ", "))
		}
	}
	return b.String() + tails[r.IntN(len(tails))]
}
