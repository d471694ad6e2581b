package yamlcfg

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Decode fills into, a pointer, from the document. What the document does not
// name keeps the value it has, so defaults are filled in before. Lists and
// maps are replaced whole. Every mistake is listed, each with its place.
func (d *Doc) Decode(into any) error { return d.root.Decode(into) }

// Decode fills into, a pointer, from the node. See [Doc.Decode].
func (n *Node) Decode(into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic(fmt.Sprintf("yamlcfg: decode into %T, which is no pointer", into))
	}
	if n.Kind() == Null {
		return nil
	}
	var f faults
	n.decode(v.Elem(), &f)
	return f.err()
}

var (
	nodeType     = reflect.TypeFor[*Node]()
	durationType = reflect.TypeFor[time.Duration]()
	rawJSONType  = reflect.TypeFor[json.RawMessage]()
)

func (n *Node) decode(v reflect.Value, f *faults) {
	switch {
	case v.Type() == nodeType:
		v.Set(reflect.ValueOf(n))
		return
	case n.kind == Null:
		if v.Kind() == reflect.Pointer || v.Kind() == reflect.Map || v.Kind() == reflect.Slice {
			v.SetZero()
		}
		return // `key:` with nothing after it leaves the default
	case v.Type() == durationType:
		n.duration(v, f)
		return
	}
	if n.custom(v, f) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		n.decode(v.Elem(), f)
	case reflect.Struct:
		n.structure(v, f)
	case reflect.Map:
		n.mapping(v, f)
	case reflect.Slice:
		n.slice(v, f)
	case reflect.Array:
		if n.kind != Sequence || len(n.items) != v.Len() {
			f.add(n.Errorf("a list of %d is wanted here", v.Len()))
			return
		}
		for i, item := range n.items {
			item.decode(v.Index(i), f)
		}
	case reflect.Interface:
		if a := n.Any(); a != nil {
			v.Set(reflect.ValueOf(a))
		}
	default:
		n.scalar(v, f)
	}
}

// custom lets a type read itself: from its text, or from JSON of the node.
func (n *Node) custom(v reflect.Value, f *faults) bool {
	if v.Kind() == reflect.Pointer || !v.CanAddr() {
		return false
	}
	switch u := v.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		if n.kind != Scalar {
			return false
		}
		if err := u.UnmarshalText([]byte(n.text)); err != nil {
			f.add(n.wrap(err))
		}
		return true
	case json.Unmarshaler:
		raw, err := json.Marshal(n.Any())
		if err == nil {
			err = u.UnmarshalJSON(raw)
		}
		if err != nil {
			f.add(n.wrap(err))
		}
		return true
	}
	return false
}

func (n *Node) structure(v reflect.Value, f *faults) {
	if n.kind != Mapping {
		f.add(n.Errorf("a mapping is wanted here, found %s", n.kind))
		return
	}
	known := map[string]reflect.Value{}
	fields(v, known)
	for i, k := range n.keys {
		field, ok := known[k.text]
		if !ok {
			f.add(k.Errorf("unknown key %q%s", k.text, Suggest(k.text, names(known))))
			continue
		}
		n.items[i].decode(field, f)
	}
}

// fields lists a struct's settable fields by their name in files; embedded
// structs count as part of the outer one.
func fields(v reflect.Value, to map[string]reflect.Value) {
	t := v.Type()
	for i := range t.NumField() {
		sf := t.Field(i)
		name := fieldName(sf)
		switch {
		case name == "-" || !sf.IsExported() && !sf.Anonymous:
		case sf.Anonymous && name == "" && sf.Type.Kind() == reflect.Struct:
			fields(v.Field(i), to)
		case name != "":
			to[name] = v.Field(i)
		}
	}
}

func fieldName(sf reflect.StructField) string {
	for _, tag := range []string{"yaml", "json"} {
		if name, _, _ := strings.Cut(sf.Tag.Get(tag), ","); name != "" {
			return name
		}
	}
	if sf.Anonymous {
		return ""
	}
	return strings.ToLower(sf.Name)
}

func (n *Node) mapping(v reflect.Value, f *faults) {
	if n.kind != Mapping {
		f.add(n.Errorf("a mapping is wanted here, found %s", n.kind))
		return
	}
	if v.Type().Key().Kind() != reflect.String {
		panic(fmt.Sprintf("yamlcfg: %s has keys that are no text", v.Type()))
	}
	if len(n.keys) == 0 {
		v.SetZero()
		return
	}
	m := reflect.MakeMapWithSize(v.Type(), len(n.keys))
	for i, k := range n.keys {
		item := reflect.New(v.Type().Elem()).Elem()
		n.items[i].decode(item, f)
		m.SetMapIndex(reflect.ValueOf(k.text).Convert(v.Type().Key()), item)
	}
	v.Set(m)
}

func (n *Node) slice(v reflect.Value, f *faults) {
	if v.Type() == rawJSONType {
		raw, _ := json.Marshal(n.Any())
		v.SetBytes(raw)
		return
	}
	if n.kind != Sequence {
		f.add(n.Errorf("a list is wanted here, found %s; write [%s]", n.kind, clip(n.text)))
		return
	}
	if len(n.items) == 0 { // none is none, written or left out: both give one task key
		v.SetZero()
		return
	}
	s := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		item.decode(s.Index(i), f)
	}
	v.Set(s)
}

func (n *Node) duration(v reflect.Value, f *faults) {
	d, err := time.ParseDuration(n.text)
	if n.kind != Scalar || err != nil {
		f.add(n.Errorf("a duration such as 90s or 1h30m is wanted here, found %s", n.found()))
		return
	}
	v.SetInt(int64(d))
}

func (n *Node) scalar(v reflect.Value, f *faults) {
	if n.kind != Scalar {
		f.add(n.Errorf("%s is wanted here, found %s", wanted(v), n.kind))
		return
	}
	if v.Kind() == reflect.String {
		v.SetString(n.text)
		return
	}
	bad := n.quoted
	text := strings.ReplaceAll(n.text, "_", "")
	switch v.Kind() {
	case reflect.Bool:
		bad = bad || text != "true" && text != "false"
		if !bad {
			v.SetBool(text == "true")
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := integer(text)
		if bad = bad || err != nil; !bad {
			if v.OverflowInt(i) {
				f.add(n.Errorf("%s does not fit: the largest is %d", n.text, maxInt(v)))
				return
			}
			v.SetInt(i)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u, err := strconv.ParseUint(text, 10, v.Type().Bits())
		if bad = bad || err != nil; !bad {
			v.SetUint(u)
		}
	case reflect.Float32, reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if bad = bad || err != nil || math.IsNaN(x) || math.IsInf(x, 0) || v.OverflowFloat(x); !bad {
			v.SetFloat(x)
		}
	default:
		panic(fmt.Sprintf("yamlcfg: a config field of type %s cannot be read", v.Type()))
	}
	if bad {
		f.add(n.Errorf("%s is wanted here, found %s", wanted(v), n.found()))
	}
}

// integer reads 42, -1, and whole numbers in scientific notation such as 1e6.
func integer(text string) (int64, error) {
	i, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return i, nil
	}
	if x, ferr := strconv.ParseFloat(text, 64); ferr == nil && strings.ContainsAny(text, "eE") &&
		x == math.Trunc(x) && math.Abs(x) < 1<<53 {
		return int64(x), nil
	}
	return 0, err
}

func maxInt(v reflect.Value) int64 { return 1<<(v.Type().Bits()-1) - 1 }

func wanted(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, not negative,"
	}
	return "a whole number"
}

func (n *Node) found() string {
	if n.kind != Scalar {
		return n.kind.String()
	}
	if n.quoted {
		return fmt.Sprintf("the text %q", clip(n.text))
	}
	return fmt.Sprintf("%q", clip(n.text))
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// Any returns the node as JSON-like values: nil, bool, int64, float64, string,
// []any, map[string]any.
func (n *Node) Any() any {
	switch n.Kind() {
	case Sequence:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.Any()
		}
		return list
	case Mapping:
		m := make(map[string]any, len(n.keys))
		for i, k := range n.keys {
			m[k.text] = n.items[i].Any()
		}
		return m
	case Scalar:
		return n.value()
	}
	return nil
}

func (n *Node) value() any {
	if n.quoted {
		return n.text
	}
	if n.text == "true" || n.text == "false" {
		return n.text == "true"
	}
	if i, err := strconv.ParseInt(n.text, 10, 64); err == nil {
		return i
	}
	if x, err := strconv.ParseFloat(n.text, 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
		return x
	}
	return n.text
}
