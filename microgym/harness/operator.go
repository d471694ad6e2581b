package harness

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// operators are those that the rewriting of a file turns into calls, by the
// name of the built-in, which no program can spell.
func operators() map[string]syntax.Token {
	ops := map[string]syntax.Token{}
	for _, op := range []syntax.Token{
		syntax.PLUS, syntax.MINUS, syntax.STAR, syntax.SLASH, syntax.SLASHSLASH, syntax.PERCENT, syntax.AMP, syntax.PIPE, syntax.CIRCUMFLEX, syntax.LTLT, syntax.GTGT,
		syntax.IN, syntax.NOT_IN, syntax.EQL, syntax.NEQ, syntax.LT, syntax.LE, syntax.GT, syntax.GE,
	} {
		ops[op.String()] = op
	}
	return ops
}

// augmented are the operators of += and its like, by their built-in.
func augmented() map[string]syntax.Token {
	ops := map[string]syntax.Token{}
	for _, op := range []syntax.Token{
		syntax.PLUS, syntax.MINUS, syntax.STAR, syntax.SLASH, syntax.SLASHSLASH, syntax.PERCENT, syntax.AMP, syntax.PIPE, syntax.CIRCUMFLEX, syntax.LTLT, syntax.GTGT,
	} {
		ops[op.String()+"="] = op
	}
	return ops
}

// operator makes the built-in for x op y.
func operator(op syntax.Token) *starlark.Builtin {
	name := op.String()
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return meterOf(thread).binary(op, args[0], args[1])
	})
}

// inPlace makes the built-in for x op= y. A list grows in place.
func inPlace(op syntax.Token) *starlark.Builtin {
	return starlark.NewBuiltin(op.String()+"=", func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		m := meterOf(thread)
		x, y := args[0], args[1]
		if list, ok := x.(*starlark.List); ok && op == syntax.PLUS {
			if _, ok := y.(starlark.Iterable); ok {
				return list, m.method(list, "extend", y, "cannot apply += to list during iteration")
			}
		}
		if dict, ok := x.(*starlark.Dict); ok && op == syntax.PIPE {
			if _, ok := y.(*starlark.Dict); ok {
				return dict, m.method(dict, "update", y, "cannot apply |= to hash table during iteration")
			}
		}
		return m.binary(op, x, y)
	})
}

// method calls a method of a built-in type for what it does. It fails when the
// value is being iterated over, which is then worded as the operator words it.
func (m *meter) method(recv starlark.HasAttrs, name string, arg starlark.Value, busy string) error {
	fn, err := recv.Attr(name)
	if err != nil {
		return err
	}
	if _, err = m.guarded(fn, starlark.Tuple{arg}, nil); err != nil && m.over == nil {
		err = errors.New(busy)
	}
	return err
}

func (m *meter) binary(op syntax.Token, x, y starlark.Value) (starlark.Value, error) {
	if a, ok := x.(starlark.Int); ok {
		if b, ok := y.(starlark.Int); ok {
			return m.integers(op, a, b)
		}
	}
	if err := m.charge(m.binaryCost(op, x, y)); err != nil {
		return nil, err
	}
	switch op {
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.LE, syntax.GT, syntax.GE:
		ok, err := starlark.Compare(op, x, y)
		return starlark.Bool(ok), err
	}
	return starlark.Binary(op, x, y)
}

// integers computes with numbers, whose size is bounded.
func (m *meter) integers(op syntax.Token, x, y starlark.Int) (starlark.Value, error) {
	switch op {
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.LE, syntax.GT, syntax.GE:
		ok, err := starlark.Compare(op, x, y)
		return starlark.Bool(ok), err
	}
	if _, small := x.Int64(); !small {
		words := 1 + x.BigInt().BitLen()/64
		if err := m.charge(words * (1 + y.BigInt().BitLen()/64) / 16); err != nil {
			return nil, err
		}
	}
	v, err := starlark.Binary(op, x, y)
	if i, ok := v.(starlark.Int); ok {
		if _, small := i.Int64(); !small && i.BigInt().BitLen() > maxIntBits {
			return nil, fmt.Errorf("integer of more than %d bits", maxIntBits)
		}
	}
	return v, err
}

// binaryCost prices an operator before it is applied.
func (m *meter) binaryCost(op syntax.Token, x, y starlark.Value) int {
	switch op {
	case syntax.PLUS:
		return joined(x) + joined(y)
	case syntax.STAR:
		return repeated(x, y)
	case syntax.PERCENT:
		if format, ok := x.(starlark.String); ok {
			return m.formatCost(format, "%", y)
		}
	case syntax.IN, syntax.NOT_IN:
		return m.memberCost(x, y)
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.LE, syntax.GT, syntax.GE:
		return compareCost(x, y, m.left())
	case syntax.MINUS, syntax.AMP, syntax.PIPE, syntax.CIRCUMFLEX:
		if m.chargeKeys(x) != nil || m.chargeKeys(y) != nil {
			return -1
		}
	}
	return 0
}

// joined is the price of copying x into something longer.
func joined(x starlark.Value) int {
	switch x := x.(type) {
	case *starlark.List:
		return x.Len() / elementsPerStep
	case starlark.Tuple:
		return len(x) / elementsPerStep
	case starlark.String, starlark.Bytes:
		return size(x)
	case starlark.HasAttrs: // structs
		return len(x.AttrNames())
	}
	return 0
}

// repeated prices x * y, where one is a number.
func repeated(x, y starlark.Value) int {
	n, ok := x.(starlark.Int)
	seq := y
	if !ok {
		if n, ok = y.(starlark.Int); !ok {
			return 0
		}
		seq = x
	}
	times, ok := n.Int64()
	if !ok || times <= 0 {
		return 0 // not more than none, or refused
	}
	length, per := 0, elementsPerStep
	switch s := seq.(type) {
	case starlark.String:
		length, per = len(s), bytesPerStep
	case starlark.Bytes:
		length, per = len(s), bytesPerStep
	case *starlark.List:
		length = s.Len()
	case starlark.Tuple:
		length = len(s)
	}
	hi, lo := bits.Mul64(uint64(length), uint64(times))
	if hi > 0 || lo > 1<<40 {
		return -1
	}
	return int(lo) / per
}

// formatCost prices a format whose directives start with mark: every one may
// print all of the arguments.
func (m *meter) formatCost(format starlark.String, mark string, args starlark.Value) int {
	n := 1
	if _, one := args.(starlark.Tuple); !one || mark == "{" {
		n = strings.Count(string(format), mark)
	}
	limit := m.left()
	w := weigh(args, limit)
	if n > 0 && w > limit/n {
		return -1
	}
	return size(format) + w*n
}

// memberCost prices x in y.
func (m *meter) memberCost(x, y starlark.Value) int {
	limit := m.left()
	switch y := y.(type) {
	case *starlark.List, starlark.Tuple:
		n := y.(starlark.Sequence).Len()
		each := compareCost(x, starlark.Tuple{y}, limit) // no element weighs more than all
		if n > 0 && each > limit/n {
			return min(weigh(y, limit+1), limit+1)
		}
		return n/elementsPerStep + n*each
	case *starlark.Dict, *starlark.Set:
		return m.keyCost(x)
	}
	return size(x) + size(y)*boolInt(isText(y))
}

func isText(v starlark.Value) bool {
	switch v.(type) {
	case starlark.String, starlark.Bytes:
		return true
	}
	return false
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
