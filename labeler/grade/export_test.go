package grade

import "regexp"

// Suspicious reports whether a line is looked at closely.
func Suspicious(text string) bool { return suspicious(text) }

// CloseLooks are the expressions that only suspicious lines are matched against.
func CloseLooks() []*regexp.Regexp {
	return []*regexp.Regexp{statusText(), hookText(), skipText(), exitText()}
}
