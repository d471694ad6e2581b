package identity

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed tables.yaml
var shipped []byte

// MaxTableBytes bounds a table given by the user.
const MaxTableBytes = 4 << 20

// Unknown is what a record says where nothing tells.
const Unknown = "unknown"

// Tables hold how names are spelt. They do not change once made.
type Tables struct {
	Routers  []string          `yaml:"routers"`
	Suffixes []string          `yaml:"suffixes"`
	Prefixes []string          `yaml:"prefixes"`
	Policies map[string]string `yaml:"policies"`
	Images   map[string]string `yaml:"images"`
}

// Shipped returns the tables that come with the program.
func Shipped() (*Tables, error) { return Parse(shipped) }

// Parse reads tables strictly: an unknown key is an error with its line.
func Parse(data []byte) (*Tables, error) {
	if len(data) > MaxTableBytes {
		return nil, fmt.Errorf("name table of %d bytes, the limit is %d", len(data), MaxTableBytes)
	}
	t := &Tables{}
	if err := yaml.UnmarshalWithOptions(data, t, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("name table: %w", err)
	}
	var errs []error
	for raw, canonical := range t.Policies {
		if canonical == "" || raw == "" {
			errs = append(errs, fmt.Errorf("name table: policies: %q: %q is no name", raw, canonical))
		}
	}
	for image, source := range t.Images {
		if image == "" || source == "" {
			errs = append(errs, fmt.Errorf("name table: images: %q: %q is no name", image, source))
		}
	}
	return t, errors.Join(errs...)
}

// With returns the tables with others read on top of them.
func (t *Tables) With(o *Tables) *Tables {
	sum := &Tables{
		Routers:  append(slices.Clone(t.Routers), o.Routers...),
		Suffixes: append(slices.Clone(t.Suffixes), o.Suffixes...),
		Prefixes: append(slices.Clone(t.Prefixes), o.Prefixes...),
		Policies: maps.Clone(t.Policies), Images: maps.Clone(t.Images),
	}
	if sum.Policies == nil {
		sum.Policies = map[string]string{}
	}
	if sum.Images == nil {
		sum.Images = map[string]string{}
	}
	maps.Copy(sum.Policies, o.Policies)
	maps.Copy(sum.Images, o.Images)
	return sum
}

// Policy returns the canonical name of a model as a file writes it. The table
// is asked for the name as written first, so that it can overrule any rule.
func (t *Tables) Policy(raw string) string {
	name := strings.ToLower(strings.TrimSpace(raw))
	if name == "" {
		return Unknown
	}
	if c, ok := t.Policies[raw]; ok {
		return c
	}
	if c, ok := t.Policies[name]; ok {
		return c
	}
	if strings.HasPrefix(name, "/") || strings.HasPrefix(name, ".") || strings.Contains(name, "://") {
		return name // weights at a place of their own: the place is the name
	}
	name = strings.TrimPrefix(name, "@")
	segs := strings.Split(name, "/")
	for len(segs) > 1 && slices.Contains(t.Routers, segs[0]) {
		segs = segs[1:]
	}
	name = segs[len(segs)-1]
	for _, s := range t.Suffixes {
		name = strings.TrimSuffix(name, s)
	}
	for _, p := range t.Prefixes {
		name = strings.TrimPrefix(name, p)
	}
	name = strings.ReplaceAll(name, "@", "-")
	if c, ok := t.Policies[name]; ok {
		return c
	}
	if name == "" {
		return Unknown
	}
	return name
}

// Source returns the data set behind an image name, Unknown where no prefix
// fits; the longest one decides.
func (t *Tables) Source(image string) string {
	image = strings.ToLower(image)
	if host, rest, ok := strings.Cut(image, "/"); ok && strings.ContainsAny(host, ".:") && !strings.HasPrefix(host, "sweb.") && !strings.HasPrefix(host, "swesmith.") {
		image = rest
	}
	best := ""
	for prefix := range t.Images {
		if strings.HasPrefix(image, prefix) && len(prefix) > len(best) {
			best = prefix
		}
	}
	if best == "" {
		return Unknown
	}
	return t.Images[best]
}
