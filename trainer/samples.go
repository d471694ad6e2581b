package trainer

import (
	"github.com/swerm/swerm/trainer/objective"
)

// A sample is one sequence to train or evaluate on. Its tokens lie in the
// run's token file.
type sample struct {
	id     string // of the trajectory
	task   int32  // index of its task
	target float64
	count  int32 // visits of one epoch
	offset int64 // in the token file
	length int32 // in tokens
}

// A corpus is everything that a run reads after it started.
type corpus struct {
	train, dev []sample
	tasks      []string // task ids by index
	tokens     *tokenFile
}

// lengths, counts and groups are the columns that a plan is made from.
func columns(list []sample) (lengths, counts, groups []int32) {
	for _, s := range list {
		lengths = append(lengths, s.length)
		counts = append(counts, s.count)
		groups = append(groups, s.task)
	}
	return lengths, counts, groups
}

// chunk cuts every sample into pieces of at most n tokens, for text without
// targets. A last piece of one token is dropped: it predicts nothing.
func chunk(list []sample, n int32) []sample {
	if n <= 0 {
		return list
	}
	var cut []sample
	for _, s := range list {
		for at := int32(0); at < s.length; at += n {
			piece := s
			piece.offset = s.offset + int64(at)
			piece.length = min(n, s.length-at)
			if piece.length > 1 || s.length == 1 {
				cut = append(cut, piece)
			}
		}
	}
	return cut
}

// row is the sample as an objective sees it.
func (s *sample) row(o *Objective) objective.Row {
	weight := o.WeightYes*s.target + o.WeightNo*(1-s.target)
	return objective.Row{Target: s.target, Weight: weight, Group: s.task}
}
