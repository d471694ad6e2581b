package harness

// Report is what a run of tests found. It is the authority on outcomes; Text
// is a rendering of it.
type Report struct {
	Results       []TestResult
	CollectErrors []CollectError
	Collected     int    // tests found, whether or not they ran
	Deselected    int    // of these, left out by a keyword
	Usage         string // a path or id that does not exist: nothing ran

	files  map[string]string  // the tree, for source lines
	shared map[string]*module // while tests run
	steps  uint64

	stopped bool // at the first failure
}

// Counts is how many tests ended in which way. Errors holds collection errors
// as well.
type Counts struct{ Passed, Failed, Errors int }

// Counts counts outcomes.
func (r *Report) Counts() Counts {
	c := Counts{Errors: len(r.CollectErrors)}
	for _, t := range r.Results {
		switch t.Outcome {
		case Passed:
			c.Passed++
		case Failed:
			c.Failed++
		default:
			c.Errors++
		}
	}
	return c
}

// Passed says that at least one test ran and that all passed.
func (r *Report) Passed() bool { return r.ExitCode() == 0 }

// Steps is the work of the whole run, collection included.
func (r *Report) Steps() uint64 { return r.steps }

// ExitCode is pytest's: 0 all passed, 1 some failed, 2 collection failed, 4 a
// path does not exist, 5 no tests.
func (r *Report) ExitCode() int {
	c := r.Counts()
	switch {
	case r.Usage != "":
		return 4
	case len(r.CollectErrors) > 0 && len(r.Results) == 0:
		return 2
	case c.Failed+c.Errors > 0:
		return 1
	case len(r.Results) == 0:
		return 5
	}
	return 0
}

// Outcome returns how the test with this id ended; ok is false when it did
// not run, which a grader must not take for a pass.
func (r *Report) Outcome(id string) (o Outcome, ok bool) {
	for _, t := range r.Results {
		if t.ID == id {
			return t.Outcome, true
		}
	}
	return "", false
}

// Limit returns the first test or file that was stopped at a limit, and which
// limit that was. A test that was stopped has neither passed nor failed.
func (r *Report) Limit() (what string, ok bool) {
	for _, e := range r.CollectErrors {
		if e.failure == nil || e.failure.limit { // nil: more tests than are run
			return e.Path + ": " + e.Message, true
		}
	}
	for _, t := range r.Results {
		if t.failure != nil && t.failure.limit {
			return t.ID + ": " + t.failure.message, true
		}
	}
	return "", false
}

func (r *Report) broken(path string) bool {
	for _, e := range r.CollectErrors {
		if e.Path == path {
			return true
		}
	}
	return false
}
