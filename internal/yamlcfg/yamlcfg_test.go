package yamlcfg

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the goldens")

type inner struct {
	LR    float64  `json:"lr" yaml:"lr"`
	Steps int      `json:"steps" yaml:"steps"`
	Names []string `json:"names" yaml:"names"`
}

type Shared struct {
	Seed int32 `json:"seed" yaml:"seed"`
}

type config struct {
	Shared
	Optim  inner            `json:"optim" yaml:"optim"`
	Policy string           `json:"policy" yaml:"policy"`
	Wait   time.Duration    `json:"wait" yaml:"wait"`
	On     bool             `json:"on" yaml:"on"`
	Maybe  *int             `json:"maybe" yaml:"maybe"`
	Share  map[string]inner `json:"share" yaml:"share"`
	Any    any              `json:"any" yaml:"any"`
	With   *Node            `json:"with" yaml:"with"`
}

func TestDecodeKeepsDefaultsAndText(t *testing.T) {
	c := config{Optim: inner{LR: 1, Steps: 7, Names: []string{"a"}}, Policy: "p", Shared: Shared{Seed: 3}}
	src := `
policy: 1.10
optim: {lr: 1e-3}
wait: 90s
maybe: 4
on: true
share:
  x: &x {lr: 2, steps: 5}
  y: {<<: *x, steps: 6}
  z: *x
any: [1, a, {b: null}]
`
	d, err := Parse("c.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	four := 4
	want := config{Shared: Shared{Seed: 3}, Optim: inner{LR: 1e-3, Steps: 7, Names: []string{"a"}}, Policy: "1.10",
		Wait: 90 * time.Second, On: true, Maybe: &four,
		Share: map[string]inner{"x": {LR: 2, Steps: 5}, "y": {LR: 2, Steps: 6}, "z": {LR: 2, Steps: 5}},
		Any:   []any{int64(1), "a", map[string]any{"b": nil}}}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
}

// The messages are what people see, so they are held as goldens.
func TestMistakes(t *testing.T) {
	cases := map[string]string{
		"unknown_key":   "optim:\n  lr: 1\n  stesp: 3\npolcy: x\n",
		"wrong_types":   "optim: {lr: fast, steps: 1.5, names: x}\non: yes\nseed: 3000000000\nmaybe: \"4\"\nwait: 9\n",
		"given_twice":   "policy: a\npolicy: b\n",
		"flow_variable": "optim: {names: ${X:-y}}\n",
		"tab":           "optim:\n\tlr: 1\n",
		"tag":           "policy: !!binary aGk=\n",
		"two_documents": "policy: a\n---\npolicy: b\n",
		"no_anchor":     "optim: *gone\n",
		"self_anchor":   "any: &a [*a]\n",
		"list_for_map":  "- a\n",
		"bomb":          bomb(),
		"deep":          "any: " + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "\n",
		"large":         "any: " + strings.Repeat("x", MaxFileBytes) + "\n",
		"not_text":      "policy: \xff\n",
		"control":       "policy: [\x1b[31mred\n",
		"nan":           "optim: {lr: .nan}\n",
	}
	for name, src := range cases {
		t.Run(name, func(t *testing.T) {
			var c config
			d, err := Parse("c.yaml", []byte(src))
			if err == nil {
				err = d.Decode(&c)
			}
			if err == nil {
				t.Fatal("accepted")
			}
			golden(t, name, err.Error()+"\n")
		})
	}
}

func bomb() string {
	var b strings.Builder
	b.WriteString("a: &a [x,x,x,x,x,x,x,x,x,x]\n")
	for c := 'b'; c <= 'm'; c++ {
		p := "*" + string(c-1)
		b.WriteString(string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat(p+",", 10), ",") + "]\n")
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestExpand(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"A": "1", "EMPTY": ""}[name]
		return v, ok
	}
	for in, want := range map[string]string{
		"x${A}y":           "x1y",
		"${B:-d/e}":        "d/e",
		"${EMPTY:-d}":      "d",
		"${EMPTY}":         "",
		"$${A} $ $A cost$": "${A} $ $A cost$",
		"${A}${A}":         "11",
	} {
		if got, err := ExpandText(in, env); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"${B}", "${A", "${}", "${1}", "${A-x}"} {
		if got, err := ExpandText(in, env); err == nil {
			t.Errorf("%q: %q, want an error", in, got)
		}
	}
	d, err := Parse("c.yaml", []byte("policy: a\nany: [\"${GONE}\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Root().Expand(env)
	var e *Error
	if !errors.As(err, &e) || e.Line != 2 {
		t.Errorf("unset variable: %v, want line 2", err)
	}
}

func TestOverride(t *testing.T) {
	c := config{Optim: inner{LR: 1, Steps: 7}}
	for _, arg := range []string{"optim.lr=1e-2", "optim.names=[a, b=c]", "seed=4", "maybe=3"} {
		if err := Override(arg, &c); err != nil {
			t.Fatal(err)
		}
	}
	three := 3
	want := config{Shared: Shared{Seed: 4}, Optim: inner{LR: 1e-2, Steps: 7, Names: []string{"a", "b=c"}}, Maybe: &three}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"x", "=3", "optim.rl=3", "optim.lr=abc", "optim=3", strings.Repeat("a.", 200) + "=1"} {
		if err := Override(bad, &c); err == nil {
			t.Errorf("%s accepted", bad)
		}
	}
	golden(t, "override", Override("optim.steps=many", &c).Error()+"\n")
}

func TestBlamePointsAtTheKey(t *testing.T) {
	d, err := Parse("c.yaml", []byte("policy: x\noptim:\n  lr: -1\n"))
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("optim.lr: must be positive")
	err = d.Root().Blame(errors.Join(cause, errors.New("seed and policy exclude each other")))
	golden(t, "blame", err.Error()+"\n")
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: 1", "a: &x [1]\nb: *x", "- - -", "? a", "a: |\n  x\n", "{a: [b, {c: d}]}", bomb(), "<<: *a", "a: !!x y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse("f", []byte(s))
		if err != nil {
			return
		}
		var c config
		_ = d.Decode(&c)
		d.Root().Any()
		_, _ = d.Root().Expand(func(string) (string, bool) { return "v", true })
	})
}

func TestShowIsReadBack(t *testing.T) {
	four := 4
	want := config{Shared: Shared{Seed: 3}, Optim: inner{LR: 1e-7, Names: []string{"1.10", "true", "a: b", ""}}, Policy: "null",
		Wait: 90 * time.Second, Maybe: &four, Share: map[string]inner{"y": {LR: 2}, "x": {}}}
	text, err := Show(&want)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "show", string(text))
	d, err := Parse("shown", text)
	if err != nil {
		t.Fatal(err)
	}
	var got config
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	got.With = nil // shown as null, and kept as the node of it
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
