package terminalbench

import (
	"slices"
	"testing"
)

func TestKeys(t *testing.T) {
	for line, want := range map[string][]string{
		`['ls', 'Enter']`:             {"ls", "Enter"},
		`["it's", 'a "b"']`:           {"it's", `a "b"`},
		`['it\'s\n\t\\ \x1b \u00e9']`: {"it's\n\t\\ \x1b é"},
		`'one'`:                       {"one"},
		`[]`:                          nil,
	} {
		if got, ok := parseKeys(line); !ok || !slices.Equal(got, want) {
			t.Errorf("%s: %q %v", line, got, ok)
		}
	}
	for _, bad := range []string{"", "ls", "['a'", "['a' 'b']", "['a\\", `['\q']`, `['\x1']`, `['\Uffffffff']`, "['a'] x", "[1]"} {
		if got, ok := parseKeys(bad); ok {
			t.Errorf("%s: %q", bad, got)
		}
	}
}
