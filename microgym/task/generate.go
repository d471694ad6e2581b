package task

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/swerm/swerm/internal/gitdiff"
	"github.com/swerm/swerm/microgym/harness"
	"github.com/swerm/swerm/microgym/mutate"
	"github.com/swerm/swerm/microgym/program"
)

// Options says which world tasks come from.
type Options struct {
	Seed      uint64
	Templates []string // names; nil is every template
	Exclude   []string // names left out
}

// Validate lists every fault at once.
func (o Options) Validate() error {
	_, err := o.templates()
	return err
}

// templates is the list that the options leave, in the order of the program
// package.
func (o Options) templates() ([]program.Template, error) {
	all := program.Templates()
	var errs []error
	for _, list := range []struct {
		key   string
		names []string
	}{{"templates", o.Templates}, {"exclude", o.Exclude}} {
		for i, n := range list.names {
			if !slices.ContainsFunc(all, func(t program.Template) bool { return t.Name == n }) {
				errs = append(errs, fmt.Errorf("%s[%d]: no template is called %q", list.key, i, n))
			}
		}
	}
	kept := slices.DeleteFunc(all, func(t program.Template) bool {
		return o.Templates != nil && !slices.Contains(o.Templates, t.Name) || slices.Contains(o.Exclude, t.Name)
	})
	if len(kept) == 0 && len(errs) == 0 {
		errs = append(errs, errors.New("templates: none is left"))
	}
	return kept, errors.Join(errs...)
}

const (
	// maxAttempts bounds the programs drawn for one task, attemptsEach those
	// of one template. The first or second nearly always does.
	maxAttempts  = 48
	attemptsEach = 6
	// maxBugs bounds the bugs that are tried in one program.
	maxBugs = 10
)

// ErrNoTask is returned when every program drawn for an index was refused.
var ErrNoTask = errors.New("no program gave a task")

// stream is the random stream of a purpose: equal on every host.
func stream(seed uint64, purpose string, a, b int) *rand.Rand {
	h := sha256.New()
	fmt.Fprintf(h, "microgym task 1\n%d\n%s\n%d\n%d\n", seed, purpose, a, b)
	sum := h.Sum(nil)
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum), binary.LittleEndian.Uint64(sum[8:])))
}

// Generate makes the task with that index. Each run of as many indices as
// there are templates uses every template once, in an order of its own.
func Generate(ctx context.Context, o Options, index int) (*Task, error) {
	list, err := o.templates()
	if err != nil {
		return nil, fmt.Errorf("task: %w", err)
	}
	if index < 0 {
		return nil, fmt.Errorf("task: index %d is negative", index)
	}
	order := stream(o.Seed, "order", index/len(list), 0).Perm(len(list))
	for attempt := range maxAttempts {
		template := list[order[(index+attempt/attemptsEach)%len(list)]]
		d := draft{r: stream(o.Seed, "task", index, attempt), words: stream(o.Seed, "issue", index, attempt), template: template}
		t, err := d.make(ctx)
		if err != nil {
			return nil, fmt.Errorf("task: index %d: template %s: %w", index, template.Name, err)
		}
		if t == nil {
			continue
		}
		id := sha256.Sum256(fmt.Appendf(nil, "%d\n%d\n%s", o.Seed, index, t.BaseCommit))
		t.InstanceID = fmt.Sprintf("microgym__%s-%s", template.Name, hex.EncodeToString(id[:5]))
		return t, nil
	}
	return nil, fmt.Errorf("task: index %d: %d attempts: %w", index, maxAttempts, ErrNoTask)
}

// A draft is a task in the making. Its methods give nil, nil where the draw
// does not make a good task and another one should be tried.
type draft struct {
	r        *rand.Rand
	words    *rand.Rand // what the issue is written with
	template program.Template
	prog     program.Program
	calls    []call

	edits  []mutate.Edit // every bug of the target
	bug    mutate.Edit
	buggy  map[string]string
	near   []int           // calls that can come to the bug
	got    []harness.Value // by call, with the bug
	fails  []int           // calls that the bug changes
	passes []int
}

func (d *draft) make(ctx context.Context) (*Task, error) {
	d.prog = d.template.Build(d.r)
	var err error
	if d.calls, err = calls(ctx, d.r, &d.prog); err != nil {
		return nil, err
	}
	found, err := d.findBug(ctx)
	if err != nil || !found {
		return nil, err
	}
	suite, err := d.chooseTests(ctx)
	if err != nil {
		return nil, err
	}
	t := &Task{
		Repo: Source + "/" + d.template.Name, Template: d.template.Name, BugKind: d.bug.Kind, Source: Source,
		Site: Site{Path: d.bug.Path, Func: d.bug.Func, Line: d.bug.Line},
	}
	t.Files = maps.Clone(d.buggy)
	maps.Copy(t.Files, suite.visible)
	t.TestFiles = suite.hidden
	t.FailToPass, t.PassToPass, t.KnownFailures = suite.failToPass, suite.passToPass, suite.known
	t.Files["README.md"] = readme(d.r, &d.prog)
	maps.Copy(t.Files, suite.extra)
	t.Patch = gitdiff.Diff(map[string]string{d.bug.Path: d.buggy[d.bug.Path]}, map[string]string{d.bug.Path: d.prog.Files[d.bug.Path]})
	ok, err := d.holds(ctx, t)
	if err != nil || !ok {
		return nil, err
	}
	d.describe(t, suite)
	t.BaseCommit = treeHash(t.Files)
	return t, nil
}

// findBug draws a bug of a kind drawn evenly from those that the module
// offers, so that kinds with many places do not fill the world.
func (d *draft) findBug(ctx context.Context) (bool, error) {
	src := d.prog.Files[d.prog.Target]
	var err error
	if d.edits, err = mutate.Bugs(d.prog.Target, src); err != nil {
		return false, err
	}
	byKind := map[mutate.Kind][]mutate.Edit{}
	for _, e := range d.edits {
		byKind[e.Kind] = append(byKind[e.Kind], e)
	}
	kinds := slices.DeleteFunc(mutate.Kinds(), func(k mutate.Kind) bool { return len(byKind[k]) == 0 })
	d.r.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	for try, k := range kinds {
		if try == maxBugs {
			break
		}
		e := byKind[k][d.r.IntN(len(byKind[k]))]
		ok, err := d.tryBug(ctx, e, e.Apply(src))
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// tryBug sees what a bug does, and says whether it makes a task: some calls
// give another value, some do not, and nothing runs away.
func (d *draft) tryBug(ctx context.Context, e mutate.Edit, text string) (bool, error) {
	d.bug = e
	d.buggy = maps.Clone(d.prog.Files)
	d.buggy[e.Path] = text
	if err := d.evaluateBug(ctx); err != nil {
		return false, err
	}
	d.fails, d.passes = nil, nil
	crashes, spared := 0, 0
	for i, v := range d.got {
		switch {
		case runsAway(v):
			return false, nil
		case v.Err != "":
			crashes++
			d.fails = append(d.fails, i)
		case v.Repr != d.calls[i].want:
			d.fails = append(d.fails, i)
		default:
			d.passes = append(d.passes, i)
		}
	}
	for _, i := range d.passes {
		if slices.ContainsFunc(d.fails, func(j int) bool { return d.calls[j].fn == d.calls[i].fn }) {
			spared++
		}
	}
	switch {
	case len(d.fails) < minFailing || len(d.passes) < minPassing:
		return false, nil
	case len(d.fails) == minFailing && d.r.IntN(2) == 0: // leaves little to get half right
		return false, nil
	case spared == 0 && d.r.IntN(4) > 0: // everything is wrong: too easy to see
		return false, nil
	case crashes*2 > len(d.fails) && d.r.IntN(3) > 0:
		return false, nil
	}
	return true, nil
}

// evaluateBug gives every call its value with the bug. Calls that cannot come
// to it keep the right one.
func (d *draft) evaluateBug(ctx context.Context) error {
	d.near = reaching(d.prog.Files, d.calls, d.bug.Func)
	d.got = make([]harness.Value, len(d.calls))
	for i, c := range d.calls {
		d.got[i].Repr = c.want
	}
	got, err := evaluate(ctx, d.buggy, d.nearCalls())
	if err != nil {
		return err
	}
	for k, i := range d.near {
		d.got[i] = got[k]
	}
	return nil
}

// nearCalls are the calls that can come to the bug.
func (d *draft) nearCalls() []call {
	out := make([]call, len(d.near))
	for k, i := range d.near {
		out[k] = d.calls[i]
	}
	return out
}

// holds runs the tests: the right code passes all, the bug fails what it
// should and nothing else.
func (d *draft) holds(ctx context.Context, t *Task) (bool, error) {
	paths := slices.Sorted(maps.Keys(t.TestFiles))
	gold := t.Graded(t.Files)
	gold[d.bug.Path] = d.prog.Files[d.bug.Path]
	right, err := harness.RunTests(ctx, gold, harness.TestOptions{Paths: paths})
	if err != nil || !right.Passed() || len(right.Results) != len(t.FailToPass)+len(t.PassToPass) {
		return false, err
	}
	hidden, err := harness.RunTests(ctx, t.Graded(t.Files), harness.TestOptions{Paths: paths})
	if err != nil {
		return false, err
	}
	if !every(hidden, t.PassToPass, harness.Passed) || !every(hidden, t.FailToPass, harness.Failed) {
		return false, nil
	}
	visible, err := harness.RunTests(ctx, t.Files, harness.TestOptions{})
	if err != nil || len(visible.CollectErrors) > 0 {
		return false, err
	}
	for _, res := range visible.Results {
		known := slices.Contains(t.KnownFailures, res.ID)
		if known && res.Outcome != harness.Failed {
			return false, nil
		}
		t.VisibleCovers = t.VisibleCovers || !known && res.Outcome != harness.Passed
	}
	return true, nil
}

// every says whether each id ended that way.
func every(r *harness.Report, ids []string, want harness.Outcome) bool {
	for _, id := range ids {
		if got, ok := r.Outcome(id); !ok || got != want {
			return false
		}
	}
	return true
}
