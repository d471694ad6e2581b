package gitdiff_test

import (
	"fmt"

	"github.com/swerm/swerm/internal/gitdiff"
)

func Example() {
	old := map[string]string{"shelf.star": "def price(x):\n    return x + 1\n"}
	new := map[string]string{"shelf.star": "def price(x):\n    return x\n"}
	patch := gitdiff.Diff(old, new)
	fmt.Print(patch)
	got, err := gitdiff.Apply(old, patch)
	fmt.Println(got["shelf.star"] == new["shelf.star"], err)
	_, err = gitdiff.Apply(new, patch)
	fmt.Println(err)
	// Output:
	// diff --git a/shelf.star b/shelf.star
	// --- a/shelf.star
	// +++ b/shelf.star
	// @@ -1,2 +1,2 @@
	//  def price(x):
	// -    return x + 1
	// +    return x
	// true <nil>
	// patch does not apply: "shelf.star": line 2: conflict: fragment line does not match src line
}
