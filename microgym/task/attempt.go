package task

import (
	"strings"

	"go.starlark.net/syntax"

	"github.com/swerm/swerm/microgym/mutate"
)

// maxFixLines bounds the lines that one fix spans, so that a fix can be
// written as one edit.
const maxFixLines = 14

// distance is how many lines of gold lie between an edit and the site.
func (m *menu) distance(e mutate.Edit) int {
	switch {
	case e.End < m.first:
		return strings.Count(m.gold[e.End:m.first], "\n")
	case e.Start > m.last:
		return strings.Count(m.gold[m.last:e.Start], "\n")
	}
	return 0
}

// pick draws one of some edits, near ones first; ok is false where there is
// none.
func (m *menu) pick(from []mutate.Edit, fits func(mutate.Edit) bool) (mutate.Edit, bool) {
	total := 0.0
	weight := make([]float64, len(from))
	for i, e := range from {
		if fits(e) {
			weight[i] = 1 / float64(1+2*m.distance(e))
			if e.Kind == mutate.AddComment { // there is one for every line
				weight[i] /= 6
			}
			total += weight[i]
		}
	}
	x := m.r.Float64() * total
	last := -1
	for i, w := range weight {
		if w > 0 {
			last = i
			if x -= w; x < 0 {
				break
			}
		}
	}
	if last < 0 {
		return mutate.Edit{}, false
	}
	return from[last], true
}

// rewritten is gold with n rewrites beside the site.
func (m *menu) rewritten(n int) (string, bool) { return m.decorate(n, nil) }

// near is gold with another bug in the same function, half the time away from
// the site, and now and then a rewrite beside it.
func (m *menu) near() (string, bool) {
	away := m.seen >= visibleFixes || m.r.IntN(2) == 0 // what is away is seen less
	core, ok := m.pick(m.bugs, func(e mutate.Edit) bool {
		return e.Func == m.fn && e.Apply(m.gold) != m.buggy && (!away || m.distance(e) > 0)
	})
	if !ok {
		return "", false
	}
	if m.distance(core) == 0 {
		return m.decorate(m.r.IntN(3), []mutate.Edit{core})
	}
	return m.decorate(m.r.IntN(2), []mutate.Edit{core})
}

// elsewhere leaves the bug and changes something else: a rewrite, or a second
// bug in another function.
func (m *menu) elsewhere() (string, bool) {
	away := func(e mutate.Edit) bool { return !e.Overlaps(m.site) && m.distance(e) > 0 }
	if m.r.IntN(3) == 0 {
		e, ok := m.pick(m.bugs, func(e mutate.Edit) bool { return away(e) && e.Func != m.fn })
		if ok {
			return m.decorate(m.r.IntN(2), []mutate.Edit{m.site, e})
		}
	}
	e, ok := m.pick(m.rewrites, away)
	if !ok {
		return "", false
	}
	return m.decorate(m.r.IntN(2), []mutate.Edit{m.site, e})
}

// decorate makes the edits of gold and up to n rewrites that do not touch
// them. The result spans few enough lines to be written at once.
func (m *menu) decorate(n int, edits []mutate.Edit) (string, bool) {
	want := len(edits) + n
	for range 3 * n {
		if len(edits) == want {
			break
		}
		e, ok := m.pick(m.rewrites, func(e mutate.Edit) bool { return e.Func == m.fn && m.free(e, edits) })
		if !ok {
			break
		}
		edits = append(edits, e)
	}
	text, err := mutate.ApplyAll(m.gold, edits...)
	if err != nil || text == m.buggy || text == m.gold {
		return "", false
	}
	start, end, _, now := lines(m.buggy, text)
	return text, end-start < maxFixLines && strings.Count(now, "\n") <= maxFixLines
}

func (m *menu) free(e mutate.Edit, edits []mutate.Edit) bool {
	if strings.Count(e.Old, "\n") > maxFixLines-4 {
		return false
	}
	for _, x := range edits {
		if e.Overlaps(x) {
			return false
		}
	}
	return true
}

// specialCase returns the wanted value for the inputs that are known: those of
// the visible tests that fail, or else the example.
func (m *menu) specialCase() error {
	s := m.task.Symptom
	known := [][2]string{{s.Call, s.Want}}
	if m.task.VisibleCovers {
		if failing := m.visibleFailures(); len(failing) > 0 {
			known = failing
		}
	}
	path, text := "", ""
	for _, k := range known {
		p, next, ok := m.literalIf(path, text, k[0], k[1])
		if ok {
			path, text = p, next
		}
	}
	return m.maybe(FixSpecialCase, path, text, text != "")
}

// visibleFailures are the calls and wanted values of the visible tests that
// fail on the bug.
func (m *menu) visibleFailures() [][2]string {
	var out [][2]string
	for _, id := range m.task.FailToPass {
		p, test, _ := strings.Cut(id, "::")
		if call, want, ok := testOf(m.task.Files[p], test); ok {
			out = append(out, [2]string{call, want})
		}
	}
	return out
}

// testOf finds a test of one assert_eq in a file, and its two sides.
func testOf(file, test string) (call, want string, ok bool) {
	const head = "():\n    assert_eq("
	_, line, ok := strings.Cut(file, "def "+test+head)
	if !ok {
		return "", "", false
	}
	line, after, _ := strings.Cut(line, "\n")
	if strings.HasPrefix(after, " ") || !strings.HasSuffix(line, ")") {
		return "", "", false
	}
	e, err := new(syntax.FileOptions).ParseExpr("test", "f("+line, 0)
	if err != nil {
		return "", "", false
	}
	c, ok := e.(*syntax.CallExpr)
	if !ok || len(c.Args) != 2 {
		return "", "", false
	}
	return argument(c, 0, "f("+line), argument(c, 1, "f("+line), true
}
