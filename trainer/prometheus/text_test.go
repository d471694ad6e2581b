package prometheus

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

// The text is that of the format's documentation: escapes, labels, and what is
// not a number.
func TestWrite(t *testing.T) {
	var b strings.Builder
	err := Write(&b, []Family{
		{"steps_total", "Finished\nsteps \\ so far.", Counter, []Sample{{nil, 12}}},
		{"loss", "Of no step.", Gauge, nil},
		{"peak", "Busiest.", Gauge, []Sample{{[]Label{{"layer", "0"}, {"note", "a \"b\"\n\\"}}, 1.25}, {[]Label{{"layer", "1"}}, math.Inf(1)}, {nil, math.NaN()}}},
	})
	want := `# HELP steps_total Finished\nsteps \\ so far.
# TYPE steps_total counter
steps_total 12
# HELP peak Busiest.
# TYPE peak gauge
peak{layer="0",note="a \"b\"\n\\"} 1.25
peak{layer="1"} +Inf
peak NaN
`
	if err != nil || b.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, b.String(), want)
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, f := range []Family{
		{"0steps", "", Gauge, nil}, {"a-b", "", Gauge, nil}, {"steps", "", Counter, nil}, {"loss_total", "", Gauge, nil},
		{"loss", "", Gauge, []Sample{{[]Label{{"a:b", ""}}, 1}}},
	} {
		if err := Write(io.Discard, []Family{f}); !errors.Is(err, ErrName) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}
