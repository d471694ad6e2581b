package program

import (
	"strings"
	"testing"
)

func TestCalls(t *testing.T) {
	got := calls(`
		1, 2 ; "a b", []

		@3x-2..9, 4
	`)
	want := "(1, 2)\n(\"a b\", [])\n([${-2..9}, ${-2..9}, ${-2..9}], 4)\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if one := calls("@1x0..5"); strings.Contains(one, ",") {
		t.Errorf("a list of one has a comma: %s", one)
	}
}
