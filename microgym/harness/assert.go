package harness

import (
	"fmt"
	"strings"
	"sync"

	"go.starlark.net/lib/math"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// reprBytes is how much of a value an assertion shows. A transcript holds
// many of them.
const reprBytes = 80

type assertionError struct{ message string }

func (e *assertionError) Error() string { return "AssertionError: " + e.message }

// predeclared is what every file sees next to Starlark's own built-ins.
var predeclared = sync.OnceValue(func() starlark.StringDict {
	return starlark.StringDict{
		"assert_eq":    starlark.NewBuiltin("assert_eq", assertEq),
		"assert_true":  starlark.NewBuiltin("assert_true", assertTrue),
		"assert_fails": starlark.NewBuiltin("assert_fails", assertFails),
		"struct":       starlark.NewBuiltin("struct", starlarkstruct.Make),
		"math":         math.Module,
	}
})

func assertEq(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var got, want starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "got", &got, "want", &want); err != nil {
		return nil, err
	}
	same, err := starlark.Equal(got, want)
	if err != nil {
		return nil, err
	}
	if same {
		return starlark.None, nil
	}
	return nil, &assertionError{differ(got, want)}
}

// differ is what an assertion says of two values that are not equal.
func differ(got, want starlark.Value) string {
	g, w := got.String(), want.String()
	text := "assert " + shorten(g) + " == " + shorten(w)
	if len(g) <= reprBytes && len(w) <= reprBytes {
		return text
	}
	a, ok1 := got.(starlark.Indexable)
	b, ok2 := want.(starlark.Indexable)
	if !ok1 || !ok2 || got.Type() != want.Type() {
		return text
	}
	for i := range min(a.Len(), b.Len()) {
		x, y := a.Index(i), b.Index(i)
		if same, err := starlark.Equal(x, y); err == nil && !same {
			return fmt.Sprintf("%s\n  At index %d diff: %s != %s", text, i, shorten(x.String()), shorten(y.String()))
		}
	}
	return fmt.Sprintf("%s\n  Lengths differ: %d != %d", text, a.Len(), b.Len())
}

// shorten cuts the middle out of a long repr.
func shorten(s string) string { return shortenTo(s, reprBytes) }

func shortenTo(s string, most int) string {
	if len(s) <= most {
		return s
	}
	half := (most - len("...")) / 2
	return cutText(s, half) + "..." + strings.ToValidUTF8(s[len(s)-half:], "")
}

func assertTrue(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x starlark.Value
	message := ""
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "x", &x, "message?", &message); err != nil {
		return nil, err
	}
	if x.Truth() {
		return starlark.None, nil
	}
	if message == "" {
		message = "assert " + shorten(x.String())
	}
	return nil, &assertionError{message}
}

func assertFails(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("%s: missing argument for fn", b.Name())
	}
	_, err := starlark.Call(thread, args[0], args[1:], kwargs)
	if m := meterOf(thread); m.over != nil || m.ended != nil {
		return nil, err
	}
	if err == nil {
		return nil, &assertionError{"assert_fails: did not fail"}
	}
	return starlark.String(err.Error()), nil
}
