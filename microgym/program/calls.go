package program

import (
	"regexp"
	"strings"
)

var listOf = regexp.MustCompile(`@(\d+)x(-?\d+\.\.-?\d+)`)

// calls puts parentheses round each argument list of a block, which is how fn
// takes them. Lists are parted by line ends or " ; ". A list of four drawn
// numbers is @4x1..9.
func calls(block string) string {
	block = listOf.ReplaceAllStringFunc(block, func(text string) string {
		m := listOf.FindStringSubmatch(text)
		return "[" + strings.Repeat("${"+m[2]+"}, ", atoi(m[1])-1) + "${" + m[2] + "}]"
	})
	var b strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(block, " ; ", "\n")) {
		if args := strings.TrimSpace(line); args != "" {
			b.WriteString("(" + args + ")\n")
		}
	}
	return b.String()
}
