package harness_test

import (
	"context"
	"fmt"

	"github.com/swerm/swerm/microgym/harness"
)

func Example() {
	files := map[string]string{
		"shelf/pricing.star": `
def price_after(price, percent):
    return price - price * percent // 100 + 1
`,
		"tests/test_pricing.star": `
load("shelf/pricing.star", "price_after")

def test_small():
    assert_eq(price_after(100, 10), 90)

def test_type():
    assert_eq(type(price_after(1, 1)), "int")
`,
	}
	report, err := harness.RunTests(context.Background(), files, harness.TestOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Print(report.Text(harness.Verbosity{Level: harness.Quiet, Traceback: harness.ShortTraceback}))
	// Output:
	// F.                                                                       [100%]
	//
	// =================================== FAILURES ===================================
	// __________________________________ test_small __________________________________
	// tests/test_pricing.star:5: in test_small
	//     assert_eq(price_after(100, 10), 90)
	// E   assert 91 == 90
	// =========================== short test summary info ============================
	// FAILED tests/test_pricing.star::test_small - assert 91 == 90
	// 1 failed, 1 passed in 0.01s
}
