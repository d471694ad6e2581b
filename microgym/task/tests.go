package task

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/swerm/swerm/microgym/harness"
	"github.com/swerm/swerm/microgym/mutate"
	"github.com/swerm/swerm/microgym/program"
)

const (
	minFailing, minPassing = 2, 3 // calls that a bug has to change, and to leave
	maxFailing, maxPassing = 5, 8 // tests of either sort
	coverPercent           = 54   // tasks whose visible tests see the bug
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
func (d *draft) chooseTests(ctx context.Context) (suite, error) {
	s := suite{failing: d.sample(d.fails, minFailing+d.r.IntN(maxFailing-minFailing+1))}
	var shown []int
	covers := d.r.IntN(100) < coverPercent
	if covers {
		n := 1
		if len(s.failing) > 3 {
			n += d.r.IntN(2)
		}
		shown = d.ordinary(s.failing, n)
	}
	few := max(1+d.r.IntN(3), 3-len(shown))
	near, far := d.spared()
	beside := (2*few + 2) / 3
	if covers {
		beside = few / 3 // one of them sees the bug: the others look elsewhere
	}
	s.passing = d.ordinary(near, beside)
	s.passing = append(s.passing, d.ordinary(far, few-len(s.passing))...)
	shown = append(shown, s.passing...)
	if covers {
		sharp, err := d.sharp(ctx, shown)
		if err != nil {
			return s, err
		}
		s.passing = append(s.passing, sharp...)
	}
	s.passing = append(s.passing, d.samplePassing(minPassing+1+d.r.IntN(maxPassing-minPassing)-len(s.passing), s.passing)...)
	slices.Sort(s.passing)
	s.write(d.prog.Package, d.calls, shown)
	if d.r.IntN(100) < knownPercent {
		s.addKnown(d.r, &d.prog)
	}
	return s, nil
}

// sharp draws calls that tell a right fix from one that only looks right: the
// bug mended and another one made in the same function, which the shown calls
// do not see. A test of that sort is what people add when a fix was not enough.
func (d *draft) sharp(ctx context.Context, shown []int) ([]int, error) {
	var near []mutate.Edit
	for _, e := range d.edits {
		if e.Func == d.bug.Func && e.Start != d.bug.Start {
			near = append(near, e)
		}
	}
	d.r.Shuffle(len(near), func(i, j int) { near[i], near[j] = near[j], near[i] })
	var out []int
	files := maps.Clone(d.prog.Files)
	for _, e := range near[:min(sharpTries, len(near))] {
		files[e.Path] = e.Apply(d.prog.Files[e.Path])
		got, err := evaluate(ctx, files, d.nearCalls())
		if err != nil {
			return nil, err
		}
		if at, ok := d.unseen(got, shown); ok && !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	return out, nil
}

// sharpTries is how many second bugs are looked at.
const sharpTries = 5

// unseen is a call that the bug spares and a second one, of which got are the
// values of the near calls, does not. It is false where a shown call sees the
// second one too, or where nothing does.
func (d *draft) unseen(got []harness.Value, shown []int) (int, bool) {
	at, found := 0, false
	for k, i := range d.near {
		if got[k].Err == "" && got[k].Repr == d.calls[i].want {
			continue
		}
		if slices.Contains(shown, i) {
			return 0, false
		}
		if slices.Contains(d.passes, i) {
			at, found = i, true
		}
	}
	return at, found
}

// sample draws up to n of some calls, in their order.
func (d *draft) sample(from []int, n int) []int {
	from = slices.Clone(from)
	d.r.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
	from = from[:min(n, len(from))]
	slices.Sort(from)
	return from
}

// spared are the calls that the bug leaves alone: those of the functions that
// it touches, and the others.
func (d *draft) spared() (near, far []int) {
	for _, i := range d.passes {
		if slices.ContainsFunc(d.fails, func(j int) bool { return d.calls[j].fn == d.calls[i].fn }) {
			near = append(near, i)
		} else {
			far = append(far, i)
		}
	}
	return near, far
}

// samplePassing draws more calls that the bug leaves alone, two of three near:
// they tell a half right fix from a right one.
func (d *draft) samplePassing(n int, not []int) []int {
	if n <= 0 {
		return nil
	}
	taken := func(i int) bool { return slices.Contains(not, i) }
	near, far := d.spared()
	near, far = slices.DeleteFunc(near, taken), slices.DeleteFunc(far, taken)
	out := d.sample(near, (2*n+2)/3)
	return append(out, d.sample(far, n-len(out))...)
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

// write makes the test file, visible tests first.
func (s *suite) write(pkg string, all []call, shown []int) {
	tests := slices.Concat(s.failing, s.passing)
	hidden := func(i int) int {
		if slices.Contains(shown, i) {
			return 0
		}
		return 1
	}
	slices.SortFunc(tests, func(a, b int) int { return cmp.Or(cmp.Compare(hidden(a), hidden(b)), cmp.Compare(a, b)) })
	path := "tests/test_" + pkg + ".star"
	var whole, part testFile
	count := map[*program.Func]int{}
	for _, i := range tests {
		c := &all[i]
		count[c.fn]++
		name := "test_" + strings.Trim(c.fn.Name, "_")
		if count[c.fn] > 1 {
			name = fmt.Sprintf("%s_%d", name, count[c.fn])
		}
		whole.add(c, name)
		if hidden(i) == 0 {
			part.add(c, name)
		}
		if slices.Contains(s.failing, i) {
			s.failToPass = append(s.failToPass, path+"::"+name)
		} else {
			s.passToPass = append(s.passToPass, path+"::"+name)
		}
	}
	slices.Sort(s.failToPass)
	slices.Sort(s.passToPass)
	s.hidden, s.visible = map[string]string{path: whole.text()}, map[string]string{path: part.text()}
}

// testFile gathers tests and the functions that they load.
type testFile struct {
	fns  []*program.Func
	body strings.Builder
}

func (f *testFile) add(c *call, name string) {
	f.fns = append(f.fns, c.fn)
	fmt.Fprintf(&f.body, "\ndef %s():\n    assert_eq(%s, %s)\n", name, c.expr, c.want)
}

func (f *testFile) text() string { return loads(f.fns) + f.body.String() }

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
	if _, taken := p.Files[file]; taken || s.hidden[test] != "" {
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
