package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/swerm/swerm/tools/emulate/plan"
)

// verdict is what the serial console said of each package.
type verdict struct {
	results map[string]result
	done    bool // the guest came to the end of its plan
}

type result struct {
	status string // exit status, empty while it runs
	pass   bool   // a line PASS was seen
	idle   bool   // nothing matched the pattern
}

// listen copies the console to w until it ends, and keeps what it says of
// packages. A kernel that stops for good does not end the console: listen
// calls cancel then.
func listen(console io.Reader, w io.Writer, cancel func(error)) verdict {
	v := verdict{results: map[string]result{}}
	var current string
	lines := bufio.NewReader(console)
	for {
		line, err := lines.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		if line != "" || err == nil {
			fmt.Fprintln(w, line)
		}
		v.hear(line, &current)
		if strings.Contains(line, "Kernel panic - not syncing") {
			cancel(errors.New("the kernel panicked"))
		}
		if err != nil {
			return v
		}
	}
}

func (v *verdict) hear(line string, current *string) {
	r := v.results[*current]
	switch {
	case strings.HasPrefix(line, plan.Begin):
		*current, r = strings.TrimPrefix(line, plan.Begin), result{}
	case strings.HasPrefix(line, plan.End+*current+" "):
		r.status = strings.TrimPrefix(line, plan.End+*current+" ")
	case line == plan.Done:
		v.done = true
	case line == "PASS":
		r.pass = true
	case line == "testing: warning: no tests to run":
		r.idle = true
	}
	if *current != "" {
		v.results[*current] = r
	}
}

// judge returns an error that names each package of p that did not pass.
func (v *verdict) judge(p plan.Plan) error {
	var errs []error
	for _, test := range p.Tests {
		r, begun := v.results[test.Package]
		switch {
		case !begun:
			errs = append(errs, fmt.Errorf("%s did not begin", test.Package))
		case r.status == "":
			errs = append(errs, fmt.Errorf("%s did not end", test.Package))
		case r.status != "0" || !r.pass:
			errs = append(errs, fmt.Errorf("%s failed with exit status %s", test.Package, r.status))
		case r.idle:
			errs = append(errs, fmt.Errorf("%s has no test that matches", test.Package))
		}
	}
	return errors.Join(errs...)
}
