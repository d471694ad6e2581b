package task

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/swerm/swerm/microgym/harness"
	"github.com/swerm/swerm/microgym/mutate"
)

// FixKind says how a fix came about.
type FixKind string

const (
	FixGold        FixKind = "gold"         // the patch
	FixRewrite     FixKind = "rewrite"      // the patch in other words
	FixNearMiss    FixKind = "near_miss"    // another bug at or near the site
	FixPartial     FixKind = "partial"      // repairs some failing tests and breaks none
	FixElsewhere   FixKind = "elsewhere"    // changes something else and leaves the bug
	FixSpecialCase FixKind = "special_case" // returns the wanted value for the known input
)

// FixKinds lists every kind of fix.
func FixKinds() []FixKind {
	return []FixKind{FixGold, FixRewrite, FixNearMiss, FixPartial, FixElsewhere, FixSpecialCase}
}

// Fix is something that a policy may try, with what the tests said of it.
type Fix struct {
	Kind  FixKind
	Files map[string]string // new content of the files that it changes: one

	Right       bool // every hidden test passes
	VisiblePass bool // every visible test passes, known failures left aside

	// The fix as an edit of text: lines StartLine to EndLine of Path, which
	// are Old, become New. Neither side is empty.
	Path               string
	StartLine, EndLine int
	Old, New           string
}

// Quotas of a menu. Every task has the same, so that no kind of bug is easier
// to repair than another.
const (
	rightFixes   = 4 // gold and three rewrites
	fooledFixes  = 4 // wrong, and no visible test says so
	visibleFixes = 3 // wrong, and a visible test says so
	maxFixTries  = 24
)

// ErrFixes is returned for a task whose tests do not hold.
var ErrFixes = errors.New("the task's own patch does not pass its tests")

// Fixes draws a menu, each entry run against the hidden tests: first the
// patch, then others in the order in which they were found. A menu has a right
// fix that is not the patch and wrong ones; where the tests allow it some pass
// all that is visible and some do not. It is determined by the task and r.
func (t *Task) Fixes(ctx context.Context, r *rand.Rand) ([]Fix, error) {
	m, err := t.newMenu(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := m.fill(); err != nil {
		return nil, fmt.Errorf("task: %s: %w", t.InstanceID, err)
	}
	return m.fixes, nil
}

// A menu is Fixes at work.
type menu struct {
	ctx         context.Context
	r           *rand.Rand
	task        *Task
	path        string
	buggy, gold string
	site        mutate.Edit // turns gold into buggy
	first, last int         // offsets of the site's lines in gold
	fn          string      // the function around the site

	bugs, rewrites []mutate.Edit // of gold
	tests          []string      // files of hidden tests
	visible        []string      // ids of hidden tests that are visible
	checks         string        // the hidden tests as one function, visible ones first
	tried          map[string]bool
	fixes          []Fix
	right, fooled  int
	seen           int // wrong ones that a visible test sees
}

func (t *Task) newMenu(ctx context.Context, r *rand.Rand) (*menu, error) {
	m := &menu{ctx: ctx, r: r, task: t, path: t.Site.Path, tried: map[string]bool{}}
	m.buggy, m.gold = t.Files[m.path], t.Gold()[m.path]
	if m.buggy == m.gold {
		return nil, fmt.Errorf("task: %s: the patch does not change %s: %w", t.InstanceID, m.path, ErrFixes)
	}
	m.site = difference(m.path, m.gold, m.buggy)
	m.first = 1 + strings.LastIndexByte(m.gold[:m.site.Start], '\n')
	m.last = len(m.gold)
	if i := strings.IndexByte(m.gold[m.site.End:], '\n'); i >= 0 {
		m.last = m.site.End + i
	}
	m.fn = t.Site.Func
	var err error
	if m.bugs, err = mutate.Bugs(m.path, m.gold); err != nil {
		return nil, fmt.Errorf("task: %s: %w", t.InstanceID, err)
	}
	if m.rewrites, err = mutate.Rewrites(m.path, m.gold); err != nil {
		return nil, fmt.Errorf("task: %s: %w", t.InstanceID, err)
	}
	m.tests = slices.Sorted(maps.Keys(t.TestFiles))
	m.readTests()
	return m, nil
}

// readTests finds which hidden tests are visible, and writes all of them as
// a function that gives a list of comparisons.
func (m *menu) readTests() {
	var shown, rest []string
	whole := true
	for _, id := range slices.Concat(m.task.FailToPass, m.task.PassToPass) {
		p, test, _ := strings.Cut(id, "::")
		call, want, ok := testOf(m.task.TestFiles[p], test)
		whole = whole && ok
		check := "(" + call + ") == (" + want + ")"
		if strings.Contains(m.task.Files[p], "def "+test+"():") {
			m.visible = append(m.visible, id)
			shown = append(shown, check)
		} else {
			rest = append(rest, check)
		}
	}
	if !whole {
		return // tests of another hand: they are only run
	}
	for _, p := range m.tests {
		for line := range strings.Lines(m.task.TestFiles[p]) {
			if strings.HasPrefix(line, "load(") {
				m.checks += line
			}
		}
	}
	m.checks += "def checks_(): return [" + strings.Join(append(shown, rest...), ", ") + "]\n"
}

// difference is the least edit that turns one text into another.
func difference(path, from, to string) mutate.Edit {
	head := 0
	for head < len(from) && head < len(to) && from[head] == to[head] {
		head++
	}
	tail := 0
	for tail < len(from)-head && tail < len(to)-head && from[len(from)-1-tail] == to[len(to)-1-tail] {
		tail++
	}
	return mutate.Edit{Path: path, Start: head, End: len(from) - tail, Old: from[head : len(from)-tail], New: to[head : len(to)-tail]}
}

// fill takes turns between the ways to make a fix until the menu is full or
// enough was tried.
func (m *menu) fill() error {
	ok, err := m.try(FixGold, m.path, m.gold)
	if err != nil {
		return err
	}
	if !ok || !m.fixes[0].Right {
		return ErrFixes
	}
	for k := range maxFixTries {
		if m.full() {
			break
		}
		if err := m.turn(k); err != nil {
			return err
		}
	}
	return m.sure()
}

func (m *menu) full() bool {
	return m.right >= rightFixes && m.fooled >= fooledFixes && m.seen >= visibleFixes
}

// turn tries one more fix of the sort that is wanted.
func (m *menu) turn(k int) error {
	if m.right < rightFixes && k%3 == 0 {
		text, ok := m.rewritten(1 + m.r.IntN(2))
		return m.maybe(FixRewrite, m.path, text, ok)
	}
	switch {
	case k == 4:
		return m.specialCase()
	case k%8 == 5:
		text, ok := m.elsewhere()
		return m.maybe(FixElsewhere, m.path, text, ok)
	}
	text, ok := m.near()
	return m.maybe(FixNearMiss, m.path, text, ok)
}

// sure adds what a menu must have and draws did not give.
func (m *menu) sure() error {
	for k := 0; m.right < 2 && k < 40; k++ {
		text, ok := m.rewritten(1)
		if err := m.maybe(FixRewrite, m.path, text, ok); err != nil {
			return err
		}
	}
	for k := 0; m.fooled+m.seen < 2 && k < 40; k++ {
		text, ok := m.elsewhere()
		if err := m.maybe(FixElsewhere, m.path, text, ok); err != nil {
			return err
		}
	}
	return nil
}

func (m *menu) maybe(k FixKind, path, text string, ok bool) error {
	if !ok {
		return nil
	}
	_, err := m.try(k, path, text)
	return err
}

// try runs the tests on a fix and keeps it where its sort is still wanted.
func (m *menu) try(k FixKind, path, text string) (kept bool, err error) {
	if was := m.task.Files[path]; text == was || m.tried[path+"\x00"+text] {
		return false, nil
	}
	m.tried[path+"\x00"+text] = true
	files := m.task.Graded(m.task.Files)
	files[path] = text
	if wanted, err := m.wanted(files); err != nil || !wanted {
		return false, err
	}
	report, err := harness.RunTests(m.ctx, files, harness.TestOptions{Paths: m.tests})
	if err != nil {
		return false, err
	}
	repaired, broken := m.count(report, m.task.FailToPass), len(m.task.PassToPass)-m.count(report, m.task.PassToPass)
	f := Fix{Kind: k, Files: map[string]string{path: text}, Path: path}
	f.Right = repaired == len(m.task.FailToPass) && broken == 0
	f.VisiblePass = every(report, m.visible, harness.Passed)
	switch {
	case k == FixNearMiss && f.Right:
		f.Kind = FixRewrite
	case k == FixNearMiss && repaired > 0 && broken == 0:
		f.Kind = FixPartial
	case f.Right && k != FixGold:
		f.Kind = FixRewrite
	}
	n, quota := m.place(f.Right, f.VisiblePass)
	if *n >= quota {
		return false, nil
	}
	*n++
	f.StartLine, f.EndLine, f.Old, f.New = lines(m.task.Files[path], text)
	m.fixes = append(m.fixes, f)
	return true, nil
}

// place is the count and the quota of a sort of fix.
func (m *menu) place(right, visible bool) (n *int, quota int) {
	switch {
	case right:
		return &m.right, rightFixes
	case visible:
		return &m.fooled, fooledFixes
	}
	return &m.seen, visibleFixes
}

// wanted foretells what the tests will say, with all of them in one load of
// the tree, and says whether the menu has room for such a fix. What it cannot
// foretell is wanted.
func (m *menu) wanted(files map[string]string) (bool, error) {
	if m.checks == "" {
		return true, nil
	}
	got, err := harness.Eval(m.ctx, files, m.checks, []string{"checks_()"}, harness.Limits{Steps: searchSteps})
	if err != nil || got[0].Err != "" {
		return err == nil && !runsAway(got[0]), err
	}
	outcomes := strings.Split(strings.Trim(got[0].Repr, "[]"), ", ")
	right, visible := true, true
	for i, o := range outcomes {
		right = right && o == "True"
		visible = visible && (o == "True" || i >= len(m.visible))
	}
	n, quota := m.place(right, visible)
	return *n < quota, nil
}

func (m *menu) count(r *harness.Report, ids []string) int {
	n := 0
	for _, id := range ids {
		if got, ok := r.Outcome(id); ok && got == harness.Passed {
			n++
		}
	}
	return n
}

// lines is the one run of lines in which two texts differ, grown by a
// neighbour where a side would be empty.
func lines(from, to string) (start, end int, old, new string) {
	a, b := strings.SplitAfter(from, "\n"), strings.SplitAfter(to, "\n")
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	for head == len(a)-tail || head == len(b)-tail {
		if head > 0 {
			head--
			continue
		}
		tail--
	}
	return head + 1, len(a) - tail, strings.Join(a[head:len(a)-tail], ""), strings.Join(b[head:len(b)-tail], "")
}
