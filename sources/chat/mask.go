package chat

import "github.com/swerm/swerm/sources/jsonscan"

// A Mask reads whether a source trains on a message: a boolean, or a weight of 0
// or 1. A weight between them is left to the rest of the message.
type Mask struct {
	Value *bool

	seen Seen
	raw  []byte
}

// Field reads the value of a key that masks have, and reports whether it is one.
func (m *Mask) Field(s *jsonscan.Scanner, key string) bool {
	switch key {
	case "mask", "train", "loss", "weight", "loss_weight":
	default:
		return false
	}
	m.seen.Once(s, 0)
	switch s.Kind() {
	case jsonscan.Bool:
		m.Value = s.OptBool()
	case jsonscan.Number:
		at := s.Mark()
		if v := s.OptFloat(); v != nil && (*v == 0 || *v == 1) {
			train := *v == 1
			m.Value = &train
			return true
		}
		m.raw = s.Since(at)
	case jsonscan.Null:
	default:
		return false
	}
	return true
}

// Rest keeps a weight that is no mask.
func (m *Mask) Rest(r *Rest) {
	if m.raw != nil {
		r.Set("weight", string(m.raw))
	}
}
