package shell

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// toolSchemas describes the calls as OpenAI function tools. It is text so that
// it is the same bytes wherever it is shown.
const toolSchemas = `[
{"type":"function","function":{"name":"view","description":"Show a file with line numbers, or list a folder.","parameters":{"type":"object","properties":{"path":{"type":"string"},"start":{"type":"integer"},"end":{"type":"integer"}},"required":["path"]}}},
{"type":"function","function":{"name":"create","description":"Write a file.","parameters":{"type":"object","properties":{"path":{"type":"string"},"content":{"type":"string"}},"required":["path","content"]}}},
{"type":"function","function":{"name":"str_replace","description":"Replace text that occurs exactly once in a file.","parameters":{"type":"object","properties":{"path":{"type":"string"},"old_str":{"type":"string"},"new_str":{"type":"string"}},"required":["path","old_str","new_str"]}}},
{"type":"function","function":{"name":"run_tests","description":"Run tests: files, folders or ids.","parameters":{"type":"object","properties":{"paths":{"type":"array","items":{"type":"string"}}}}}},
{"type":"function","function":{"name":"run","description":"Run Starlark code.","parameters":{"type":"object","properties":{"code":{"type":"string"}},"required":["code"]}}},
{"type":"function","function":{"name":"search","description":"Find a pattern in all files.","parameters":{"type":"object","properties":{"pattern":{"type":"string"}},"required":["pattern"]}}},
{"type":"function","function":{"name":"undo","description":"Take back the last edit.","parameters":{"type":"object","properties":{}}}},
{"type":"function","function":{"name":"submit","description":"Hand in the work.","parameters":{"type":"object","properties":{}}}}
]`

// ToolSchemas lists the calls of Call, as JSON.
func ToolSchemas() string { return toolSchemas }

// tools are the calls by name.
func tool(name string) func(*Workspace, *caller) int {
	switch name {
	case "view":
		return view
	case "create":
		return create
	case "str_replace":
		return strReplace
	case "run_tests":
		return runTests
	case "run":
		return runCode
	case "search":
		return searchTool
	case "undo":
		return undo
	case "submit":
		return func(w *Workspace, c *caller) int {
			if !c.read(&struct{}{}) {
				return 1
			}
			w.submitted = true
			return c.say("Submitted.")
		}
	}
	return nil
}

// Call runs one tool call. Arguments that do not fit are answered like any
// other mistake of the agent.
func (w *Workspace) Call(ctx context.Context, name, argsJSON string) Result {
	b := &budget{ctx: ctx}
	if b.ended = ctx.Err(); b.ended != nil {
		return Result{Err: b.ended, Submitted: w.submitted}
	}
	out := &sink{budget: b}
	s := newSession(w, b)
	s.streams = streams{in: &input{}, out: out, err: out}
	c := &caller{cmd: &cmd{session: s, name: name}, json: argsJSON}
	code := 1
	switch run := tool(name); {
	case run == nil:
		c.say("Error: unknown tool %s", cut(fmt.Sprintf("%q", name), 100))
	case len(argsJSON) > maxCommandBytes:
		c.say("Error: arguments are too long")
	default:
		code = run(w, c)
	}
	return w.finish(b, out, code)
}

// caller is one tool call.
type caller struct {
	*cmd
	json string
}

// say answers, and is a success.
func (c *caller) say(format string, args ...any) int {
	fmt.Fprintf(c.out, format+"\n", args...)
	return 0
}

// sorry answers, and is a failure.
func (c *caller) sorry(format string, args ...any) int {
	c.out.WriteString("Error: " + cut(fmt.Sprintf(format, args...), 400) + "\n")
	return 1
}

// read decodes the arguments into to. What is wrong is answered.
func (c *caller) read(to any) bool {
	text := c.json
	if strings.TrimSpace(text) == "" {
		text = "{}"
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	err := d.Decode(to)
	if err == nil && d.Decode(&struct{}{}) != io.EOF {
		err = errors.New("more than one value")
	}
	if err != nil {
		c.sorry("bad arguments: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return err == nil
}

// target makes the absolute path of a file that was named.
func (c *caller) target(p string) string { return c.path(p) }

func view(w *Workspace, c *caller) int {
	var a struct {
		Path       string `json:"path"`
		Start, End int
	}
	if !c.read(&a) {
		return 1
	}
	p := c.target(a.Path)
	if w.tree.isDir(p) {
		w.tree.walk(p, func(q string, dir bool) {
			if !dir {
				fmt.Fprintln(c.out, strings.TrimPrefix(strings.TrimPrefix(q, root), "/"))
			}
		})
		return 0
	}
	text, err := w.tree.read(p)
	if err != nil {
		return c.sorry("%s: %v", a.Path, err)
	}
	lines := splitLines(text)
	from, to := max(a.Start, 1), len(lines)
	if a.End > 0 {
		to = min(a.End, to)
	}
	if a.Start > len(lines) && len(lines) > 0 || a.End > 0 && a.End < a.Start {
		return c.sorry("%s has %s", a.Path, count(len(lines), "line"))
	}
	for i := from; i <= to; i++ {
		fmt.Fprintf(c.out, "%d\t%s\n", i, lines[i-1])
	}
	return 0
}

func create(w *Workspace, c *caller) int {
	var a struct{ Path, Content *string }
	if !c.read(&a) {
		return 1
	}
	if a.Path == nil || a.Content == nil {
		return c.sorry("bad arguments: path and content are needed")
	}
	p := c.target(*a.Path)
	w.keep()
	err := c.makeAll(path.Dir(p))
	if err == nil {
		err = w.tree.write(p, *a.Content)
	}
	if err != nil {
		w.drop()
		return c.sorry("%s: %v", *a.Path, err)
	}
	return c.say("Wrote %s (%s).", *a.Path, count(len(splitLines(*a.Content)), "line"))
}

func strReplace(w *Workspace, c *caller) int {
	var a struct {
		Path string  `json:"path"`
		Old  *string `json:"old_str"`
		New  *string `json:"new_str"`
	}
	if !c.read(&a) {
		return 1
	}
	if a.Old == nil || a.New == nil || *a.Old == "" {
		return c.sorry("bad arguments: old_str and new_str are needed")
	}
	p := c.target(a.Path)
	text, err := w.tree.read(p)
	if err != nil {
		return c.sorry("%s: %v", a.Path, err)
	}
	switch n := strings.Count(text, *a.Old); n {
	case 0:
		return c.sorry("old_str was not found in %s", a.Path)
	case 1:
	default:
		return c.sorry("old_str occurs %d times in %s", n, a.Path)
	}
	w.keep()
	edited := strings.Replace(text, *a.Old, *a.New, 1)
	if err := w.tree.write(p, edited); err != nil {
		w.drop()
		return c.sorry("%s: %v", a.Path, err)
	}
	return c.snippet(a.Path, edited, strings.Index(text, *a.Old), len(*a.New))
}

// snippet shows the lines around an edit.
func (c *caller) snippet(name, text string, at, size int) int {
	const around = 2
	lines := splitLines(text)
	from := max(strings.Count(text[:at], "\n")-around, 0)
	to := min(strings.Count(text[:at+size], "\n")+around+1, len(lines))
	fmt.Fprintf(c.out, "Edited %s:\n", name)
	for i := from; i < to; i++ {
		fmt.Fprintf(c.out, "%d\t%s\n", i+1, lines[i])
	}
	return 0
}

func runTests(_ *Workspace, c *caller) int {
	var a struct{ Paths []string }
	if !c.read(&a) {
		return 1
	}
	c.args = append([]string{"-q"}, a.Paths...)
	if slices.ContainsFunc(a.Paths, func(p string) bool { return strings.HasPrefix(p, "-") }) {
		return c.sorry("bad arguments: paths are files, folders or ids")
	}
	return pytest(c.cmd)
}

func runCode(_ *Workspace, c *caller) int {
	var a struct{ Code string }
	if !c.read(&a) {
		return 1
	}
	c.args = []string{"-c", a.Code}
	return starlark(c.cmd)
}

func searchTool(_ *Workspace, c *caller) int {
	var a struct{ Pattern string }
	if !c.read(&a) {
		return 1
	}
	if a.Pattern == "" {
		return c.sorry("bad arguments: pattern is needed")
	}
	c.name, c.args = "grep", []string{"-rnE", "-e", a.Pattern}
	code := grep(c.cmd)
	if code == 1 {
		c.say("No match.")
	}
	return code
}

func undo(w *Workspace, c *caller) int {
	if !c.read(&struct{}{}) {
		return 1
	}
	n := len(w.undo)
	if n == 0 {
		return c.sorry("nothing to undo")
	}
	before := w.tree.repo()
	w.tree = w.undo[n-1]
	w.drop()
	names := []string{}
	for _, ch := range changes(w.tree.repo(), before) {
		names = append(names, ch.path)
	}
	return c.say("Took back the last edit of %s.", strings.Join(names, ", "))
}

// drop forgets the last state that was kept.
func (w *Workspace) drop() { w.undo = w.undo[:len(w.undo)-1] }
