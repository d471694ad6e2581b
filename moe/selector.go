package moe

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// The kinds of tensors that a selector may name. Every tensor is of one kind.
const (
	KindEmbeddings = "embeddings" // a tied head is the embedding
	KindHead       = "head"
	KindNorms      = "norms" // of queries and keys too
	KindAttention  = "attention"
	KindRouter     = "router"
	KindExperts    = "experts"
	KindMLP        = "mlp" // of dense layers
)

var kinds = []string{KindEmbeddings, KindHead, KindNorms, KindAttention, KindRouter, KindExperts, KindMLP}

// modules are the matrices that may have an adapter, under their names in
// checkpoints.
var modules = []string{"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}

// A selector picks tensors of a model by name. In text it is a kind
// ("experts"), a module ("q_proj"), a run of layers ("layers 0-3", "layers 5"),
// or a pattern over whole names in which * stands for anything, dots included
// ("model.layers.*.mlp.experts.7.*").
type selector struct {
	text    string
	kind    string
	module  string
	layers  bool
	lo, hi  int // of layers, both included
	pattern string
}

func parseSelector(text string) (selector, error) {
	s := selector{text: text}
	digits, layers := strings.CutPrefix(text, "layers ")
	switch {
	case slices.Contains(kinds, text):
		s.kind = text
	case slices.Contains(modules, text):
		s.module = text
	case layers:
		from, to, isRun := strings.Cut(digits, "-")
		if !isRun {
			to = from
		}
		lo, errLo := strconv.ParseUint(from, 10, 31)
		hi, errHi := strconv.ParseUint(to, 10, 31)
		if errLo != nil || errHi != nil || lo > hi {
			return s, fmt.Errorf("%q: want layers N or layers N-M", text)
		}
		s.layers, s.lo, s.hi = true, int(lo), int(hi)
	case strings.Contains(text, "."):
		if _, err := path.Match(text, ""); err != nil {
			return s, fmt.Errorf("%q: %w", text, err)
		}
		s.pattern = text
	default:
		return s, fmt.Errorf("%q is no kind (%s), no module (%s), no run of layers (layers 0-3) and no pattern of tensor names",
			text, strings.Join(kinds, ", "), strings.Join(modules, ", "))
	}
	return s, nil
}

func (s *selector) matches(name string) bool {
	switch {
	case s.kind != "":
		return kindOf(name) == s.kind
	case s.module != "":
		return moduleOf(name) == s.module
	case s.layers:
		l, ok := layerOf(name)
		return ok && l >= s.lo && l <= s.hi
	}
	ok, _ := path.Match(s.pattern, name) // names hold no slash, so * runs over dots
	return ok
}

// kindOf tells the kind of a tensor of a checkpoint.
func kindOf(name string) string {
	switch {
	case strings.HasPrefix(name, "model.embed_tokens."):
		return KindEmbeddings
	case name == headName:
		return KindHead
	case strings.HasSuffix(name, "norm.weight"):
		return KindNorms
	case strings.Contains(name, ".self_attn."):
		return KindAttention
	case strings.HasSuffix(name, ".mlp.gate.weight"):
		return KindRouter
	case strings.Contains(name, ".mlp.experts."):
		return KindExperts
	}
	return KindMLP
}

// moduleOf is q_proj of model.layers.0.self_attn.q_proj.weight.
func moduleOf(name string) string {
	parts := strings.Split(name, ".")
	return parts[max(0, len(parts)-2)]
}

func layerOf(name string) (l int, ok bool) {
	rest, ok := strings.CutPrefix(name, "model.layers.")
	if !ok {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, ".")
	l, err := strconv.Atoi(digits)
	return l, err == nil
}
