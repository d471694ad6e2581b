package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// DropReason says why a record that could be read was not kept.
type DropReason string

// The closed set of reasons. A stage that needs another adds it here, so that
// every reader of counts knows them all.
const (
	DropDuplicate     DropReason = "duplicate"      // same trajectory id as an earlier record
	DropContinued     DropReason = "continued"      // the beginning of an attempt that another file holds whole
	DropNoMessages    DropReason = "no_messages"    // an attempt that never began
	DropOverLimit     DropReason = "over_limit"     // larger than a stated limit
	DropOverflow      DropReason = "overflow"       // longer than the context, rule "drop"
	DropNotSelected   DropReason = "not_selected"   // the plan asked for fewer
	DropNoVerdict     DropReason = "no_verdict"     // the label is not a score
	DropNoLabel       DropReason = "no_label"       // no row in the label set
	DropNoTokens      DropReason = "no_tokens"      // no row in the token set
	DropFiltered      DropReason = "filtered"       // a condition of the config
	DropTaskCap       DropReason = "task_cap"       // the cap per task was reached
	DropUnscored      DropReason = "unscored"       // the model gave no score
	DropOtherSplit    DropReason = "other_split"    // belongs to a split not asked for
	DropOtherScale    DropReason = "other_scale"    // belongs to a larger scale than asked for
	DropNotTrajectory DropReason = "not_trajectory" // a record of a known kind that carries no attempt
)

// DropReasons lists the closed set.
func DropReasons() []DropReason {
	return []DropReason{DropDuplicate, DropContinued, DropNoMessages, DropOverLimit, DropOverflow,
		DropNotSelected, DropNoVerdict, DropNoLabel, DropNoTokens, DropFiltered,
		DropTaskCap, DropUnscored, DropOtherSplit, DropOtherScale, DropNotTrajectory}
}

// Counts is the ledger of one stage over candidate records.
type Counts struct {
	In      int64                `json:"in"`
	Out     int64                `json:"out"`
	Dropped map[DropReason]int64 `json:"dropped,omitempty"`
	Failed  int64                `json:"failed"`
	Ignored int64                `json:"ignored,omitempty"` // files met that are no candidates
}

// Drop counts one record dropped for a reason.
func (c *Counts) Drop(r DropReason) {
	if c.Dropped == nil {
		c.Dropped = map[DropReason]int64{}
	}
	c.Dropped[r]++
}

// DroppedTotal sums the dropped records.
func (c *Counts) DroppedTotal() int64 {
	var n int64
	for _, v := range c.Dropped {
		n += v
	}
	return n
}

// Add adds another ledger to this one.
func (c *Counts) Add(o Counts) {
	c.In += o.In
	c.Out += o.Out
	c.Failed += o.Failed
	c.Ignored += o.Ignored
	for r, n := range o.Dropped {
		if c.Dropped == nil {
			c.Dropped = map[DropReason]int64{}
		}
		c.Dropped[r] += n
	}
}

// Clone returns a copy that shares nothing.
func (c Counts) Clone() Counts {
	c.Dropped = maps.Clone(c.Dropped)
	return c
}

// Check asserts in = out + dropped + failed and that every reason is known.
func (c *Counts) Check() error {
	for r := range c.Dropped {
		if !slices.Contains(DropReasons(), r) {
			return fmt.Errorf("counts: %q is not a drop reason", r)
		}
	}
	if c.In != c.Out+c.DroppedTotal()+c.Failed {
		return fmt.Errorf("counts: in %d is not out %d + dropped %d + failed %d",
			c.In, c.Out, c.DroppedTotal(), c.Failed)
	}
	return nil
}

// String writes the ledger on one line, reasons sorted.
func (c Counts) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d in, %d out", c.In, c.Out)
	for _, r := range slices.Sorted(maps.Keys(c.Dropped)) {
		fmt.Fprintf(&b, ", %d dropped (%s)", c.Dropped[r], r)
	}
	if c.Failed > 0 {
		fmt.Fprintf(&b, ", %d failed", c.Failed)
	}
	if c.Ignored > 0 {
		fmt.Fprintf(&b, ", %d files ignored", c.Ignored)
	}
	return b.String()
}

// A Reject is a record that was not kept, with its place and its cause. It is
// written to the dataset's rejects and never lost.
type Reject struct {
	Reason string `json:"reason"` // a DropReason, or "failed"
	URI    string `json:"uri"`
	Row    int64  `json:"row"`
	ID     string `json:"id,omitempty"` // trajectory id, where it got that far
	Error  string `json:"error,omitempty"`
}

// RejectFailed is the Reason of a record that could not be read.
const RejectFailed = "failed"

// A RecordError is a record that could not be read, with its place. Streams
// yield it as a value's error; it ends the record and not the stream.
type RecordError struct {
	URI string
	Row int64
	Err error
}

// Error names the file, the row and the cause.
func (e *RecordError) Error() string { return fmt.Sprintf("%s: row %d: %v", e.URI, e.Row, e.Err) }

// Unwrap returns the cause.
func (e *RecordError) Unwrap() error { return e.Err }
