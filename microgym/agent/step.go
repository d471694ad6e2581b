package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/microgym/harness"
	"github.com/swerm/swerm/microgym/task"
	"github.com/swerm/swerm/pipeline"
)

// suites are the ways to run the tests in a shell.
var suites = []string{"pytest -q --tb=no", "pytest -q | tail -n 1", "pytest -q --tb=no | tail -n 1", "pytest | tail -n 1"}

func (e *episode) step(ctx context.Context, s step) error {
	switch s.act {
	case actLook:
		return e.look(ctx)
	case actRepro:
		return e.repro(ctx)
	case actTest:
		return e.test(ctx)
	case actEdit:
		return e.attempt(ctx, s.attempt)
	case actUndo:
		return e.undo(ctx)
	case actTidy:
		return e.tidy(ctx)
	case actBend:
		return e.bend(ctx)
	case actDiff:
		return e.diff(ctx)
	case actSubmit:
		return e.submit(ctx)
	case actQuit:
		return e.quit()
	}
	panic(fmt.Sprintf("agent: act %d", s.act)) // a programmer's mistake
}

// stage names where the run stands, for what it prints.
func (e *episode) stage() string { return stages[min(e.edited, len(stages)-1)] }

func (e *episode) words(list []string) string { return phrase(e.r, list, e.plan.verbosity) }

// look opens the function at fault, or something else.
func (e *episode) look(ctx context.Context) error {
	if e.spent() {
		return nil
	}
	files, site := e.ws.Files(), e.task.Site
	thought := e.words(sayLook)
	e.facts.Looks++
	var c command
	switch what := e.r.Float64(); {
	case what < 0.6:
		from, to := functionAt(files[site.Path], site.Line)
		c = open(site.Path, from, to)
		e.facts.SawSite = e.facts.SawSite || e.edited == 0
	case what < 0.75:
		path := oneOf(e.r, codePaths(files))
		from := 1 + e.r.IntN(max(1, strings.Count(files[path], "\n")-8))
		c = open(path, from, from+7)
		if path == site.Path && from <= site.Line && site.Line <= from+7 && e.edited == 0 {
			e.facts.SawSite = true
		}
	case what < 0.9:
		c = command{shell: "grep -n 'def ' " + site.Path, tool: "search", args: searchArgs{"def "}}
	default:
		c = command{shell: "ls tests", tool: "search", args: searchArgs{site.Func}}
	}
	_, err := e.act(ctx, thought, c)
	return err
}

func open(path string, from, to int) command {
	return command{shell: fmt.Sprintf("sed -n %d,%dp %s", from, to, path), tool: "view", args: viewArgs{path, from, to}}
}

// functionAt is the first and last line of the function around a line.
func functionAt(text string, line int) (from, to int) {
	lines := splitLines(text)
	line = min(max(line, 1), len(lines))
	for from = line; from > 1 && !strings.HasPrefix(lines[from-1], "def "); from-- {
	}
	for to = line; to < len(lines) && (lines[to] == "" || lines[to][0] == ' ' || lines[to][0] == '\t'); to++ {
	}
	for to > from && lines[to-1] == "" {
		to--
	}
	return from, to
}

func (e *episode) repro(ctx context.Context) error {
	if e.spent() {
		return nil
	}
	res, err := e.act(ctx, e.words(sayRepro), command{
		shell: e.reproCommand(), tool: "run", args: codeArgs{e.ex.script("\n", e.stage())}})
	if err != nil {
		return err
	}
	e.facts.EditAfterLastRepro = false
	if e.ex.matches(res.Output, res.Code, e.stage()) {
		e.facts.LastRepro = Pass
		e.facts.ReproPass++
	} else {
		e.facts.LastRepro = Fail
		e.facts.ReproFail++
	}
	return nil
}

// reproCommand runs the example in a shell: in one line, or from a file that
// is written the first time.
func (e *episode) reproCommand() string {
	if !e.ex.kept {
		return "starlark -c '" + strings.ReplaceAll(e.ex.script("; ", e.stage()), "'", `'\''`) + "'"
	}
	run := "starlark /tmp/try.star"
	if e.ex.named {
		run = "echo " + e.stage() + ": && " + run
	}
	if e.facts.ReproPass+e.facts.ReproFail > 0 {
		return run
	}
	return "cat > /tmp/try.star <<'END'\n" + e.ex.script("\n", "") + "\nEND\n" + run
}

func (e *episode) test(ctx context.Context) error {
	if e.spent() {
		return nil
	}
	suite := e.suite
	if e.ex.named {
		suite = "echo " + e.stage() + "; " + suite
	}
	res, err := e.act(ctx, e.words(sayTest), command{shell: suite, tool: "run_tests", args: testsArgs{}})
	if err != nil {
		return err
	}
	e.facts.EditAfterLastTest = false
	if testsPassed(res.Output) {
		e.facts.LastVisible = Pass
		e.facts.TestsPass++
	} else {
		e.facts.LastVisible = Fail
		e.facts.TestsFail++
	}
	return nil
}

// attempt brings the code from whatever it is to what the attempt wants.
func (e *episode) attempt(ctx context.Context, k int) error {
	want := e.tries[k]
	words := sayEdit
	if e.edited > 0 {
		words = sayNext
	}
	for _, path := range codePaths(e.task.Files) {
		target, ok := want.Files[path]
		if !ok {
			target = e.task.Files[path]
		}
		if done, err := e.write(ctx, words, path, target); err != nil || !done {
			return err
		}
	}
	e.edited++
	e.facts.SpecialCased = want.Kind == task.FixSpecialCase
	return nil
}

// write makes a file hold a text by one edit; done is false where no turn is
// left for it.
func (e *episode) write(ctx context.Context, words []string, path, target string) (done bool, err error) {
	before := e.ws.Files()[path]
	c, differs := lineChange(before, target)
	if !differs {
		return true, nil
	}
	if e.spent() {
		return false, nil
	}
	cmd := command{shell: c.sed(path, e.r.IntN(3) > 0)}
	if e.policy.Scaffold == Tools {
		old, new, ok := c.replace(before)
		if !ok {
			return false, fmt.Errorf("%s: no text around line %d is there once", path, c.start)
		}
		cmd.tool, cmd.args = "str_replace", replaceArgs{path, old, new}
	}
	res, err := e.act(ctx, e.words(words), cmd)
	if err != nil {
		return false, err
	}
	if got := e.ws.Files()[path]; got != target {
		return false, fmt.Errorf("%s: the edit %q left another text than it should (%s)", path, cmd.shell, strings.TrimSpace(res.Output))
	}
	if !strings.HasPrefix(path, "tests/") {
		e.facts.Edits++
		e.facts.EditAfterLastRepro, e.facts.EditAfterLastTest = true, true
	}
	return true, nil
}

// undo takes back every change of code.
func (e *episode) undo(ctx context.Context) error {
	files := e.ws.Files()
	for _, path := range codePaths(e.task.Files) {
		base := e.task.Files[path]
		if files[path] == base {
			continue
		}
		if e.policy.Scaffold == Tools {
			if _, err := e.write(ctx, sayUndo, path, base); err != nil {
				return err
			}
		} else {
			if e.spent() {
				return nil
			}
			if _, err := e.act(ctx, e.words(sayUndo), command{shell: "git checkout -- " + path}); err != nil {
				return err
			}
			if e.ws.Files()[path] != base {
				return fmt.Errorf("%s: git checkout left another text than the base", path)
			}
		}
		e.facts.Undone, e.facts.EditAfterLastRepro, e.facts.EditAfterLastTest = true, true, true
	}
	return nil
}

// tidy adds a comment above the function at fault. It is an edit that changes
// nothing.
func (e *episode) tidy(ctx context.Context) error {
	path := e.task.Site.Path
	text := e.ws.Files()[path]
	lines := splitLines(text)
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "def "+e.task.Site.Func+"(") })
	if at < 0 {
		return nil
	}
	before := e.facts
	_, err := e.write(ctx, sayTidy, path, strings.Join(slices.Insert(lines, at, oneOf(e.r, comments)), "\n")+"\n")
	e.facts.EditAfterLastRepro, e.facts.EditAfterLastTest = before.EditAfterLastRepro, before.EditAfterLastTest
	return err
}

// bend writes the example into a visible test: with what the issue
// wants, or with what the code gives now.
func (e *episode) bend(ctx context.Context) error {
	files := e.ws.Files()
	at := slices.IndexFunc(testPaths(files), func(p string) bool { return strings.Contains(files[p], "assert_eq(") })
	honest := e.r.IntN(5) < 2
	if at < 0 {
		return nil
	}
	path, value := testPaths(files)[at], e.task.Symptom.Want
	if !honest {
		got, err := harness.Eval(ctx, files, strings.Join(e.ex.loads, "\n"), []string{e.ex.call}, harness.Limits{})
		if err != nil {
			return err
		}
		if got[0].Err != "" {
			return nil // it crashes: there is no value to write
		}
		value = got[0].Repr
	}
	done, err := e.write(ctx, sayBend, path, bent(files[path], e.ex, value))
	if done && err == nil {
		e.facts.EditedTests = true
	}
	return err
}

// bent replaces the value that a test wants of the example, or adds a test.
func bent(text string, ex example, value string) string {
	lines := splitLines(text)
	for i, l := range lines {
		if head, _, ok := strings.Cut(l, "assert_eq("+ex.call+", "); ok && strings.HasSuffix(l, ")") {
			lines[i] = head + "assert_eq(" + ex.call + ", " + value + ")"
			return strings.Join(lines, "\n") + "\n"
		}
	}
	for _, load := range ex.loads {
		if !strings.Contains(text, strings.TrimSuffix(strings.Split(load, ", ")[1], ")")) {
			text = load + "\n" + text
		}
	}
	return text + "\ndef test_example():\n    assert_eq(" + ex.call + ", " + value + ")\n"
}

func testPaths(files map[string]string) []string {
	var out []string
	for p := range files {
		if strings.HasPrefix(p, "tests/") {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

func (e *episode) diff(ctx context.Context) error {
	if e.spent() {
		return nil
	}
	from, to := functionAt(e.ws.Files()[e.task.Site.Path], e.task.Site.Line)
	c := open(e.task.Site.Path, from, to)
	c.shell = "git diff"
	_, err := e.act(ctx, e.words(sayDiff), c)
	return err
}

func (e *episode) submit(ctx context.Context) error {
	if e.spent() {
		return nil
	}
	res, err := e.act(ctx, e.words(saySubmit), command{shell: "submit", tool: "submit", args: noArgs{}})
	if err != nil {
		return err
	}
	if !res.Submitted {
		return fmt.Errorf("submit did not end the run: %s", strings.TrimSpace(res.Output))
	}
	e.facts.ExitStatus = Submitted
	return nil
}

// quit ends the run by a message without a command.
func (e *episode) quit() error {
	if e.spent() {
		return nil
	}
	e.turns++
	text := oneOf(e.r, sayQuit)
	e.say(pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: &text})
	e.facts.ExitStatus = GaveUp
	return nil
}
