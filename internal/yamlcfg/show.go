package yamlcfg

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
)

// Show writes a config with every key that Decode knows, whatever its value,
// so that defaults can be seen. Decoding the text gives the config again.
func Show(config any) ([]byte, error) {
	v, err := shown(reflect.ValueOf(config))
	if err != nil {
		return nil, err
	}
	return yaml.Marshal(v)
}

func shown(v reflect.Value) (any, error) {
	if !v.IsValid() {
		return nil, nil
	}
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil, nil
		}
		return shown(v.Elem())
	}
	if d, ok := v.Interface().(time.Duration); ok {
		return d.String(), nil
	}
	if custom, ok, err := shownCustom(v); ok {
		return custom, err
	}
	switch v.Kind() {
	case reflect.Struct:
		return shownStruct(v)
	case reflect.Map:
		return shownMap(v)
	case reflect.Slice, reflect.Array:
		list := []any{}
		for i := range v.Len() {
			item, err := shown(v.Index(i))
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		return list, nil
	}
	return v.Interface(), nil
}

// shownCustom shows types that read themselves.
func shownCustom(v reflect.Value) (any, bool, error) {
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		return string(text), true, err
	}
	if m, ok := v.Interface().(json.Marshaler); ok {
		raw, err := m.MarshalJSON()
		if err != nil {
			return nil, true, err
		}
		var a any
		err = json.Unmarshal(raw, &a)
		return a, true, err
	}
	return nil, false, nil
}

func shownStruct(v reflect.Value) (any, error) {
	m := yaml.MapSlice{}
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		name := fieldName(sf)
		if name == "-" || !sf.IsExported() && !sf.Anonymous {
			continue
		}
		item, err := shown(v.Field(i))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if inner, ok := item.(yaml.MapSlice); ok && sf.Anonymous && name == "" {
			m = append(m, inner...)
			continue
		}
		m = append(m, yaml.MapItem{Key: name, Value: item})
	}
	return m, nil
}

func shownMap(v reflect.Value) (any, error) {
	m := yaml.MapSlice{}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		if a.String() < b.String() {
			return -1
		}
		return 1
	})
	for _, k := range keys {
		item, err := shown(v.MapIndex(k))
		if err != nil {
			return nil, err
		}
		m = append(m, yaml.MapItem{Key: k.String(), Value: item})
	}
	return m, nil
}
