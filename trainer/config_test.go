package trainer

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestDefaultConfigIsValid(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidateListsEveryFault(t *testing.T) {
	c := DefaultConfig()
	c.Objective.Name = "nope"
	c.Objective.WeightYes = 0
	c.Objective.Add = []ObjectiveTerm{{Name: "brier", Coefficient: -1}}
	c.Optimizer.LR = math.NaN()
	c.Schedule.Kind = "step"
	c.Batch.Sequences = 0
	c.Data.DevSplit = "train"
	c.Epochs = 0
	c.Eval.Keep = "both"
	c.Aux = Aux{Scope: "layer", ZLoss: -1, BiasRate: 2, BiasDecayRatio: math.NaN()}
	c.EMA.Decay = 1
	c.Precision = "fp8"
	c.OnNonFinite = "ignore"
	c.SaveDType = "int8"
	c.Model.Hidden = 0
	c.Freeze, c.LoRA.Rank, c.LoRA.Targets = []string{"routers"}, -1, []string{"layers x"}
	err := c.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"objective.name", "weight_yes", "add[0].coefficient", "optimizer.lr", "schedule.kind",
		"batch.sequences", "dev_split", "epochs", "eval.keep", "aux.scope", "aux.z_loss", "aux.bias_rate", "aux.bias_decay_ratio", "ema.decay", "precision", "on_nonfinite", "hidden_size", "save_dtype",
		"freeze: \"routers\"", "lora.rank", "lora.targets"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named in:\n%v", want, err)
		}
	}
}

func TestConfigFaultsThatDependOnEachOther(t *testing.T) {
	for name, spoil := range map[string]func(*Config){
		"best without dev":     func(c *Config) { c.Eval.Keep = KeepBest; c.Data.DevSplit = "" },
		"patience without dev": func(c *Config) { c.Eval.Patience = 1; c.Data.DevSplit = "" },
		"auc of text":          func(c *Config) { c.Eval.Keep = KeepBest; c.Objective.Name = ObjectiveNextToken },
		"ece of text":          func(c *Config) { c.Eval.Patience, c.Eval.By = 1, ByECE; c.Objective.Name = ObjectiveNextToken },
		"pairs in a huge step": func(c *Config) { c.Objective.Name = "pairwise"; c.Batch.Sequences = 1 << 15 },
		"rounded fp64":         func(c *Config) { c.Precision, c.SaveDType = PrecisionFP64, SaveBF16 },
		"text with more": func(c *Config) {
			c.Objective.Name = ObjectiveNextToken
			c.Objective.Add = []ObjectiveTerm{{"brier", 1}}
		},
	} {
		c := DefaultConfig()
		spoil(c)
		if c.Validate() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// Run files and keys use the json names, editors the yaml ones: they agree.
func TestTagsAgree(t *testing.T) {
	var walk func(reflect.Type)
	walk = func(r reflect.Type) {
		for i := range r.NumField() {
			f := r.Field(i)
			if _, ok := reflect.TypeFor[unkeyed]().FieldByName(f.Name); ok && f.Tag.Get("json") == "-" {
				continue // it changes no result, so it is in no key
			}
			if f.Tag.Get("json") != f.Tag.Get("yaml") || f.Tag.Get("json") == "" {
				t.Errorf("%s.%s: json %q, yaml %q", r, f.Name, f.Tag.Get("json"), f.Tag.Get("yaml"))
			}
			if f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct {
				walk(f.Type.Elem())
			} else if f.Type.Kind() == reflect.Struct {
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[Config]())
	raw, err := json.Marshal(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "threads") || strings.Contains(string(raw), "workers") {
		t.Errorf("the number of threads is part of the config: %s", raw)
	}
}
