package planted

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestAttemptsAreDeterministicAndDiffer(t *testing.T) {
	o := Options{Tasks: 4, Rollouts: 2, Noise: 0.1, Seed: 3}
	a, err := o.Attempt(1, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := o.Attempt(1, 0, 1)
	for i := range a {
		if !bytes.Equal(a[i].Data, b[i].Data) {
			t.Errorf("%s: two calls differ", a[i].Path)
		}
	}
	c, _ := o.Attempt(1, 0, 0)
	if bytes.Equal(a[0].Data, c[0].Data) {
		t.Error("two rollouts are the same")
	}
}

// TestSignalIsPlanted counts how often the shown check agrees with the report.
func TestSignalIsPlanted(t *testing.T) {
	o := Options{Tasks: 300, Rollouts: 1, Noise: 0.2, Seed: 5}
	agree, resolved, n := 0, 0, 0
	for task := range o.Tasks {
		for p := range policies {
			files, err := o.Attempt(task, p, 0)
			if err != nil {
				t.Fatal(err)
			}
			var report map[string]struct{ Resolved bool }
			if err := json.Unmarshal(files[1].Data, &report); err != nil {
				t.Fatal(err)
			}
			for _, r := range report {
				n++
				if r.Resolved {
					resolved++
				}
				if r.Resolved == strings.Contains(string(files[0].Data), "all good") {
					agree++
				}
			}
		}
	}
	if rate := float64(agree) / float64(n); rate < 0.75 || rate > 0.85 {
		t.Errorf("the shown check agrees with the report in %.2f of attempts, want about 0.80", rate)
	}
	if rate := float64(resolved) / float64(n); rate < 0.35 || rate > 0.55 {
		t.Errorf("%.2f of attempts are resolved, want about 0.45", rate)
	}
}

func TestOptionsAreBound(t *testing.T) {
	for _, o := range []Options{
		{Tasks: maxAttempts/len(policies) + 1, Rollouts: 1},
		{Tasks: 2, Rollouts: maxAttempts},
		{Tasks: 1 << 31, Rollouts: 1 << 32}, // times two policies: 0 in 64 bits
		{Tasks: 1, Rollouts: 1, Noise: math.NaN()},
		{Tasks: 1, Rollouts: 1, Noise: 1.5},
		{Tasks: 0, Rollouts: 1},
		{Tasks: 1, Rollouts: -1},
	} {
		if o.Validate() == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
	if err := (&Options{Tasks: maxAttempts / len(policies), Rollouts: 1}).Validate(); err != nil {
		t.Error(err)
	}
}
