package testlog_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/swerm/swerm/labeler/testlog"
)

// FuzzPytest holds that nothing panics, that every status stands in the log at
// the place given, and that reading in pieces reads the same.
func FuzzPytest(f *testing.F) {
	for _, form := range forms {
		f.Add([]byte(form.log))
	}
	f.Add([]byte("\x1b[PASSED a::b\x1b]\x1b(\x1b"))
	f.Fuzz(func(t *testing.T, log []byte) {
		limits := testlog.Limits{LineBytes: 200}
		l := testlog.Pytest().ParseLimited(log, limits)
		check(t, log, l)
		half, err := testlog.Pytest().Read(context.Background(), iotest.HalfReader(bytes.NewReader(log)), limits)
		if err != nil || !slices.Equal(l.Records, half.Records) || !slices.Equal(l.Events, half.Events) || l.Region != half.Region {
			t.Fatalf("in pieces: %v\n%+v\n%+v", err, l, half)
		}
	})
}
