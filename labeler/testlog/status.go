package testlog

import "fmt"

// Status is how one test ended, in one vocabulary for all frameworks.
type Status uint8

// The closed set of statuses. The zero value is none of them.
const (
	_       Status = iota
	Passed         // ended as it should
	Failed         // an assertion or the tested code failed
	Error          // what stands around the test failed: collection, set-up, tear-down
	Skipped        // did not run, on purpose
	XFail          // failed, as it was marked to
	XPass          // passed although it was marked to fail
)

// Statuses lists the closed set.
func Statuses() []Status { return []Status{Passed, Failed, Error, Skipped, XFail, XPass} }

// String returns the name that status files carry.
func (s Status) String() string {
	switch s {
	case Passed:
		return "PASSED"
	case Failed:
		return "FAILED"
	case Error:
		return "ERROR"
	case Skipped:
		return "SKIPPED"
	case XFail:
		return "XFAIL"
	case XPass:
		return "XPASS"
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// Good reports whether the test did what it was written to do.
func (s Status) Good() bool { return s == Passed || s == XFail }

// MarshalText writes the name.
func (s Status) MarshalText() ([]byte, error) {
	if s < Passed || s > XPass {
		return nil, fmt.Errorf("testlog: %v is no status", s)
	}
	return []byte(s.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (s *Status) UnmarshalText(text []byte) error {
	for _, known := range Statuses() {
		if known.String() == string(text) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("testlog: %q is no status", text)
}
