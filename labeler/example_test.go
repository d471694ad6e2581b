package labeler_test

import (
	"fmt"

	"github.com/swerm/swerm/labeler/report"
)

// What a harness says is read and never derived: this one reports a patch as
// resolved and not applied at once, and the verdict rests on resolved.
func Example() {
	doc := `{"octo__cat-7": {"patch_exists": true, "patch_successfully_applied": false, "resolved": true,
	  "tests_status": {"FAIL_TO_PASS": {"success": ["test_a"], "failure": []}}}}`
	parsed, err := report.Parse([]byte(doc))
	if err != nil {
		fmt.Println(err)
		return
	}
	v := parsed.Instances["octo__cat-7"]
	fmt.Println(v.Verdict, v.Reason, v.Findings, *v.F2PPass, "of", *v.F2PTotal)
	// Output: resolved resolved [applied_flag_false_beside_resolved] 1 of 1
}
