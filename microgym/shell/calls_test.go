package shell

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
)

func TestCalls(t *testing.T) {
	w := New(shop())
	for _, c := range []struct {
		name, args, want string
		code             int
	}{
		{"view", `{"path":"shop/pricing.star"}`, "1\tdef price_after(price, percent):\n2\t    cut = price * percent // 100\n3\t    return price - cut + 1\n", 0},
		{"view", `{"path":"shop/pricing.star","start":2,"end":2}`, "2\t    cut = price * percent // 100\n", 0},
		{"view", `{"path":"shop/pricing.star","start":9}`, "Error: shop/pricing.star has 3 lines\n", 1},
		{"view", `{"path":"shop"}`, "shop/__init__.star\nshop/pricing.star\nshop/stock.star\n", 0},
		{"view", `{"path":"nope"}`, "Error: nope: No such file or directory\n", 1},
		{"view", `{"path":"/etc/passwd"}`, "Error: /etc/passwd: No such file or directory\n", 1},
		{"view", `{"path":"../../etc/passwd"}`, "Error: ../../etc/passwd: No such file or directory\n", 1},
		{"view", `{"path":7}`, "Error: bad arguments: ", 1},
		{"view", `not json`, "Error: bad arguments: ", 1},
		{"view", `{"path":"README.md"} {}`, "Error: bad arguments: ", 1},
		{"view", `{"paht":"README.md"}`, "Error: bad arguments: ", 1},
		{"search", `{"pattern":"return .*cut"}`, "shop/pricing.star:3:    return price - cut + 1\n", 0},
		{"search", `{"pattern":"nope"}`, "No match.\n", 1},
		{"search", `{"pattern":"("}`, "grep: Invalid regular expression\n", 2},
		{"run_tests", `{"paths":["tests/test_pricing.star::test_type"]}`, "1 passed in 0.01s\n", 0},
		{"run_tests", ``, "1 failed, 1 passed in 0.01s\n", 1},
		{"run_tests", `{"paths":["--tb=no"]}`, "Error: bad arguments", 1},
		{"run", `{"code":"load('shop/stock.star', 'count')\nprint(count([1, 2]))"}`, "2\n", 0},
		{"str_replace", `{"path":"shop/pricing.star","old_str":"cut + 1","new_str":"cut"}`, "Edited shop/pricing.star:\n1\tdef price_after(price, percent):\n2\t    cut = price * percent // 100\n3\t    return price - cut\n", 0},
		{"str_replace", `{"path":"shop/pricing.star","old_str":"nope","new_str":"x"}`, "Error: old_str was not found in shop/pricing.star\n", 1},
		{"str_replace", `{"path":"shop/pricing.star","old_str":"price","new_str":"x"}`, "Error: old_str occurs 4 times in shop/pricing.star\n", 1},
		{"str_replace", `{"path":"shop/pricing.star"}`, "Error: bad arguments", 1},
		{"run_tests", `{}`, "2 passed in 0.01s\n", 0},
		{"create", `{"path":"notes/a.md","content":"x\ny\n"}`, "Wrote notes/a.md (2 lines).\n", 0},
		{"create", `{"path":"/etc/x","content":"x"}`, "Error: /etc/x: ", 1},
		{"create", `{"path":"shop","content":"x"}`, "Error: shop: Is a directory\n", 1},
		{"undo", `{}`, "Took back the last edit of notes/a.md.\n", 0},
		{"undo", ``, "Took back the last edit of shop/pricing.star.\n", 0},
		{"undo", ``, "Error: nothing to undo\n", 1},
		{"rm", `{}`, "Error: unknown tool \"rm\"\n", 1},
	} {
		r := w.Call(context.Background(), c.name, c.args)
		if r.Err != nil || r.Submitted || r.Code != c.code || !strings.Contains(r.Output, c.want) {
			t.Errorf("%s %s: %+v, want %q and %d", c.name, c.args, r, c.want, c.code)
		}
	}
	if w.Diff() != "" {
		t.Error(w.Diff())
	}
	if r := w.Call(context.Background(), "submit", ""); !r.Submitted || r.Code != 0 {
		t.Errorf("%+v", r)
	}
}

// TestSchemas holds that every tool that is described can be called, and that
// its required arguments are those it asks for.
func TestSchemas(t *testing.T) {
	var list []struct {
		Type     string
		Function struct{ Name, Description string }
	}
	if err := json.Unmarshal([]byte(ToolSchemas()), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 8 {
		t.Errorf("%d tools", len(list))
	}
	for _, s := range list {
		if tool(s.Function.Name) == nil || s.Function.Description == "" || s.Type != "function" {
			t.Errorf("%+v", s)
		}
	}
}
