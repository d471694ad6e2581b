package pipeline_test

import (
	"fmt"

	"github.com/swerm/swerm/pipeline"
)

// A stage accounts for every candidate record: what came in is what went out,
// what was dropped for a named reason, and what failed.
func ExampleCounts() {
	c := pipeline.Counts{In: 5, Out: 3, Failed: 1}
	c.Drop(pipeline.DropDuplicate)
	fmt.Println(c)
	fmt.Println(c.Check())

	c.Out--
	fmt.Println(c.Check())
	// Output:
	// 5 in, 3 out, 1 dropped (duplicate), 1 failed
	// <nil>
	// counts: in 5 is not out 2 + dropped 1 + failed 1
}

// Only two verdicts are scores. The others never become a number.
func ExampleVerdict_Target() {
	for _, v := range pipeline.Verdicts() {
		y, ok := v.Target()
		fmt.Println(v, y, ok)
	}
	// Output:
	// resolved 1 true
	// unresolved 0 true
	// infra 0 false
	// timeout 0 false
	// flaky 0 false
	// tainted 0 false
	// unknown 0 false
}

// Two patches that differ in white space at the ends of lines are one patch.
func ExamplePatchHash() {
	a := pipeline.PatchHash("+x = 1\n+y = 2\n")
	b := pipeline.PatchHash("+x = 1 \r\n+y = 2\n\n\n")
	c := pipeline.PatchHash("+x  = 1\n+y = 2\n")
	fmt.Println(a == b, a == c)
	// Output: true false
}
