package pipeline

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/swerm/swerm/internal/sha256lanes"
)

// identityGather is how much text an Identifier hashes at once. It keeps a
// buffer of that size; a larger record is hashed with it all the same.
const identityGather = 1 << 20

// An Identifier gives trajectories their ids, many at a time: hashing is most
// of what reading a trajectory costs, and many are hashed side by side in a
// fraction of the time. The zero value is ready. It is for one goroutine.
type Identifier struct {
	text     []byte
	ends     []int
	messages [][]byte
	sums     [][sha256.Size]byte
}

// Identify sets ID to what ComputeID returns, of every trajectory.
func (c *Identifier) Identify(ts []*Trajectory) {
	for len(ts) > 0 {
		c.text, c.ends = slices.Grow(c.text[:0], identityGather+identityGather/4), c.ends[:0]
		for _, t := range ts {
			if len(c.text) > 0 && len(c.text)+int(t.TextBytes()) > identityGather {
				break
			}
			c.text = t.appendIdentity(c.text)
			c.ends = append(c.ends, len(c.text))
		}
		c.hash(ts[:len(c.ends)])
		ts = ts[len(c.ends):]
		if cap(c.text) > 2*identityGather {
			c.text = nil // a giant record's
		}
	}
}

// hash names trajectories whose text is gathered.
func (c *Identifier) hash(ts []*Trajectory) {
	c.messages = c.messages[:0]
	from := 0
	for _, end := range c.ends {
		c.messages = append(c.messages, c.text[from:end])
		from = end
	}
	if cap(c.sums) < len(ts) {
		c.sums = make([][sha256.Size]byte, len(ts))
	}
	c.sums = c.sums[:len(ts)]
	sha256lanes.Sum(c.sums, c.messages)
	for i, t := range ts {
		t.ID = idOf(c.sums[i])
	}
	clear(c.messages)
}

func idOf(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:16]) }

// appendIdentity appends what ComputeID hashes.
func (t *Trajectory) appendIdentity(b []byte) []byte {
	b = appendStr(b, IDLayout)
	b = appendOpt(b, t.InstanceID)
	b = appendNum(b, int64(len(t.Messages)))
	for i := range t.Messages {
		b = t.Messages[i].appendIdentity(b)
	}
	b = appendOpt(b, t.Patch)
	b = appendStr(b, t.Origin.URI)
	return appendNum(b, t.Origin.Row)
}

func (m *Message) appendIdentity(b []byte) []byte {
	b = appendStr(b, string(m.Role))
	b = appendStr(b, string(m.Kind))
	b = appendOpt(b, m.Content)
	b = appendOpt(b, m.Reasoning)
	b = appendOpt(b, m.RawOutput)
	if m.ReturnCode == nil {
		b = appendAbsent(b)
	} else {
		b = appendNum(b, int64(*m.ReturnCode))
	}
	b = appendOpt(b, m.Name)
	b = appendOpt(b, m.ToolCallID)
	b = appendNum(b, int64(len(m.ToolCalls)))
	for _, c := range m.ToolCalls {
		b = appendOpt(b, c.ID)
		b = appendStr(b, c.Name)
		b = appendStr(b, c.Arguments)
	}
	return b
}

func appendAbsent(b []byte) []byte { return append(b, 0) }

func appendNum(b []byte, n int64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, 1), uint64(n))
}

func appendStr(b []byte, s string) []byte { return append(appendNum(b, int64(len(s))), s...) }

func appendOpt(b []byte, s *string) []byte {
	if s == nil {
		return appendAbsent(b)
	}
	return appendStr(b, *s)
}
