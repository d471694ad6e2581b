package main

import (
	"strings"
	"testing"

	"github.com/swerm/swerm/tools/emulate/plan"
)

func TestVerdict(t *testing.T) {
	p := plan.Plan{Tests: []plan.Test{{Package: "./a"}, {Package: "./b"}}}
	const (
		goodA = plan.Begin + "./a\r\n--- PASS: TestA (0.00s)\r\nPASS\r\n" + plan.End + "./a 0\r\n"
		goodB = plan.Begin + "./b\r\nPASS\r\n" + plan.End + "./b 0\r\n"
	)
	for name, c := range map[string]struct{ console, want string }{
		"both pass":          {goodA + goodB + plan.Done + "\r\n", ""},
		"second is absent":   {goodA + plan.Done + "\r\n", "./b did not begin"},
		"second is cut":      {goodA + plan.Begin + "./b\r\nPASS\r\n", "./b did not end"},
		"first fails":        {strings.Replace(goodA, "./a 0", "./a 1", 1) + goodB, "./a failed with exit status 1"},
		"no line PASS":       {goodA + strings.Replace(goodB, "PASS\r\n", "", 1), "./b failed with exit status 0"},
		"nothing was chosen": {goodA + strings.Replace(goodB, "PASS", "testing: warning: no tests to run\r\nPASS", 1), "./b has no test that matches"},
	} {
		t.Run(name, func(t *testing.T) {
			v := listen(strings.NewReader(c.console), new(strings.Builder), func(error) { t.Error("stopped") })
			got := ""
			if err := v.judge(p); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestPanicStops(t *testing.T) {
	stopped := false
	listen(strings.NewReader("[ 1.0] Kernel panic - not syncing: no init\r\n"), new(strings.Builder), func(error) { stopped = true })
	if !stopped {
		t.Error("the emulator would run on")
	}
}
