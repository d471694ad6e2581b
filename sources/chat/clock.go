package chat

import (
	"math"
	"time"
)

// A Clock finds out how long a run took from the time stamps in its document.
// The zero value is ready.
type Clock struct{ first, last time.Time }

// stampLayouts are how scaffolds write a time: RFC 3339, and what Python's
// isoformat leaves without a zone.
var stampLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999-07:00", "2006-01-02 15:04:05.999999999"}

// Stamp reads a time stamp; false where the text is none.
func Stamp(text string) (time.Time, bool) {
	for _, layout := range stampLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// See takes a time stamp into account. Text that is none says nothing.
func (c *Clock) See(stamp string) {
	at, ok := Stamp(stamp)
	if !ok {
		return
	}
	if c.first.IsZero() || at.Before(c.first) {
		c.first = at
	}
	if c.last.IsZero() || at.After(c.last) {
		c.last = at
	}
}

// Seconds is the time from the first stamp to the last, to the millisecond, nil
// where there are not two.
func (c *Clock) Seconds() *float64 {
	if !c.last.After(c.first) {
		return nil
	}
	wall := math.Round(c.last.Sub(c.first).Seconds()*1000) / 1000
	return &wall
}
