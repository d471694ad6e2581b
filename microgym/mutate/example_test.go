package mutate_test

import (
	"fmt"

	"github.com/swerm/swerm/microgym/mutate"
)

func Example() {
	const src = `def capped(price, limit=100):
    """The price, at most limit."""
    if price > limit:
        return limit
    return price
`
	edits, err := mutate.Bugs("shop/prices.star", src)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range edits {
		if e.Kind == mutate.Boundary || e.Kind == mutate.WrongVariable && e.Line == 4 {
			fmt.Printf("%s, line %d: %q becomes %q\n", e.Kind, e.Line, e.OldLines(src), e.NewLines(src))
		}
	}
	// Output:
	// boundary, line 3: "    if price > limit:" becomes "    if price >= limit:"
	// wrong_variable, line 4: "        return limit" becomes "        return price"
}
