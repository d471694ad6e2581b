package harness

import (
	"fmt"
	"strings"
	"sync"

	"go.starlark.net/starlark"
)

// reprBytes is how much of a value an assertion shows. A transcript holds
// many of them.
const reprBytes = 80

type assertionError struct{ message string }

func (e *assertionError) Error() string { return "AssertionError: " + e.message }

// predeclared is what every file sees; see environment.
var predeclared = sync.OnceValue(environment)

func assertEq(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var got, want starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "got", &got, "want", &want); err != nil {
		return nil, err
	}
	m := meterOf(thread)
	if err := m.charge(compareCost(got, want, m.left())); err != nil {
		return nil, err
	}
	same, err := starlark.Equal(got, want)
	if err != nil {
		return nil, err
	}
	if same {
		return starlark.None, nil
	}
	if err := weights(m, starlark.Tuple{got, want}, nil); err != nil {
		return nil, err
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

func assertTrue(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x starlark.Value
	message := ""
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "x", &x, "message?", &message); err != nil {
		return nil, err
	}
	if x.Truth() {
		return starlark.None, nil
	}
	if err := meterOf(thread).chargeWeight(x, 1); err != nil {
		return nil, err
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
	text := err.Error()
	return starlark.String(text), meterOf(thread).charge(len(text) / bytesPerStep)
}
