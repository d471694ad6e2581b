package harness

import (
	"math/bits"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// bulkMethods are the methods whose work grows with what they are given. The
// rewriting of a file sends their calls through guarded.
func bulkMethods() []string {
	return []string{
		"capitalize", "codepoint_ords", "codepoints", "count", "elem_ords", "elems", "endswith", "find", "format", "index", "isalnum", "isalpha", "isdigit", "islower",
		"isspace", "istitle", "isupper", "join", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rpartition", "rsplit",
		"rstrip", "split", "splitlines", "startswith", "strip", "title", "upper", // strings
		"get", "items", "keys", "pop", "popitem", "setdefault", "update", "values", // dicts
		"extend", "insert", "remove", // lists
		"add", "difference", "discard", "intersection", "issubset", "issuperset", "symmetric_difference", "union", // sets
	}
}

// guardMethod is the built-in that a call x.method(…) becomes: its first
// argument is x.method.
func guardMethod(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return meterOf(thread).guarded(args[0], args[1:], kwargs)
}

// guardAttr is what x.method becomes where it is not called: a method that
// guards its calls.
func guardAttr(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	return guardValue(args[0]), nil
}

func guardValue(v starlark.Value) starlark.Value {
	b, ok := v.(*starlark.Builtin)
	if !ok || b.Receiver() == nil || !slices.Contains(bulkMethods(), b.Name()) {
		return v
	}
	return starlark.NewBuiltin(b.Name(), func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return meterOf(thread).guarded(b, args, kwargs)
	}).BindReceiver(b.Receiver())
}

// guarded calls fn; when it is a method of a built-in value, it is paid for
// first, and its result after.
func (m *meter) guarded(fn starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	b, ok := fn.(*starlark.Builtin)
	if !ok || b.Receiver() == nil {
		return starlark.Call(m.thread, fn, args, kwargs)
	}
	if err := m.chargeMethod(b, args, kwargs); err != nil {
		return nil, err
	}
	v, err := b.CallInternal(m.thread, args, kwargs)
	if err != nil {
		return nil, err
	}
	switch v.(type) {
	case starlark.String, *starlark.List, starlark.Tuple, *starlark.Set:
		if v != b.Receiver() {
			err = m.charge(size(v))
		}
	}
	return v, err
}

func (m *meter) chargeMethod(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) error {
	switch recv := b.Receiver().(type) {
	case starlark.String:
		return m.chargeString(string(recv), b.Name(), args, kwargs)
	case *starlark.List:
		return m.chargeList(recv, b.Name(), args)
	case *starlark.Dict, *starlark.Set:
		return m.chargeHashed(recv, b.Name(), args, kwargs)
	}
	return nil
}

// chargeString pays for a method of a string. Those whose result can be longer
// than what goes in are priced by the result.
func (m *meter) chargeString(s, name string, args starlark.Tuple, kwargs []starlark.Tuple) error {
	cost := len(s) / bytesPerStep
	switch name {
	case "format":
		all := slices.Clone(args)
		for _, kw := range kwargs {
			all = append(all, kw[1])
		}
		cost = m.formatCost(starlark.String(s), "{", all)
	case "join":
		if len(args) == 1 {
			if err := m.charge(size(args[0]) * (1 + cost)); err != nil {
				return err
			}
			cost = 0
			if it, ok := args[0].(starlark.Iterable); ok {
				for e := range starlark.Elements(it) {
					cost += size(e)
				}
			}
		}
	case "replace":
		if len(args) >= 2 {
			from, _ := starlark.AsString(args[0])
			to, _ := starlark.AsString(args[1])
			hi, lo := bits.Mul64(uint64(strings.Count(s, from)), uint64(len(to)))
			if hi > 0 || lo > 1<<40 {
				return m.charge(-1)
			}
			cost += int(lo) / bytesPerStep
		}
	default:
		for _, a := range args {
			if isText(a) {
				cost += size(a)
			}
		}
	}
	return m.charge(cost)
}

func (m *meter) chargeList(l *starlark.List, name string, args starlark.Tuple) error {
	switch name {
	case "extend":
		for _, a := range args {
			if err := m.charge(size(a)); err != nil {
				return err
			}
		}
		return nil
	case "index", "remove":
		if len(args) > 0 {
			return m.charge(m.memberCost(args[0], l))
		}
	}
	return m.charge(l.Len() / elementsPerStep / 4) // pop and insert move what is behind
}

// chargeHashed pays for a method of a dict or set, whose keys are hashed.
func (m *meter) chargeHashed(recv starlark.Value, name string, args starlark.Tuple, kwargs []starlark.Tuple) error {
	switch name {
	case "items", "keys", "values":
		return m.charge(size(recv))
	case "get", "pop", "setdefault", "add", "remove", "discard", "popitem":
		if len(args) == 0 {
			return nil
		}
		return m.charge(m.keyCost(args[0]))
	}
	if name != "update" {
		if err := m.chargeKeys(recv); err != nil {
			return err
		}
	}
	for _, a := range args {
		if err := m.chargePairs(a); err != nil {
			return err
		}
	}
	return m.charge(len(kwargs))
}

// chargePairs pays for keys that are elements of v, or the first of pairs that
// are.
func (m *meter) chargePairs(v starlark.Value) error {
	if err := m.chargeKeys(v); err != nil {
		return err
	}
	it, ok := v.(starlark.Iterable)
	if !ok {
		return nil
	}
	sum, limit := 0, m.left()
	for e := range starlark.Elements(it) {
		if pair, ok := e.(starlark.Indexable); ok && !isText(e) && pair.Len() == 2 {
			if sum += m.keyCost(pair.Index(0)); sum > limit {
				return m.charge(-1)
			}
		}
	}
	return m.charge(sum)
}

// guardKey passes a key on, paid for.
func guardKey(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	k := args[0]
	switch k := k.(type) {
	case starlark.Int:
		if n, ok := k.Int64(); ok && n == int64(int32(n)) {
			return k, nil
		}
	case starlark.String:
		if len(k) < bytesPerStep {
			return k, nil
		}
	}
	m := meterOf(thread)
	return k, m.charge(m.keyCost(k))
}

// guardArgs passes on what *args or **kwargs unpack, paid for.
func guardArgs(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	return args[0], meterOf(thread).charge(size(args[0]))
}

// guardSlice passes on a slice, paid for.
func guardSlice(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	return args[0], meterOf(thread).charge(joined(args[0]))
}
