package grade

import (
	"github.com/swerm/swerm/labeler/testlog"
)

// count looks the required tests of a task up and keeps how they ended.
type count struct {
	Answer    Answer
	F2P, P2P  Tally
	NotPassed []Test
	Passed    []Test

	ix   *index
	want Want
}

// counted applies the tables of a rule set to a log.
func (r RuleSet) counted(ix *index, want Want) *count {
	c := &count{ix: ix, want: want, NotPassed: make([]Test, 0, 4), Passed: make([]Test, 0, len(want.FailToPass)+len(want.PassToPass))}
	f2p, p2p := r.f2p, r.p2p
	if want.FailOnly {
		f2p, p2p = failOnly, failOnly
	}
	c.Answer.F2P, c.F2P = c.list(want.FailToPass, f2p)
	c.Answer.P2P, c.P2P = c.list(want.PassToPass, p2p)
	return c
}

func (c *count) list(names []string, t table) (lists Lists, tally Tally) {
	lists.Success = make([]string, 0, len(names))
	lists.Failure = []string{}
	for _, name := range names {
		rec := c.ix.find(name)
		test := Test{Name: name}
		if rec != nil {
			test.Status, test.At = rec.Status, rec.StatusAt
		}
		switch t.of(rec) {
		case passes:
			tally.Passed++
			lists.Success = append(lists.Success, name)
			if rec != nil && rec.Status.Good() {
				c.Passed = append(c.Passed, test)
			} else {
				c.NotPassed = append(c.NotPassed, test)
			}
			continue
		case ignored:
		default:
			tally.Failed++
			lists.Failure = append(lists.Failure, name)
		}
		c.NotPassed = append(c.NotPassed, test)
	}
	return lists, tally
}

// answer is what the harness says of the reading.
func (r RuleSet) answer(l *Reading, c *count) Answer {
	if r.refuses != nil && l.Book.Marks != nil && r.refuses(l) {
		return Answer{}
	}
	a := c.Answer
	a.Graded = true
	if r.resolved != nil {
		a.Resolved = r.resolved(c)
	} else {
		a.Resolved = c.F2P.Failed+c.P2P.Failed == 0
	}
	return a
}

// exactly reports whether the tests that passed are those required, no fewer
// and no more.
func (c *count) exactly() bool {
	if c.F2P.Failed+c.P2P.Failed > 0 {
		return false
	}
	required := map[string]bool{}
	for _, names := range [][]string{c.want.FailToPass, c.want.PassToPass} {
		for _, name := range names {
			required[c.ix.key(name)] = true
		}
	}
	for name, i := range c.ix.all() {
		if c.ix.log.Records[i].Status == testlog.Passed && !required[name] {
			return false
		}
	}
	return true
}

// allPass reports whether the log names tests and all of them passed.
func (c *count) allPass() bool {
	for _, i := range c.ix.all() {
		if c.ix.log.Records[i].Status != testlog.Passed {
			return false
		}
	}
	return c.ix.len() > 0
}

// asExpected reports whether every test ended as the task says, and no other
// test is named.
func (c *count) asExpected() bool {
	if c.ix.len() != len(c.want.Expected) {
		return false
	}
	for name, st := range c.want.Expected {
		if i := c.ix.at(name); i < 0 || c.ix.log.Records[i].Status != st {
			return false
		}
	}
	return true
}
