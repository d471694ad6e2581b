package shell_test

import (
	"context"
	"fmt"

	"github.com/swerm/swerm/microgym/shell"
)

func Example() {
	w := shell.New(map[string]string{
		"shop.star":            "def net(price, cut):\n    return price - cut + 1\n",
		"tests/test_shop.star": "load('shop.star', 'net')\n\ndef test_net():\n    assert_eq(net(100, 10), 90)\n",
	})
	for _, command := range []string{
		"grep -n return shop.star",
		"pytest -q --tb=no | tail -n 1",
		"sed -i 's/ + 1$//' shop.star && git diff && pytest -q | tail -n 1",
		"cat /etc/passwd",
	} {
		r := w.Run(context.Background(), command)
		fmt.Printf("$ %s\n%s", command, r.Output)
	}
	fmt.Println(w.Run(context.Background(), "submit").Submitted)
	// Output:
	// $ grep -n return shop.star
	// 2:    return price - cut + 1
	// $ pytest -q --tb=no | tail -n 1
	// 1 failed in 0.01s
	// $ sed -i 's/ + 1$//' shop.star && git diff && pytest -q | tail -n 1
	// diff --git a/shop.star b/shop.star
	// --- a/shop.star
	// +++ b/shop.star
	// @@ -1,2 +1,2 @@
	//  def net(price, cut):
	// -    return price - cut + 1
	// +    return price - cut
	// 1 passed in 0.01s
	// $ cat /etc/passwd
	// cat: /etc/passwd: No such file or directory
	// true
}
