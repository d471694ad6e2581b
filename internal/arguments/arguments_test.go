package arguments_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/arguments"
)

func TestArgumentsKeepTheirOrder(t *testing.T) {
	got, ok := arguments.Parse(` {"z": "a\nb", "a": 1.0, "m": {"k": [ 1,2]}, "s": null} `)
	want := []arguments.Argument{{"z", "a\nb"}, {"a", "1.0"}, {"m", `{"k": [ 1,2]}`}, {"s", "null"}}
	if d := cmp.Diff(want, got); d != "" || !ok {
		t.Error(ok, d)
	}
	if got, ok := arguments.Parse(`{}`); !ok || len(got) != 0 {
		t.Error(got, ok)
	}
	for _, bad := range []string{``, `[]`, `"{}"`, `{"a"`, `{"a":}`, `{"a":1`, `{"a":1} {}`, `{"a":1}x`, `not JSON`} {
		if got, ok := arguments.Parse(bad); ok {
			t.Errorf("%s: %v", bad, got)
		}
	}
}
