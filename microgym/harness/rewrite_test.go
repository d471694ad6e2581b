package harness

import (
	"context"
	"strings"
	"testing"

	"go.starlark.net/lib/math"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// samples are programs whose meaning the rewriting could change.
var samples = []string{
	"x = [1]\ny = x\nx += [2]\nprint(x, y)\nx = x + [3]\nprint(x, y)",
	"x = {'a': 1}\ny = x\nx |= {'b': 2}\nprint(x, y)\nx['a'] += 5\nx['a'] -= 1\nx['a'] *= 3\nprint(y)",
	"def f():\n    print('f')\n    return [1, 2]\ndef g():\n    print('g')\n    return 1\nx = [[1, 2]]\nx[0][g()] += f()[0]\nf()[g()] += 1\nprint(x)",
	"def f():\n    x = 0\n    for i in range(10):\n        x += i * i\n        if x > 20: break\n    return x\nprint(f())",
	"def f():\n    x += 1\nf()",
	"def f():\n    y = x + 1\n    x = 2\nf()",
	"print(1 + 2, 1 - 2, 2 * 3, 7 / 2, 7 // 2, -7 // 2, 7 % 3, -7 % 3, 1 << 3, 9 >> 1, 6 & 3, 6 | 3, 6 ^ 3, ~6, 1.5 + 2, 2 * 'ab', 'ab' * 2, [1] * 2, (1,) * 2)",
	"a, b = 1, 2\nprint(a + b, a - b, a * b, a / b, a // b, a % b, a << b, a >> b, a & b, a | b, a ^ b, a < b, a <= b, a > b, a >= b, a == b, a != b)",
	"a, b = 'x', 'y'\nprint(a + b, a < b, a == b, a in b, a not in b, '%s-%d' % (a, 3), '%s' % a, '%%')",
	"a, b = [1, 2], [3]\nprint(a + b, a < b, a == b, 1 in a, 3 not in a, [a] == [[1, 2]])",
	"a, b = {1: 2}, {3: 4}\nprint(a | b, 1 in a, a == b, a != b)\nprint(set([1, 2]) | set([3]), set([1, 2]) & set([2]), set([1, 2]) - set([2]), set([1]) ^ set([2]))",
	"print(1 + 'a')", "print([1] + (2,))", "print({} < {})", "print(1 in 2)", "print('a' in 1)", "print(1 // 0)", "print(1 % 0)", "print(1.0 / 0)", "print('%d' % 'x')", "print('%s %s' % 1)", "x = 1\nx.foo", "x = ''\nx.spilt()", "None + 1",
	"x = 'a,b;c'\nprint(x.split(','), x.replace('a', 'z'), x.upper(), x.find('b'), x.startswith('a'), '-'.join(['1', '2']), x.partition(','), x.count(','), '{} {1} {x}'.format(1, 2, x=3) if False else '')",
	"print('{} {}'.format(1, 2), '{x}-{0}'.format(1, x=2))",
	"f = 'a b'.split\nprint(f(), f, type(f), [s for s in 'a b'.elems()])\ng = getattr('abc', 'upper')\nprint(g())\nprint(getattr('abc', 'nope', 3), hasattr('', 'upper'), dir([])[:2])",
	"s = struct(split=lambda x: x + 1, pop=3)\nprint(s.split(1), s.pop, s)\nprint(s + struct(a=1), s.nope)",
	"d = {'a': 1, (1, 2): 3}\nprint(d.get('a'), d.get('z', 9), d[(1, 2)], d.pop('a'), d.setdefault('q', 5), d.keys(), d.values(), d.items())\nd.update([('k', 1)], z=2)\nprint(d)\nd.clear()\nprint(d, d['no'])",
	"l = [3, 1, 2]\nl.append(4)\nl.insert(0, 9)\nl.extend((5, 6))\nl.remove(9)\nprint(l, l.index(2), l.pop(), l.pop(0), sorted(l), sorted(l, reverse=True), sorted(l, key=lambda x: -x), max(l), min(l), max(1, 2), min([1, 2], key=lambda x: -x))",
	"sorted([1, 'a'])", "sorted([1], 2)", "max()", "max([])", "min(1, 'a')", "sorted([3, 1], lambda x: x)", "print(sorted([3, 1], lambda x: -x))", "max(1)", "[].pop()", "[1].index(2)", "{}.pop(1)", "{[]: 1}", "x = []\n{x: 1}", "{}[[]]", "set([[]])",
	"print(list(range(3)), tuple('ab'.elems()), dict([(1, 2)], a=3), set([1, 1]), zip([1], [2]), enumerate(['a']), reversed([1, 2]), any([0, 1]), all([]), bytes('a'), int('12'), int('ff', 16), float('1.5'), str(1), repr('a'), ord('a'), hash)",
	"def f(a, b=2, *c, d, **e): return (a, b, c, d, e)\nprint(f(1, *[2, 3], d=4, **{'z': 5}), f(1, d=2))\nf(*1)", "def f(**k): return k\nf(**{1: 2})", "print(*[1, 2], sep='-')", "print([1, 2, 3][::-1], 'abc'[1:], (1, 2, 3)[:2], range(10)[2:5], b'abc'[1:], 'abc'[-1], [1, 2, 3][1], [[1, 2], [3]][0][1])",
	"x = [1, 2, 3]\ni = 5\nx[i]", "x = [1]\nx['a']", "x = {}\nx[1][2] = 3", "x = (1,)\nx[0] = 2", "x = (1,)\nx[0] += 2", "x = 'a'\nx += 1", "x = [1]\nx += 1", "x = {}\nx['q'] += 1", "x, y = 1", "(x, [y]) = (1, [2])\nprint(x, y)", "x = [0, 0]\nx[0], x[1] = 1, 2\nprint(x)", "(x) = 1\n(x) += 2\nprint(x)",
	"print([x * y for x in range(3) for y in range(3) if x != y], {x: x + x for x in 'ab'.elems()}, [a + b for a, b in [(1, 2)]])\nprint({x for x in [1, 1, 2]})",
	"print(1 if True else 2, not 1, -(3), +2, 1 and 2, 0 or 3, (1 == 1) == True, None == None, 1 == 1.0, 'a' != 'b', 1 < 2)",
	"def outer():\n    def inner(n):\n        return 1 if n == 0 else n * inner(n - 1)\n    return inner\nprint(outer()(5))", "def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\nprint(fib(10))",
	"if 1 + 1 == 2:\n    print('a')\nelif 1:\n    print('b')\nelse:\n    print('c')\nfor k, v in {'a': 1}.items():\n    print(k, v)\nelse_ = 1", "load('x.star', 'y')\ny += [1]\nprint(y)", "load('x.star', z='y')\nprint(z)", "load('x.star', 'nope')",
	"x = '%s' % [1, (2,), {'a': None}]\nprint(x, '%(k)s' % {'k': 1}, '%r %x %o %c %e %f %g' % ('a', 255, 8, 'z', 1.5, 1.5, 1.5))", "print(1 << 600)", "print(1 << -1)", "print(10000000000 * 10000000000, 1 << 100, (1 << 100) // 3, (1 << 100) % 7, -(1 << 100))",
	"x = 1\ndef f(): return x\nx = 2\nprint(f())", "print(fail)", "fail('a', 1, [2])", "print('a', 1, None, True, 1.5, [1], sep=',')", "x = [1]\nfor i in x: x.append(2)", "x = {1: 2}\nfor k in x: x[3] = 4", "x = [1]\nfor i in x: x += [2]", "d = {1: 1}\nfor k in d: d |= {2: 2}",
	"print(math.sqrt(4), math.floor(1.5), math.pi)", "print(type(len), len([1]), bool([]), abs(-2), chr(97))", "while True: pass", "x = lambda a, b=1 + 1: a + b\nprint(x(1), x(1, 1), x)", "print((lambda *a: a)(1, 2))", "def f():\n    '''doc'''\n    return\nprint(f())", "return 1", "print('a' 'b')", "print(\"a\\n\", r'a\\n', b'a')", "print(0x1f, 0o17, 0b11, 1e3, .5)",
}

func TestRewriteKeepsMeaning(t *testing.T) {
	for _, src := range samples {
		compare(t, src)
	}
}

// compare runs src as it is and rewritten. Programs that a limit ends are left
// out: the plain interpreter has fewer.
func compare(t *testing.T, src string) {
	t.Helper()
	files := map[string]string{"x.star": "y = [1]\n"}
	got, err := ExecSource(context.Background(), files, src, Limits{Steps: 50_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []string{"LimitExceeded", "integer of more than", "digits", "output cut"} {
		if strings.Contains(got.Stdout+got.Stderr, limit) {
			return
		}
	}
	want := plain(files, src)
	if want == "" { // it used up what the plain interpreter may use
		return
	}
	if text := got.Stdout + got.Stderr; text != want {
		t.Errorf("%q\ngives %q\nwant  %q", src, text, want)
	}
}

// plain runs a program on the interpreter as it comes.
func plain(files map[string]string, src string) string {
	var out strings.Builder
	env := starlark.StringDict{"struct": starlark.NewBuiltin("struct", starlarkstruct.Make), "math": math.Module}
	for _, name := range []string{"assert_eq", "assert_true", "assert_fails"} {
		env[name] = predeclared()[name]
	}
	m := newMeter(context.Background(), "plain", 50_000, Limits{}.withDefaults())
	m.thread.Print = func(_ *starlark.Thread, msg string) { out.WriteString(msg + "\n") }
	var load func(*starlark.Thread, string) (starlark.StringDict, error)
	exec := func(thread *starlark.Thread, name, src string) (starlark.StringDict, error) {
		_, p, err := starlark.SourceProgramOptions(language(), name, src, env.Has)
		if err != nil {
			return nil, newSourceError(name, err)
		}
		return p.Init(thread, env)
	}
	load = func(thread *starlark.Thread, name string) (starlark.StringDict, error) {
		if name != "x.star" {
			return newTree(files, m.limits, nil).load(thread, name)
		}
		return exec(thread, name, files[name])
	}
	m.thread.Load = load
	_, err := exec(m.thread, sourceName, src)
	if m.over != nil {
		return ""
	}
	if err == nil {
		return out.String()
	}
	f, _ := m.judge(err)
	return out.String() + f.traceback()
}
