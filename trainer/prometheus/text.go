package prometheus

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// ContentType is the media type of the format.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// A Kind says what may happen to a number.
type Kind string

// The kinds.
const (
	Counter Kind = "counter" // only grows; its name ends in _total
	Gauge   Kind = "gauge"   // goes up and down
)

// A Family is the samples of one name.
type Family struct {
	Name, Help string
	Kind       Kind
	Samples    []Sample
}

// A Sample is one number, told from others of its family by labels.
type Sample struct {
	Labels []Label
	Value  float64
}

// A Label is a name with its value.
type Label struct{ Name, Value string }

// ErrName is returned for a name of a family or a label that the format does
// not allow, and for a counter whose name does not end in _total.
var ErrName = errors.New("not a name for Prometheus")

var (
	familyName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
	labelName  = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
)

// Write writes families; those without samples are left out.
func Write(w io.Writer, families []Family) error {
	b := bufio.NewWriter(w)
	for i := range families {
		f := &families[i]
		if !familyName.MatchString(f.Name) || (f.Kind == Counter) != strings.HasSuffix(f.Name, "_total") {
			return fmt.Errorf("%w: %s %q", ErrName, f.Kind, f.Name)
		}
		if len(f.Samples) == 0 {
			continue
		}
		fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", f.Name, strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(f.Help), f.Name, f.Kind)
		for _, s := range f.Samples {
			if err := s.write(b, f.Name); err != nil {
				return err
			}
		}
	}
	return b.Flush()
}

func (s *Sample) write(b *bufio.Writer, name string) error {
	b.WriteString(name)
	for i, l := range s.Labels {
		if !labelName.MatchString(l.Name) {
			return fmt.Errorf("%w: label %q of %s", ErrName, l.Name, name)
		}
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(l.Name)
		b.WriteString(`="`)
		b.WriteString(strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(l.Value))
		b.WriteByte('"')
	}
	if len(s.Labels) > 0 {
		b.WriteByte('}')
	}
	b.WriteByte(' ')
	b.WriteString(strconv.FormatFloat(s.Value, 'g', -1, 64)) // NaN, +Inf and -Inf are the format's own
	return b.WriteByte('\n')
}
