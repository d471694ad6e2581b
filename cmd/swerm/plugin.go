package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources"
	"github.com/swerm/swerm/sources/plugin"
)

// pluginFlags name a program that decodes the documents of an import.
type pluginFlags struct {
	command string
	timeout time.Duration
}

func newPluginFlags(f *pflag.FlagSet) *pluginFlags {
	p := &pluginFlags{}
	f.StringVar(&p.command, "plugin", "", "a program, with its arguments, that decodes every document (see docs/plugins.md)")
	f.DurationVar(&p.timeout, "plugin-timeout", plugin.DefaultTimeout, "how long it may take for one document")
	return p
}

// use puts the program into the config of an import.
func (p *pluginFlags) use(a *app, config pipeline.Config) error {
	cfg, ok := config.(*sources.Config)
	if p.command == "" || !ok {
		return nil
	}
	if p.timeout <= 0 {
		return usage("--plugin-timeout %s: a time above 0", p.timeout)
	}
	c, err := plugin.Parse(p.command)
	if err != nil {
		return &usageError{fmt.Errorf("--plugin: %w", err)}
	}
	c.Timeout, c.Stderr = p.timeout, a
	cfg.UsePlugin(c)
	if err := cfg.Validate(); err != nil {
		return &usageError{err}
	}
	return nil
}
