package harness

import (
	"fmt"
	"math/bits"

	"go.starlark.net/lib/math"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// guardedBuiltins are Starlark's own built-ins whose work grows with their
// arguments, each paid for before it runs.
func guardedBuiltins() starlark.StringDict {
	d := starlark.StringDict{}
	for name, price := range map[string]func(*meter, starlark.Tuple, []starlark.Tuple) error{
		"all": sizes, "any": sizes, "bytes": sizes, "dir": sizes, "enumerate": sizes, "float": sizes, "hash": sizes, "list": sizes, "ord": sizes, "reversed": sizes, "tuple": sizes, "zip": sizes,
		"fail": weights, "print": weights, "repr": weights, "str": weights,
		"dict": keys, "set": keys,
		"int": digits,
	} {
		d[name] = priced(name, price)
	}
	for _, name := range []string{"max", "min", "sorted"} {
		d[name] = ordered(name)
	}
	d["getattr"] = starlark.NewBuiltin("getattr", getAttr)
	return d
}

func priced(name string, price func(*meter, starlark.Tuple, []starlark.Tuple) error) *starlark.Builtin {
	fn := starlark.Universe[name].(*starlark.Builtin)
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := price(meterOf(thread), args, kwargs); err != nil {
			return nil, err
		}
		return fn.CallInternal(thread, args, kwargs)
	})
}

// sizes prices one pass over each argument.
func sizes(m *meter, args starlark.Tuple, _ []starlark.Tuple) error {
	for _, a := range args {
		if err := m.charge(size(a)); err != nil {
			return err
		}
	}
	return nil
}

// weights prices the printing of each argument.
func weights(m *meter, args starlark.Tuple, kwargs []starlark.Tuple) error {
	for _, a := range args {
		if err := m.chargeWeight(a, 1); err != nil {
			return err
		}
	}
	for _, kw := range kwargs {
		if err := m.chargeWeight(kw[1], len(args)); err != nil { // sep stands between all of them
			return err
		}
	}
	return nil
}

func keys(m *meter, args starlark.Tuple, kwargs []starlark.Tuple) error {
	for _, a := range args {
		if err := m.chargePairs(a); err != nil {
			return err
		}
	}
	return m.charge(len(kwargs))
}

// digits bounds the numbers that are read from text.
func digits(m *meter, args starlark.Tuple, kwargs []starlark.Tuple) error {
	if len(args) > 0 {
		if s, ok := starlark.AsString(args[0]); ok && len(s) > maxDigits {
			return fmt.Errorf("int: a number of more than %d digits", maxDigits)
		}
	}
	return sizes(m, args, kwargs)
}

// ordered makes sorted, max and min. What they compare is priced: the elements
// themselves, or what a key makes of each.
func ordered(name string) *starlark.Builtin {
	fn := starlark.Universe[name].(*starlark.Builtin)
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		m := meterOf(thread)
		var of starlark.Value = args
		if len(args) == 1 || name == "sorted" && len(args) > 0 {
			of = args[0]
		}
		n := size(of)
		rounds := 1
		if name == "sorted" {
			rounds = 1 + bits.Len(uint(n))
		}
		if err := m.charge(n); err != nil { // before the walk: a range may be endless
			return nil, err
		}
		args, kwargs, keyed := withPricedKey(name, args, kwargs, rounds)
		if !keyed {
			if err := m.chargeElements(of, rounds); err != nil {
				return nil, err
			}
		}
		return fn.CallInternal(thread, args, kwargs)
	})
}

// withPricedKey puts a priced key in the place of the one that was given.
func withPricedKey(name string, args starlark.Tuple, kwargs []starlark.Tuple, rounds int) (starlark.Tuple, []starlark.Tuple, bool) {
	for i, kw := range kwargs {
		if kw[0] == starlark.String("key") && kw[1] != starlark.None {
			kwargs = append([]starlark.Tuple{}, kwargs...)
			kwargs[i] = starlark.Tuple{kw[0], pricedKey(kw[1], rounds)}
			return args, kwargs, true
		}
	}
	if name == "sorted" && len(args) > 1 && args[1] != starlark.None { // sorted takes its key by position as well
		args = append(starlark.Tuple{}, args...)
		args[1] = pricedKey(args[1], rounds)
		return args, kwargs, true
	}
	return args, kwargs, false
}

func pricedKey(key starlark.Value, rounds int) starlark.Value {
	fn, ok := key.(starlark.Callable)
	if !ok {
		return key // refused by who is given it
	}
	return starlark.NewBuiltin(fn.Name(), func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		k, err := starlark.Call(thread, fn, args, kwargs)
		if err != nil {
			return nil, err
		}
		return k, meterOf(thread).chargeWeight(k, rounds)
	})
}

// chargeElements charges the weight of each element, times n.
func (m *meter) chargeElements(v starlark.Value, n int) error {
	it, ok := v.(starlark.Iterable)
	if !ok {
		return nil
	}
	sum, limit := 0, m.left()/n
	for e := range starlark.Elements(it) {
		if sum += weigh(e, limit); sum > limit {
			return m.charge(-1)
		}
	}
	return m.charge(sum * n)
}

func getAttr(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := starlark.Universe["getattr"].(*starlark.Builtin).CallInternal(thread, args, kwargs)
	if err != nil {
		return nil, err
	}
	return guardValue(v), nil
}

// environment is all that a file sees: the assertions, struct and math, the
// guarded built-ins, and those that the rewriting of files calls.
func environment() starlark.StringDict {
	d := guardedBuiltins()
	for name, fn := range map[string]func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error){
		"assert_eq": assertEq, "assert_true": assertTrue, "assert_fails": assertFails, "struct": starlarkstruct.Make,
		callMethod: guardMethod, takeAttr: guardAttr, passKey: guardKey, passArgs: guardArgs, passSlice: guardSlice,
	} {
		d[name] = starlark.NewBuiltin(name, fn)
	}
	d["math"] = math.Module
	for name, op := range operators() {
		d[name] = operator(op)
	}
	for name, op := range augmented() {
		d[name] = inPlace(op)
	}
	return d
}
