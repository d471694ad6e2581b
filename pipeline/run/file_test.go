package run

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the goldens")

// What a person is told about a mistake is held as a golden.
func TestMistakes(t *testing.T) {
	head := "out: o\nstages:\n"
	cases := map[string]string{
		"unknown_key":    head + "  - id: a\n    stage: plant\n    wiht: {text: x}\n",
		"unknown_config": head + "  - id: a\n    stage: plant\n    with:\n      text: x\n      optim:\n        rl: 3\n",
		"unknown_stage":  head + "  - {id: a, stage: label_report}\n",
		"unknown_port":   head + "  - {id: a, stage: import, inputs: {rwa: x}}\n",
		"unknown_id":     head + "  - {id: planted, stage: plant}\n  - {id: b, stage: mix, inputs: {dataset: plantde}}\n",
		"missing_port":   head + "  - {id: a, stage: mix}\n",
		"wrong_kind":     head + "  - {id: a, stage: plant}\n  - {id: b, stage: mix, inputs: {dataset: a}}\n",
		"too_many":       head + "  - id: b\n    stage: mix\n    inputs:\n      dataset: [./x, ./y]\n",
		"twice":          head + "  - {id: a, stage: plant}\n  - {id: a, stage: plant}\n",
		"bad_id":         head + "  - {id: ../a, stage: plant}\n",
		"no_id":          head + "  - {stage: plant}\n",
		"no_stages":      "out: o\n",
		"no_out":         "stages:\n  - {id: a, stage: plant}\n",
		"remote_out":     "out: s3://b/x\nstages:\n  - {id: a, stage: plant}\n",
		"invalid":        head + "  - id: a\n    stage: plant\n    with:\n      fail: -1\n      optim:\n        lr: 0\n",
		"unset":          head + "  - id: a\n    stage: import\n    inputs: {raw: \"${NOWHERE}/x\"}\n",
		"cycle":          head + "  - {id: a, stage: loop, inputs: {dataset: b}}\n  - {id: b, stage: loop, inputs: {dataset: c}}\n  - {id: c, stage: loop, inputs: {dataset: a}}\n",
		"bad_vars":       "out: o\nvars: {A: [1]}\nstages:\n  - {id: a, stage: plant}\n",
		"alias_bomb":     bomb(),
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := loader(&fakes{}, "d").Parse("run.yaml", []byte(text))
			if err == nil {
				t.Fatal("accepted")
			}
			golden(t, name, err.Error()+"\n")
		})
	}
	for name, setting := range map[string]string{"setting_id": "traim.text=x", "setting_key": "train.txet=x",
		"setting_value": "train.optim.lr=fast", "setting_top": "oout=x", "setting_var": "vars.X=y"} {
		t.Run(name, func(t *testing.T) {
			_, err := loader(&fakes{}, "d", setting).Parse("run.yaml", []byte(strings.ReplaceAll(head, "o\n", "o\nname: n\n")+"  - {id: train, stage: plant}\n"))
			if err == nil {
				t.Fatal("accepted")
			}
			golden(t, name, err.Error()+"\n")
		})
	}
}

func bomb() string {
	var b strings.Builder
	b.WriteString("out: o\nvars:\n  a: &a [x,x,x,x,x,x,x,x,x,x]\n")
	for c := 'b'; c <= 'k'; c++ {
		p := "*" + string(c-1)
		b.WriteString("  " + string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat(p+",", 10), ",") + "]\n")
	}
	return b.String() + "stages:\n  - {id: a, stage: plant}\n"
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

func TestVariables(t *testing.T) {
	text := `
name: v
vars:
  BASE: ${DIR:-nowhere}
  RAW: ${BASE}/raw
  OTHER: ${UNSET:-fallback}
out: ${BASE}/out
stages:
  - id: import
    stage: import
    inputs:
      raw:
        - ${RAW}
        - {uri: "${DIR}/other", name: second}
    with: {text: "$${X} ${OTHER}"}
`
	f := load(t, &fakes{}, "d", text)
	if f.Out != "d/out" || f.Steps[0].Inputs[0].URI != "d/raw" || f.Steps[0].Inputs[1].Name != "second" {
		t.Errorf("%+v", f.Steps[0].Inputs)
	}
	if got := f.Steps[0].Config.(*fakeConfig).Text; got != "${X} fallback" {
		t.Errorf("text is %q", got)
	}
	f = load(t, &fakes{}, "d", text, "vars.RAW=set", "out=elsewhere", "import.optim.lr=1e-2")
	if f.Out != "elsewhere" || f.Steps[0].Inputs[0].URI != "set" || f.Steps[0].Config.(*fakeConfig).Optim.LR != 0.01 {
		t.Errorf("%q %+v %+v", f.Out, f.Steps[0].Inputs, f.Steps[0].Config)
	}
}

func TestOrderFollowsInputs(t *testing.T) {
	text := "out: o\nstages:\n  - {id: m, stage: mix, inputs: {dataset: i}}\n  - {id: i, stage: import, inputs: {raw: x}}\n"
	f := load(t, &fakes{}, "d", text)
	if f.Steps[0].ID != "i" || f.Steps[1].ID != "m" {
		t.Errorf("%s, %s", f.Steps[0].ID, f.Steps[1].ID)
	}
}
