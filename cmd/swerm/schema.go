package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/swerm/swerm/pipeline"
)

// The schemas in configs/schema are written from the structs that decode the
// configs, by `go generate`; a test holds them fresh.
//
//go:generate go test -run TestSchemasAreFresh -update .

const schemaDialect = "https://json-schema.org/draft/2020-12/schema"

// stageSchema describes a stage's config for editors: its keys, their types
// and defaults. What Validate checks beyond that is not in it.
func stageSchema(s *pipeline.Stage) (*jsonschema.Schema, error) {
	cfg := s.NewConfig()
	schema, err := jsonschema.ForType(reflect.TypeOf(cfg).Elem(), &jsonschema.ForOptions{
		TypeSchemas: map[reflect.Type]*jsonschema.Schema{
			reflect.TypeFor[time.Duration](): {Type: "string", Description: "a duration such as 90s or 1h30m"},
		}})
	if err != nil {
		return nil, fmt.Errorf("schema of stage %s: %w", s.Name, err)
	}
	text, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	var defaults map[string]any
	if err := json.Unmarshal(text, &defaults); err != nil {
		return nil, err
	}
	relax(schema, defaults)
	if err := outsideKey(schema, reflect.ValueOf(cfg).Elem()); err != nil {
		return nil, fmt.Errorf("schema of stage %s: %w", s.Name, err)
	}
	schema.Title = s.Name
	schema.Description = s.Doc
	return schema, nil
}

// outsideKey adds what is read from files and left out of task keys: fields
// with a yaml name whose json name is "-". It takes out what is part of keys and
// not read from files: the other way round.
func outsideKey(schema *jsonschema.Schema, cfg reflect.Value) error {
	for i := range cfg.NumField() {
		f := cfg.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "-" { // not for files
			json, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			delete(schema.Properties, json)
			schema.PropertyOrder = slices.DeleteFunc(schema.PropertyOrder, func(p string) bool { return p == json })
		}
		if f.Tag.Get("json") != "-" || name == "" || name == "-" {
			continue
		}
		p, err := jsonschema.ForType(f.Type, &jsonschema.ForOptions{})
		if err != nil {
			return err
		}
		if p.Default, err = json.Marshal(cfg.Field(i).Interface()); err != nil {
			return err
		}
		if schema.Properties == nil {
			schema.Properties = map[string]*jsonschema.Schema{}
		}
		schema.Properties[name] = p
	}
	return nil
}

// relax makes every key optional, since each has a default, and notes it.
func relax(s *jsonschema.Schema, defaults map[string]any) {
	s.Required = nil
	for name, p := range s.Properties {
		value, ok := defaults[name]
		inner, _ := value.(map[string]any)
		relax(p, inner)
		if ok && inner == nil {
			if text, err := json.Marshal(value); err == nil {
				p.Default = text
			}
		}
	}
	if s.Items != nil {
		relax(s.Items, nil)
	}
}

// runSchema describes run files over the given stages.
func runSchema(stages []*pipeline.Stage) (*jsonschema.Schema, error) {
	text := func(doc string) *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Description: doc} }
	input := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		text("the id of a stage, or a path or URI"),
		closed(map[string]*jsonschema.Schema{"uri": text("a path or URI"), "name": text("how origins name it")}, "uri"),
	}}
	inputs := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{input, {Type: "array", Items: input}}}
	var entries []*jsonschema.Schema
	for _, s := range stages {
		with, err := stageSchema(s)
		if err != nil {
			return nil, err
		}
		ports := map[string]*jsonschema.Schema{}
		var needed []string
		for _, p := range s.Inputs {
			port := *inputs
			port.Description = string(p.Kind)
			ports[p.Name] = &port
			if !p.Optional {
				needed = append(needed, p.Name)
			}
		}
		name := any(s.Name)
		required := []string{"id", "stage"}
		if len(needed) > 0 {
			required = append(required, "inputs")
		}
		entry := closed(map[string]*jsonschema.Schema{
			"id": {Type: "string", Pattern: "^[a-z0-9][a-z0-9_-]{0,63}$"}, "stage": {Const: &name},
			"inputs": closed(ports, needed...), "with": with,
		}, required...)
		entry.Title = s.Name
		entries = append(entries, entry)
	}
	root := closed(map[string]*jsonschema.Schema{
		"name":       text("what the run is called"),
		"out":        text("directory that outputs, ledger and lock go to"),
		"max_reject": {Type: "integer", Default: json.RawMessage("0"), Description: "records that may fail before the exit code is 3; -1 is any number"},
		"vars":       {Type: "object", AdditionalProperties: text("a text; ${NAME} and ${NAME:-default} are put in")},
		"stages":     {Type: "array", Items: &jsonschema.Schema{AnyOf: entries}},
	}, "out", "stages")
	root.Schema, root.Title = schemaDialect, "swerm run file"
	return root, nil
}

// closed is an object with these properties and no others.
func closed(properties map[string]*jsonschema.Schema, required ...string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", Properties: properties, Required: required,
		AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}}}
}
