package judge

import (
	"errors"
	"fmt"
)

// faultList gathers every fault of a config, so that a user mends them in one go.
type faultList []error

func (f *faultList) check(ok bool, format string, args ...any) {
	if !ok {
		*f = append(*f, fmt.Errorf(format, args...))
	}
}

func (f faultList) err() error { return errors.Join(f...) }
