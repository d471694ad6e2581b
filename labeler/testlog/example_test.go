package testlog_test

import (
	"fmt"

	"github.com/swerm/swerm/labeler/testlog"
)

// What a log says, and where.
func Example() {
	log := "============ test session starts ============\n" +
		"tests/test_cart.py::test_total[two words] FAILED   [ 50%]\n" +
		"tests/test_cart.py::test_empty PASSED              [100%]\n" +
		"========== short test summary info ==========\n" +
		"FAILED tests/test_cart.py::test_total[two words] - assert 3 == 4\n" +
		"======= 1 failed, 1 passed in 0.02s =======\n"
	parsed := testlog.Pytest().Parse([]byte(log))
	for _, r := range parsed.Records {
		fmt.Printf("%v %s, at byte %d\n", r.Status, log[r.NameAt.Start:r.NameAt.End], r.StatusAt.Start)
	}
	fmt.Println(parsed.Total.Ran(), "ran")
	// Output:
	// FAILED tests/test_cart.py::test_total[two words], at byte 88
	// PASSED tests/test_cart.py::test_empty, at byte 135
	// FAILED tests/test_cart.py::test_total[two words], at byte 208
	// 2 ran
}
