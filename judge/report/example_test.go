package report_test

import (
	"fmt"

	"github.com/swerm/swerm/judge/report"
)

// What a report says in words is its result, whose table a terminal shows.
func ExampleResult_Table() {
	r := report.Result{
		Headline: "On 640 held-out runs of 40 tasks the model ranks resolved above unresolved in 81 % of pairs [78, 84], TF-IDF in 70 % [66, 74].",
		Cautions: []string{"The model read 62 % of the tokens of the judged runs; the rest did not fit its context."},
	}
	fmt.Print(r.Table())
	// Output:
	// On 640 held-out runs of 40 tasks the model ranks resolved above unresolved in 81 % of pairs [78, 84], TF-IDF in 70 % [66, 74].
	// Note: The model read 62 % of the tokens of the judged runs; the rest did not fit its context.
}
