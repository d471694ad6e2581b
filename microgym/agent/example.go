package agent

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"go.starlark.net/syntax"

	"github.com/swerm/swerm/microgym/task"
)

// A form is how a run writes the example as a script.
type form uint8

const (
	formCompare form = iota // print(f(3) == 5)
	formAssert              // assert_eq(f(3), 5)
	formBoth                // print("want", 5, "got", f(3))
	formPlain               // print(f(3))
	forms
)

// formWeights draw the form of a run. The two values side by side, or apart,
// ask a reader to compare them.
var formWeights = [forms]float64{6, 1.5, 1.5, 1}

// named is the share of runs that name the stage in what they print, so that
// what a line says of its time stands beside it and not only before or after.
const named = 0.75

// stages are those names: before any edit, after the first, and so on.
var stages = []string{"before", "first", "second", "third"}

// An example is the example, ready to be run.
type example struct {
	form       form
	named      bool // what is printed names the stage
	kept       bool // in a file of its own (in a shell)
	call, want string
	loads      []string
}

var called = regexp.MustCompile(`\b([a-z_][a-z0-9_]*)\(`)

func newExample(r *rand.Rand, t *task.Task, shell bool) example {
	e := example{form: form(pick(r, formWeights[:])), call: t.Symptom.Call, want: t.Symptom.Want}
	if _, err := (&syntax.FileOptions{}).ParseExpr("want", e.want, 0); err != nil {
		e.form = formPlain // the issue wants no value but, say, an error
	}
	e.named = r.Float64() < named
	e.kept = shell && r.IntN(3) > 0
	e.loads = loads(t.Files, e.call)
	return e
}

// loads lists the load statements that a call needs.
func loads(files map[string]string, call string) []string {
	var out []string
	for _, m := range called.FindAllStringSubmatch(call, -1) {
		for _, path := range slices.Sorted(maps.Keys(files)) {
			if strings.HasPrefix(path, "tests/") || !strings.HasSuffix(path, ".star") {
				continue
			}
			line := fmt.Sprintf("load(%q, %q)", path, m[1])
			if strings.Contains("\n"+files[path], "\ndef "+m[1]+"(") && !slices.Contains(out, line) {
				out = append(out, line)
				break
			}
		}
	}
	return out
}

// script writes the example with a separator between statements.
func (e example) script(sep, stage string) string {
	shown := func(values ...string) string {
		if e.named && stage != "" {
			values = append([]string{fmt.Sprintf("%q", stage+":")}, values...)
		}
		return "print(" + strings.Join(values, ", ") + ")"
	}
	call, want := e.call, e.want
	if strings.HasPrefix(want, `"`) && e.form >= formBoth {
		call, want = "repr("+call+")", "repr("+want+")" // print takes the quotes off
	}
	statements := slices.Clone(e.loads)
	switch e.form {
	case formCompare:
		statements = append(statements, shown(call+" == "+want))
	case formAssert:
		statements = append(statements, fmt.Sprintf("assert_eq(%s, %s)", call, want), shown(`"ok"`))
	case formBoth:
		statements = append(statements, shown(`"want"`, want, `"got"`, call))
	default:
		statements = append(statements, shown(call))
	}
	return strings.Join(statements, sep)
}

// matches says whether what the script printed is what the issue wants.
func (e example) matches(output string, code int, stage string) bool {
	out := strings.TrimSpace(output)
	if e.named {
		out = strings.TrimSpace(strings.TrimPrefix(out, stage+":"))
	}
	switch e.form {
	case formCompare:
		return out == "True"
	case formAssert:
		return code == 0
	case formBoth:
		return out == "want "+e.want+" got "+e.want
	}
	return out == e.want
}
