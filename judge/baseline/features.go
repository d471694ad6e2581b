package baseline

import (
	"cmp"
	"math"
	"slices"

	"github.com/swerm/swerm/pipeline"
)

// Limits of the bag of words. HashBits fixes the width of the hashed
// vocabulary; maxTerms bounds what one trajectory may hold, so that memory is
// rows × maxTerms × 8 bytes whatever the text.
const (
	HashBits   = 18
	maxTerms   = 2048
	minWord    = 2
	maxWord    = 40
	maxDocText = 8 << 20 // bytes of one trajectory that are counted
)

// Features is all that baselines know of one trajectory.
type Features struct {
	Bytes      float64 // text a reader would see
	Turns      float64 // assistant messages
	PatchBytes float64
	ExitStatus string // "" = the scaffold said nothing
	Terms      []Term // distinct hashed words by index
}

// A Term is one hashed word and its weight.
type Term struct {
	Index  uint32
	Weight float32
}

// Extract reads the features of one trajectory. Nothing in them depends on
// claims, labels, policy or origin.
func Extract(t *pipeline.Trajectory) Features {
	f := Features{}
	if t.ExitStatus != nil {
		f.ExitStatus = *t.ExitStatus
	}
	bag := newBag()
	add := func(s *string) {
		if s == nil {
			return
		}
		f.Bytes += float64(len(*s))
		bag.text(*s)
	}
	for i := range t.Messages {
		m := &t.Messages[i]
		if m.Role == pipeline.RoleExit {
			continue // says how it ended, which is a feature of its own
		}
		if m.Role == pipeline.RoleAssistant {
			f.Turns++
		}
		add(m.Content)
		for j := range m.ToolCalls {
			add(&m.ToolCalls[j].Arguments)
		}
	}
	if t.Patch != nil {
		f.PatchBytes = float64(len(*t.Patch))
	}
	f.Terms = bag.terms()
	return f
}

type bag struct {
	counts map[uint32]int32
	left   int
}

func newBag() *bag { return &bag{counts: map[uint32]int32{}, left: maxDocText} }

// text counts the words of s: runs of letters, digits and underscores, ASCII
// letters folded, hashed by FNV-1a.
func (b *bag) text(s string) {
	const offset, prime = 2166136261, 16777619
	if len(s) > b.left {
		s = s[:b.left]
	}
	b.left -= len(s)
	h, n := uint32(offset), 0
	for i := 0; i <= len(s); i++ {
		c := byte(' ')
		if i < len(s) {
			c = s[i]
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c >= 0x80 {
			h = (h ^ uint32(c)) * prime
			n++
			continue
		}
		if n >= minWord && n <= maxWord {
			b.counts[(h^h>>HashBits)&(1<<HashBits-1)]++
		}
		h, n = offset, 0
	}
}

// terms keeps the most frequent words, ties by index, as 1 + log(count).
func (b *bag) terms() []Term {
	out := make([]Term, 0, len(b.counts))
	for i, n := range b.counts {
		out = append(out, Term{i, float32(1 + math.Log(float64(n)))})
	}
	if len(out) > maxTerms {
		slices.SortFunc(out, func(a, c Term) int {
			if a.Weight != c.Weight {
				return cmp.Compare(c.Weight, a.Weight)
			}
			return cmp.Compare(a.Index, c.Index)
		})
		out = slices.Clip(out[:maxTerms])
	}
	slices.SortFunc(out, func(a, c Term) int { return cmp.Compare(a.Index, c.Index) })
	return out
}
