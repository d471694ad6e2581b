package contract

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/swerm/swerm/moe/tokenizer"
)

func TestVerdictsAreSingleTokens(t *testing.T) {
	c := newContract(t, Options{})
	tok := small(t)
	if tok.Decode([]int32{c.YesID}) != "YES" || tok.Decode([]int32{c.NoID}) != "NO" {
		t.Errorf("verdict ids %d, %d", c.YesID, c.NoID)
	}
	if _, err := New(tok, Options{YesToken: "RESOLVED-INDEED"}); err == nil || !strings.Contains(err.Error(), "not one token") {
		t.Errorf("a verdict of many tokens gives %v", err)
	}
	plain, err := tokenizer.Train(t.Context(), slices.Values([]string{"abc"}), tokenizer.TrainOptions{VocabSize: 300})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(plain, Options{}); err == nil || !strings.Contains(err.Error(), `"YES"`) || !strings.Contains(err.Error(), `"NO"`) {
		t.Errorf("a tokenizer without verdicts gives %v", err)
	}
}

func TestControlTokensMustExist(t *testing.T) {
	tok, err := tokenizer.Train(t.Context(), slices.Values([]string{"abc"}), tokenizer.TrainOptions{VocabSize: 300, Words: []string{"YES", "NO"}, Special: []string{"<|im_end|>"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(tok, Options{}); err == nil || !strings.Contains(err.Error(), "<|im_start|>") {
		t.Errorf("error is %v", err)
	}
}

func TestContractRoundTrip(t *testing.T) {
	c := newContract(t, Options{MaxTokens: 900})
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, again, cmpopts.IgnoreUnexported(Contract{})); diff != "" {
		t.Error(diff)
	}
	if _, err := again.Encode(attempt(), nil); !errors.Is(err, errUnbound) {
		t.Errorf("encoding unbound gives %v", err)
	}
	if err := again.Bind(small(t)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(encode(t, c, attempt()).IDs, encode(t, again, attempt()).IDs) {
		t.Error("ids differ after a round trip")
	}
	hash := again.Hash()
	again.Calibration = &Calibration{Method: CalibrationTemperature, A: 0.5}
	if again.Hash() != hash {
		t.Error("calibration changes the hash")
	}
	again.MaxTokens++
	if again.Hash() == hash {
		t.Error("the limit does not change the hash")
	}
}

func TestContractFaults(t *testing.T) {
	c := newContract(t, Options{})
	for want, edit := range map[string]func(*Contract){
		"template_hash":      func(c *Contract) { c.Template.End += "x" },
		"format version":     func(c *Contract) { c.FormatVersion = 2 },
		"yes_id and no_id":   func(c *Contract) { c.NoID = c.YesID },
		"outside the vocab":  func(c *Contract) { c.NoID = int32(c.VocabSize) },
		"tokenizer_hash":     func(c *Contract) { c.TokenizerHash = "" },
		"max_tokens":         func(c *Contract) { c.MaxTokens = 0 },
		"overflow":           func(c *Contract) { c.Overflow = "truncate" },
		"calibration":        func(c *Contract) { c.Calibration = &Calibration{Method: "isotonic", A: 1} },
		"a is 0":             func(c *Contract) { c.Calibration = &Calibration{Method: CalibrationPlatt} },
		"close does not":     func(c *Contract) { c.Template.Close = "\n"; c.TemplateHash = c.Template.Hash() },
		"open must hold":     func(c *Contract) { c.Template.Open = "<|im_start|>"; c.TemplateHash = c.Template.Hash() },
		"made for tokenizer": func(c *Contract) { c.TokenizerHash = strings.Repeat("0", 64) },
		"no room":            func(c *Contract) { c.MaxTokens = 10 },
		"verdict":            func(c *Contract) { c.YesID, c.NoID = c.NoID, c.YesID },
	} {
		bad := *c
		edit(&bad)
		if err := bad.Bind(small(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one with %q", err, want)
		}
	}
	if _, err := Parse([]byte(`{"format_version":1,"surprise":2}`)); err == nil || !strings.Contains(err.Error(), "surprise") {
		t.Errorf("an unknown field gives %v", err)
	}
	err := Options{Template: "x", YesToken: "A", NoToken: "A", MaxTokens: -1, Overflow: "y"}.Validate()
	for _, want := range []string{`"x"`, `"A"`, "-1", `"y"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("fault %s is not listed in %v", want, err)
		}
	}
}

func TestScore(t *testing.T) {
	c := newContract(t, Options{})
	for _, x := range []struct {
		cal     *Calibration
		yes, no float64
		want    float64
	}{
		{nil, 1, 1, 0.5},
		{nil, 2, 0, 1 / (1 + math.Exp(-2))},
		{nil, 1000, -1000, 1},
		{nil, -300, 400, math.Exp(-700)},
		{&Calibration{Method: CalibrationTemperature, A: 0.5}, 4, 0, 1 / (1 + math.Exp(-2))},
		{&Calibration{Method: CalibrationPlatt, A: 1, B: -2}, 2, 0, 0.5},
	} {
		c.Calibration = x.cal
		if got, err := c.Score(x.yes, x.no); err != nil || math.Abs(got-x.want) > 1e-12*x.want {
			t.Errorf("Score(%v, %v) with %v = %v, %v, want %v", x.yes, x.no, x.cal, got, err, x.want)
		}
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if _, err := c.Score(bad, 0); !errors.Is(err, ErrNotFinite) {
			t.Errorf("Score(%v, 0) gives error %v", bad, err)
		}
		if _, err := c.Score(0, bad); !errors.Is(err, ErrNotFinite) {
			t.Errorf("Score(0, %v) gives error %v", bad, err)
		}
	}
}

func TestCheckpointRoundTrip(t *testing.T) {
	dir := t.TempDir()
	c := &Checkpoint{Contract: *newContract(t, Options{}), Objective: "two_way", Head: "two_way",
		TrainedOn: map[string][]string{"train": {TaskHash("a")}}, Lineage: map[string]string{"tokens": "k"}, Metrics: map[string]float64{"auc": 0.75}, Step: 3}
	if err := c.Save(dir); err != nil {
		t.Fatal(err)
	}
	got, err := LoadCheckpoint(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, got, cmpopts.IgnoreUnexported(Contract{})); diff != "" {
		t.Error(diff)
	}
	if err := os.WriteFile(filepath.Join(dir, TokenizerFile), small(t).JSON(), 0o644); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(encode(t, loaded, attempt()).IDs, encode(t, &c.Contract, attempt()).IDs) {
		t.Error("ids differ after loading")
	}
	if names, _ := filepath.Glob(filepath.Join(dir, ".*")); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
	if _, err := LoadCheckpoint(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty directory gives %v", err)
	}
}
