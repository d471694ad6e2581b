package harness

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// hostile are programs that want to run long, grow large or crash the process.
// Each must end by a limit or an error, soon and in little memory.
var hostile = map[string]string{
	"endless loop":         "def f():\n    for i in range(1 << 60): pass\nf()",
	"nested loops":         "for i in range(1 << 30):\n    for j in range(1 << 30): pass",
	"recursion":            "def f(n): return f(n + 1)\nf(0)",
	"mutual recursion":     "def f(n): return g(n)\ndef g(n): return [f(n) for _ in [1]]\nf(0)",
	"recursion by sorted":  "def f(n): return sorted([1, 2], key=lambda x: f(n))\nf(0)",
	"recursion by lambda":  "f = lambda g: g(g)\nf(f)",
	"repeat":               `x = "a" * 1000000000`,
	"repeat again":         `x = "a" * 1000 * 1000 * 1000 * 1000`,
	"repeat left":          `x = 1000000000 * "a"`,
	"repeat list":          "x = [0] * 1000000000",
	"repeat tuple":         "x = (0,) * 1000000000",
	"repeat overflow":      `x = "ab" * 9223372036854775807`,
	"repeat in place":      "x = [0]\nx *= 1000000000",
	"repeat by a loop":     "x = 'a'\nfor i in range(100): x *= 2",
	"doubling strings":     "x = 'a'\nfor i in range(100): x += x",
	"doubling sum":         "x = 'a'\nfor i in range(100): x = x + x",
	"doubling lists":       "x = [0]\nfor i in range(100): x += x",
	"doubling extend":      "x = [0]\nfor i in range(100): x.extend(x)",
	"doubling elements":    "d = {'k': [0]}\nfor i in range(100): d['k'] += d['k']",
	"doubling nested":      "d = {'k': {'l': 'a'}}\nfor i in range(100): d['k']['l'] += d['k']['l']",
	"doubling in struct":   "x = struct(a='b' * 1000)\nfor i in range(100): x = struct(a=x.a + x.a)",
	"doubling bytes":       "x = b'a'\nfor i in range(100): x += x",
	"doubling bound":       "x = [0]\ne = x.extend\nfor i in range(100): e(x)",
	"doubling getattr":     "x = [0]\ne = getattr(x, 'extend')\nfor i in range(100): e(x)",
	"doubling slices":      "x = [0]\nfor i in range(100): x[:] if False else None; x = x[:] + x[:]",
	"keeping slices":       "x = [0] * 100000\ny = []\nfor i in range(1 << 30): y.append(x[:])",
	"keeping copies":       "x = [0] * 100000\ny = []\nfor i in range(1 << 30): y.append(list(x))",
	"keeping arguments":    "x = [0] * 100000\ny = []\ndef f(*a): y.append(a)\nfor i in range(1 << 30): f(*x)",
	"keeping strings":      "x = 'a' * 1000000\ny = []\nfor i in range(1 << 30): y.append(x + 'b')",
	"keeping formats":      "x = 'a' * 1000000\ny = []\nfor i in range(1 << 30): y.append('%s' % x)",
	"keeping upper":        "x = 'a' * 1000000\ny = []\nfor i in range(1 << 30): y.append(x.upper())",
	"keeping split":        "x = 'a,' * 100000\ny = []\nfor i in range(1 << 30): y.append(x.split(','))",
	"keeping items":        "d = {i: i for i in range(10000)}\ny = []\nfor i in range(1 << 30): y.append(d.items())",
	"keeping dicts":        "d = {i: i for i in range(10000)}\ny = []\nfor i in range(1 << 30): y.append(dict(d))",
	"keeping unions":       "d = {i: i for i in range(10000)}\ny = []\nfor i in range(1 << 30): y.append(d | d)",
	"keeping sets":         "d = set(range(10000))\ny = []\nfor i in range(1 << 30): y.append(d.union(d))",
	"list of a range":      "list(range(1 << 40))",
	"tuple of a range":     "tuple(range(1 << 40))",
	"set of a range":       "set(range(1 << 40))",
	"sorted range":         "sorted(range(1 << 40))",
	"any of a range":       "any(range(-(1 << 40), 0)) or any([0 for i in range(1 << 40)])",
	"all of a range":       "all(range(1, 1 << 40))",
	"max of a range":       "max(range(1 << 40))",
	"max by key":           "max(range(1 << 40), key=lambda x: x)",
	"zip of ranges":        "zip(range(1 << 40), range(1 << 40))",
	"enumerate a range":    "enumerate(range(1 << 40))",
	"reversed range":       "reversed(range(1 << 40))",
	"dict of a range":      "dict(enumerate(range(1 << 40)))",
	"join":                 "x = 'a' * 100000\n','.join([x] * 100000)",
	"join by a separator":  "x = 'a' * 100000\nx.join(['b'] * 100000)",
	"join a range":         "','.join([str(i) for i in range(1 << 40)])",
	"replace":              "x = 'a' * 100000\nx.replace('a', x)",
	"replace nothing":      "x = 'a' * 100000\nx.replace('', x)",
	"format":               "x = 'a' * 100000\n('{0}' * 100000).format(x)",
	"format by name":       "x = 'a' * 100000\n('{x}' * 100000).format(x=x)",
	"percent":              "x = 'a' * 100000\n('%s' * 100000) % ((x,) * 100000)",
	"percent by name":      "x = 'a' * 100000\n('%(x)s' * 100000) % {'x': x}",
	"print shared":         "x = []\nfor i in range(100): x = [x, x]\nprint(x)",
	"repr shared":          "x = []\nfor i in range(100): x = [x, x]\nrepr(x)",
	"str shared tuples":    "x = ()\nfor i in range(100): x = (x, x)\nstr(x)",
	"compare shared":       "x, y = [], []\nfor i in range(9): x, y = [x] * 1000, [y] * 1000\nx == y",
	"compare tuples":       "x, y = (), ()\nfor i in range(9): x, y = (x,) * 1000, (y,) * 1000\nx == y",
	"order shared":         "x, y = [], []\nfor i in range(9): x, y = [x] * 1000, [y] * 1000\nsorted([x, y])",
	"order by key":         "x = (0,) * 100000\nsorted(range(10000), key=lambda i: x)",
	"member shared":        "x, y = [], []\nfor i in range(9): x, y = [x] * 1000, [y] * 1000\nx in [y]",
	"index shared":         "x, y = [], []\nfor i in range(9): x, y = [x] * 1000, [y] * 1000\n[y].index(x)",
	"member of a list":     "x = list(range(10000))\nfor i in range(1 << 30): -1 in x",
	"member of a string":   "x = 'a' * 1000000\nfor i in range(1 << 30): ('a' * 1000 + 'b') in x",
	"hash shared":          "x = ()\nfor i in range(100): x = (x, x)\n{x: 1}",
	"hash by index":        "x = ()\nfor i in range(100): x = (x, x)\nd = {}\nd[x] = 1",
	"hash by get":          "x = ()\nfor i in range(100): x = (x, x)\nd = {}\nd.get(x)",
	"hash by in":           "x = ()\nfor i in range(100): x = (x, x)\nx in {}",
	"hash by set":          "x = ()\nfor i in range(100): x = (x, x)\nset([x])",
	"hash by dict":         "x = ()\nfor i in range(100): x = (x, x)\ndict([(x, 1)])",
	"hash by add":          "x = ()\nfor i in range(100): x = (x, x)\ns = set()\ns.add(x)",
	"hash by update":       "x = ()\nfor i in range(100): x = (x, x)\nd = {}\nd.update([(x, 1)])",
	"hash comprehension":   "x = ()\nfor i in range(100): x = (x, x)\n{k: 1 for k in [x]}",
	"hash struct":          "x = struct()\nfor i in range(100): x = struct(a=x, b=x)\n{x: 1}",
	"hash by bound method": "x = ()\nfor i in range(100): x = (x, x)\nf = {}.get\nf(x)",
	"hash by arguments":    "x = ()\ndef f(*a): return a\nfor i in range(100): x = f(x, x)\n{x: 1}",
	"hash by += key":       "x = ()\nfor i in range(100): x = (x, x)\nd = {}\nd[x] += 'a'",
	"colliding integers":   "d = {}\nfor i in range(1 << 30): d[i << 32] = 1",
	"colliding tuples":     "d = {}\nfor i in range(1 << 30): d[(i << 32,)] = 1",
	"struct shared":        "x = struct()\nfor i in range(100): x = struct(a=x, b=x)\nprint(x)",
	"closures":             "f = lambda: 0\ndef mk(a, b): return lambda: (a, b)\nfor i in range(100): f = mk(f, f)\n",
	"self closure":         "def outer():\n    def inner(n): return inner(n - 1)\n    return inner\nf = outer()",
	"big integers":         "x = 3\nfor i in range(100): x = x * x",
	"big shifts":           "x = 1\nfor i in range(1 << 30): x = x << 511",
	"big sums":             "x = 1\nfor i in range(1 << 30): x += x",
	"big text numbers":     "int('9' * 100000)",
	"big floats":           "x = int(1e308)\nfor i in range(1 << 30): x = x * x // 7",
	"string scans":         "x = 'a' * 1000000\nfor i in range(1 << 30): x.count('b')",
	"string strips":        "x = ' ' * 1000000\nfor i in range(1 << 30): x.strip()",
	"list inserts":         "x = []\nfor i in range(1 << 30): x.insert(0, i)",
	"list pops":            "x = [0] * 100000\nfor i in range(1 << 30): x.pop(0); x.append(1)",
	"deep lists":           "x = []\nfor i in range(1 << 30): x = [x]",
	"deep print":           "x = []\nfor i in range(10000): x = [x]\nprint(x)",
	"deep compare":         "x, y = [], []\nfor i in range(10000): x, y = [x], [y]\nx == y",
	"deep hash":            "x = ()\nfor i in range(10000): x = (x,)\n{x: 1}",
	"codepoints":           "x = 'a' * 1000000\nfor i in range(1 << 30): list(x.codepoints())",
	"caught limits":        "def f():\n    for i in range(1 << 60): pass\nfor i in range(1 << 60): assert_fails(f)",
	"caught repeats":       "for i in range(1 << 60): assert_fails(lambda: 'a' * 10000000000)",
	"caught recursion":     "def f(): f()\nfor i in range(1 << 60): assert_fails(f)",
	"caught messages":      "x = 'a' * 1000000\nfor i in range(1 << 60): assert_fails(lambda: {}[x])",
	"assert of long":       "assert_eq(['a' * 1000000] * 1000, [])",
	"assert true of long":  "assert_true([] + [])\nassert_true('')",
	"fail of long":         "x = []\nfor i in range(100): x = [x, x]\nfail(x)",
	"output":               "for i in range(1 << 60): print('x' * 1000)",
	"one long print":       "print('x' * 1000000)",
	"sum by float":         "x = 1e308\nfor i in range(1 << 60): x = x * x",
	"deep brackets":        "x = " + strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000),
	"deep not":             "x = " + strings.Repeat("not ", 20_000) + "1",
	"deep minus":           "x = " + strings.Repeat("-", 100_000) + "1",
	"deep sum":             "x = 1" + strings.Repeat("+1", 50_000),
	"deep concatenation":   "x = ''" + strings.Repeat("+''", 30_000),
	"deep lambda":          "x = " + strings.Repeat("lambda:", 15_000) + "1",
	"deep if":              "x = " + strings.Repeat("1 if 0 else ", 8_000) + "1",
	"deep elif":            "if 0: pass\n" + strings.Repeat("elif 0: pass\n", 9_000),
	"deep index":           "x = {}" + strings.Repeat("[0]", 30_000),
	"deep call":            "x = print" + strings.Repeat("()", 50_000),
	"deep attribute":       "x = ''" + strings.Repeat(".a", 50_000),
	"deep and":             "x = 1" + strings.Repeat(" and 1", 18_000),
	"many loads":           strings.Repeat("load('x.star', 'y')\n", 5_000),
	"long number":          "x = " + strings.Repeat("9", 100_000),
	"long file":            strings.Repeat("#\n", 100_000),
	"many comprehensions":  "[" + strings.Repeat("0 for a in range(100) ", 1)[:1] + strings.Repeat(" for a in range(100)", 100) + "]",
	"huge range repr":      "print(range(1 << 60))",
	"hash of long":         "x = 'a' * 1000000\nfor i in range(1 << 30): hash(x)",
	"min of shared":        "x, y = [], []\nfor i in range(9): x, y = [x] * 1000, [y] * 1000\nmin(x, y)",
	"shared star":          "def f(*a, **k): return a\nx = [0] * 100000\nfor i in range(1 << 30): f(*x, **{})",
	"unpack":               "x = [0] * 100000\nfor i in range(1 << 30): a, b = x",
	"dict keys of range":   "{i: i for i in range(1 << 60)}",
	"dir":                  "for i in range(1 << 60): dir('')",
	"elems":                "x = 'a' * 1000000\nfor i in range(1 << 60): len(x.elems())",
	"partition":            "x = 'a' * 1000000\ny = []\nfor i in range(1 << 60): y.append((x + 'b').partition('b'))",
	"title":                "x = 'a' * 1000000\nfor i in range(1 << 60): x.title()",
}

// TestHostilePrograms runs all of them. Memory is looked at from outside, time
// is logged.
func TestHostilePrograms(t *testing.T) {
	for name, src := range hostile {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			s, err := ExecSource(context.Background(), map[string]string{"x.star": "y = 1\n"}, src, Limits{})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 300 {
				t.Errorf("allocated %d MiB", mb)
			}
			if len(s.Stdout) > DefaultOutputBytes+100 || len(s.Stderr) > maxMessageBytes+4_000 {
				t.Errorf("%d and %d bytes of text", len(s.Stdout), len(s.Stderr))
			}
			lines := strings.Split(strings.TrimSpace(s.Stderr), "\n")
			t.Logf("%v, %d MiB, %d steps, code %d: %.150s", took.Round(time.Microsecond), (after.TotalAlloc-before.TotalAlloc)>>20, s.Steps, s.Code, lines[len(lines)-1])
		})
	}
}

// TestLimitsAreVerdicts holds that a test that goes over a limit is an error,
// and that the ones around it are what they were.
func TestLimitsAreVerdicts(t *testing.T) {
	var b strings.Builder
	b.WriteString("def test_a(): assert_eq(1, 1)\n")
	i := 0
	for name, src := range hostile {
		if strings.Contains(src, "load(") || len(src) > 1000 || strings.Contains(src, "struct()") {
			continue
		}
		if name == "doubling extend" || name == "hash shared" || name == "recursion" || name == "repeat" || name == "endless loop" {
			fmt.Fprintf(&b, "def test_bad%d():\n    %s\n", i, strings.ReplaceAll(src, "\n", "\n    "))
			i++
		}
	}
	b.WriteString("def test_z(): assert_eq(1, 1)\n")
	r := runAll(t, map[string]string{"tests/test_x.star": b.String()}, TestOptions{})
	c := r.Counts()
	if c.Passed != 2 || c.Errors != 5 || c.Failed != 0 {
		t.Errorf("%+v\n%s", c, r.Text(Verbosity{Level: Verbose}))
	}
}

// TestTotalSteps holds that a run of many bad tests is bounded as a whole.
func TestTotalSteps(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "def test_%d():\n    for i in range(1 << 60): pass\n", i)
	}
	r := runAll(t, map[string]string{"tests/test_x.star": b.String()}, TestOptions{Limits: Limits{TotalSteps: 500_000}})
	if c := r.Counts(); c.Errors != 100 || r.Steps() > 800_000 {
		t.Errorf("%+v, %d steps", c, r.Steps())
	}
}
