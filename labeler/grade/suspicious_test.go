package grade_test

import (
	"regexp/syntax"
	"testing"

	"github.com/swerm/swerm/labeler/grade"
)

// TestEveryMatchIsSuspicious makes the shortest match of every branch of the
// expressions and holds that the cheap look finds each.
func TestEveryMatchIsSuspicious(t *testing.T) {
	for _, re := range grade.CloseLooks() {
		tree, err := syntax.Parse(re.String(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, text := range branches(tree) {
			if text = "x" + text + "x"; !re.MatchString(text) {
				if text = text[1:]; !re.MatchString(text) {
					text = text[:len(text)-1]
				}
			}
			if !re.MatchString(text) {
				t.Errorf("%q is no match of %s", text, re)
			}
			if n++; !grade.Suspicious(text) {
				t.Errorf("%q, a match of %s, is passed over", text, re)
			}
		}
		if n < 6 {
			t.Errorf("%s has %d branches", re, n)
		}
	}
}

// branches makes a short match of each way through an expression.
func branches(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}
	case syntax.OpCharClass:
		return []string{string(re.Rune[0])}
	case syntax.OpCapture, syntax.OpPlus:
		return branches(re.Sub[0])
	case syntax.OpQuest, syntax.OpStar:
		return append([]string{""}, branches(re.Sub[0])...)
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			all = append(all, branches(sub)...)
		}
		return all
	case syntax.OpConcat:
		all := []string{""}
		for _, sub := range re.Sub {
			var longer []string
			for _, head := range all {
				for _, tail := range branches(sub) {
					longer = append(longer, head+tail)
				}
			}
			all = longer
		}
		return all
	case syntax.OpAnyCharNotNL:
		return []string{" "}
	}
	return []string{""} // what has no width
}
