package sources

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/sources/all"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
	"github.com/swerm/swerm/sources/plugin"
)

// Config are the options of the stage. Its zero value imports whatever is
// recognised under the names that the files give.
type Config struct {
	// Format reads every candidate with one format instead of detecting it.
	Format string `json:"format,omitempty" yaml:"format,omitempty"`

	// Source, Policy, Scaffold and Run overrule what the files say. The name as
	// written stays in policy_raw.
	Source   string `json:"source,omitempty" yaml:"source,omitempty"`
	Policy   string `json:"policy,omitempty" yaml:"policy,omitempty"`
	Scaffold string `json:"scaffold,omitempty" yaml:"scaffold,omitempty"`
	Run      string `json:"run,omitempty" yaml:"run,omitempty"`

	// Policies are further spellings: name as written -> canonical name. A
	// table in a file goes to the port "names", so that its content is part of
	// the task's key.
	Policies map[string]string `json:"policies,omitempty" yaml:"policies,omitempty"`

	// Codec compresses the parts; see dataset.Spec. The default is
	// defaultCodec.
	Codec string `json:"codec,omitempty" yaml:"codec,omitempty"`

	// MaxDocument is how many bytes one document or row may have; 0 is
	// MaxFileBytes. A larger one is rejected without being read whole.
	MaxDocument int64 `json:"max_document,omitempty" yaml:"max_document,omitempty"`

	// Plugin is what the output of a decoder of the user's depends on. The
	// command line alone names one (UsePlugin): a file cannot make an import run
	// a program.
	Plugin *plugin.ID `json:"plugin,omitempty" yaml:"-"`
	plugin *plugin.Command

	// PartBytes closes a part; 0 is the default of dataset.Spec.
	PartBytes int64 `json:"part_bytes,omitempty" yaml:"part_bytes,omitempty"`
}

// UsePlugin lets a program of the user's read every document. It is part of the
// config as far as its bytes and arguments say what it is.
func (c *Config) UsePlugin(p *plugin.Command) { c.Plugin, c.plugin = &p.ID, p }

// Validate lists every fault.
func (c *Config) Validate() error {
	var errs []error
	if c.Format != "" && findFormat(c.Format) == nil {
		errs = append(errs, fmt.Errorf("format %q is not one of %s", c.Format, strings.Join(formatNames(), ", ")))
	}
	if c.Format != "" && c.Plugin != nil {
		errs = append(errs, errors.New("format: a plugin reads every document; there is none to name"))
	}
	for raw, canonical := range c.Policies {
		if raw == "" || canonical == "" {
			errs = append(errs, fmt.Errorf("policies: %q: %q is no name", raw, canonical))
		}
	}
	if codecs := []string{"", "zstd", "zstd-fastest", "zstd-better", "snappy", "none"}; !slices.Contains(codecs, c.Codec) {
		errs = append(errs, fmt.Errorf("codec %q is not one of %s", c.Codec, strings.Join(codecs[1:], ", ")))
	}
	if c.PartBytes < 0 {
		errs = append(errs, fmt.Errorf("part_bytes %d is below 0", c.PartBytes))
	}
	if c.MaxDocument < 0 || c.MaxDocument > maxMaxDocument {
		errs = append(errs, fmt.Errorf("max_document %d is not in 0 to %d", c.MaxDocument, int64(maxMaxDocument)))
	}
	return errors.Join(errs...)
}

// maxMaxDocument is what a text column of one row can hold.
const maxMaxDocument = 2<<30 - 1

func formatNames() []string {
	var names []string
	for _, f := range all.Formats() {
		names = append(names, f.Name())
	}
	return names
}

func findFormat(name string) format.Format {
	for _, f := range all.Formats() {
		if f.Name() == name {
			return f
		}
	}
	return nil
}

// names returns the shipped tables with the file's and the config's on top.
func (c *Config) names(file []byte) (*identity.Tables, error) {
	t, err := identity.Shipped()
	if err != nil {
		return nil, err
	}
	if file != nil {
		mine, err := identity.Parse(file)
		if err != nil {
			return nil, err
		}
		t = t.With(mine)
	}
	return t.With(&identity.Tables{Policies: c.Policies}), nil
}

// defaultCodec favours time: compressing harder saves a tenth of the bytes and
// takes up to a third of an import's time.
const defaultCodec = "zstd-fastest"
