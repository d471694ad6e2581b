package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swerm/swerm/internal/yamlcfg"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/run"
)

func (a *app) configCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Show configs, their defaults and their schemas",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return usage("which? see `%s --help`", c.CommandPath()) },
	}
	c.AddCommand(&cobra.Command{
		Use:   "show [STAGE | FILE [key=value …]]",
		Short: "Print a stage's config with every default, or a run file as it will be run",
		Long: `Print every key of a stage's config with its default; or a run file with every
variable put in and every default filled in; or, without an argument, the stages.`,
		RunE: func(_ *cobra.Command, args []string) error { return a.configShow(args) },
	}, &cobra.Command{
		Use:   "schema NAME",
		Short: "Print the JSON Schema of a stage's config, or of a run file (NAME run)",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.schema(args[0])
			if err != nil {
				return err
			}
			_, err = a.out.Write(text)
			return err
		},
	})
	return c
}

func (a *app) configShow(args []string) error {
	if len(args) == 0 {
		return a.listStages()
	}
	if i := slices.IndexFunc(a.stages, func(s *pipeline.Stage) bool { return s.Name == args[0] }); i >= 0 {
		cfg := a.stages[i].NewConfig()
		for _, arg := range args[1:] {
			if err := yamlcfg.Override(arg, cfg); err != nil {
				return &usageError{err}
			}
		}
		return a.showValue(cfg)
	}
	if _, err := os.Stat(args[0]); errors.Is(err, fs.ErrNotExist) {
		var names []string
		for _, s := range a.stages {
			names = append(names, s.Name)
		}
		return usage("%s: neither a stage nor a file%s", args[0], yamlcfg.Suggest(args[0], names))
	}
	file, err := a.load(args[0], args[1:])
	if err != nil {
		return err
	}
	return a.showFile(file)
}

func (a *app) listStages() error {
	for _, s := range a.stages {
		var in []string
		for _, p := range s.Inputs {
			text := p.Name + ": " + string(p.Kind)
			if p.Many {
				text += "…"
			}
			if p.Optional {
				text = "[" + text + "]"
			}
			in = append(in, text)
		}
		if _, err := fmt.Fprintf(a.out, "%s (%s) -> %s\n    %s\n", s.Name, strings.Join(in, ", "), s.Output, s.Doc); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) showValue(v any) error {
	if a.json {
		return a.print(v)
	}
	text, err := yamlcfg.Show(v)
	if err != nil {
		return err
	}
	_, err = a.out.Write(text)
	return err
}

// shownFile is a run file with nothing left open.
type shownFile struct {
	Name      string       `json:"name" yaml:"name"`
	Out       string       `json:"out" yaml:"out"`
	MaxReject int64        `json:"max_reject" yaml:"max_reject"`
	Stages    []shownStage `json:"stages" yaml:"stages"`
}

type shownStage struct {
	ID     string              `json:"id" yaml:"id"`
	Stage  string              `json:"stage" yaml:"stage"`
	Inputs map[string][]string `json:"inputs,omitempty" yaml:"inputs,omitempty"`
	With   pipeline.Config     `json:"with" yaml:"with"`
}

func (a *app) showFile(f *run.File) error {
	shown := shownFile{Name: f.Name, Out: f.Out, MaxReject: f.MaxReject}
	for _, s := range f.Steps {
		st := shownStage{ID: s.ID, Stage: s.Stage.Name, With: s.Config, Inputs: map[string][]string{}}
		for _, in := range s.Inputs {
			from := in.URI
			if in.Step != nil {
				from = in.Step.ID
			}
			st.Inputs[in.Port.Name] = append(st.Inputs[in.Port.Name], from)
		}
		shown.Stages = append(shown.Stages, st)
	}
	return a.showValue(shown)
}

// schema returns the JSON Schema of a stage's config or of run files.
func (a *app) schema(name string) ([]byte, error) {
	if name == "run" {
		return schemaText(runSchema(a.stages))
	}
	i := slices.IndexFunc(a.stages, func(s *pipeline.Stage) bool { return s.Name == name })
	if i < 0 {
		return nil, usage("unknown stage %q", name)
	}
	s, err := stageSchema(a.stages[i])
	if err != nil {
		return nil, err
	}
	return schemaText(s, nil)
}

func schemaText(v any, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}
