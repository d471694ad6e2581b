package moe

import (
	"encoding/json"
	"fmt"
	"math"
)

// Yarn stretches rotary positions past the context that a model was trained
// with (Peng et al., arXiv 2309.00071), in the parameters of transformers and as
// its fifth generation reads them: releases before took the ratio of
// MaxPositionEmbeddings and Original for Factor wherever Original was given.
type Yarn struct {
	Factor float64 // new context over Original
	// Original is the context before; 0 means MaxPositionEmbeddings.
	Original int
	// BetaFast and BetaSlow are the rotations within Original above which a
	// dimension is left alone and below which it is interpolated in full; 0 means
	// 32 and 1.
	BetaFast, BetaSlow float64
	// AttentionFactor multiplies cosines and sines; 0 means 0.1·ln(Factor) + 1.
	AttentionFactor float64
	// Exact leaves the bounds between dimensions as they are computed instead of
	// rounding them outwards.
	Exact bool
}

// rotation is what turns a position into cosines and sines: of dimension pair i
// they are scale·cos(position·frequency[i]) and the sine.
type rotation struct {
	frequency []float64
	scale     float64
}

// rotation computes the frequencies in float64: theta^(−2i/C), under YaRN each
// between itself and itself over the factor.
func (c *Config) rotation() rotation {
	half := c.HeadDim / 2
	r := rotation{frequency: make([]float64, half), scale: 1}
	for i := range half {
		r.frequency[i] = math.Pow(c.RopeTheta, -2*float64(i)/float64(c.HeadDim))
	}
	if c.Yarn == nil {
		return r
	}
	y := c.yarn()
	low, high := y.bounds(c)
	for i := range half {
		keep := 1 - min(max((float64(i)-low)/(high-low), 0), 1)
		r.frequency[i] *= keep + (1-keep)/y.Factor
	}
	r.scale = y.AttentionFactor
	return r
}

// yarn returns the parameters with their defaults.
func (c *Config) yarn() Yarn {
	y := *c.Yarn
	if y.Original == 0 {
		y.Original = c.MaxPositionEmbeddings
	}
	if y.BetaFast == 0 {
		y.BetaFast = 32
	}
	if y.BetaSlow == 0 {
		y.BetaSlow = 1
	}
	if y.AttentionFactor == 0 {
		y.AttentionFactor = 0.1*math.Log(max(y.Factor, 1)) + 1
	}
	return y
}

// bounds are the dimension pairs between which frequencies change over.
func (y *Yarn) bounds(c *Config) (low, high float64) {
	of := func(rotations float64) float64 {
		return float64(c.HeadDim) * math.Log(float64(y.Original)/(rotations*2*math.Pi)) / (2 * math.Log(c.RopeTheta))
	}
	low, high = of(y.BetaFast), of(y.BetaSlow)
	if !y.Exact {
		low, high = math.Floor(low), math.Ceil(high)
	}
	low, high = max(low, 0), min(high, float64(c.HeadDim-1))
	if low == high {
		high += 0.001
	}
	return low, high
}

func (y *Yarn) validate(fault func(string, ...any)) {
	finite := func(key string, v, least float64) {
		if !(v >= least) || math.IsInf(v, 0) {
			fault("rope scaling: %s is %v, want at least %v", key, v, least)
		}
	}
	finite("factor", y.Factor, 1)
	finite("beta_fast", y.BetaFast, 0)
	finite("beta_slow", y.BetaSlow, 0)
	finite("attention_factor", y.AttentionFactor, 0)
	if y.Original < 0 || y.Original > maxContext {
		fault("rope scaling: original_max_position_embeddings is %d, want 0 to %d", y.Original, maxContext)
	}
}

// MarshalJSON writes the block that config.json has as rope_scaling.
func (y *Yarn) MarshalJSON() ([]byte, error) {
	block := map[string]any{"rope_type": "yarn", "factor": real(y.Factor)}
	for key, v := range map[string]float64{"beta_fast": y.BetaFast, "beta_slow": y.BetaSlow, "attention_factor": y.AttentionFactor} {
		if v != 0 {
			block[key] = real(v)
		}
	}
	if y.Original != 0 {
		block["original_max_position_embeddings"] = y.Original
	}
	if y.Exact {
		block["truncate"] = false
	}
	return json.Marshal(block)
}

// rope reads theta and the rule of scaling from either generation. A rule that
// this package does not compute is refused: it would change each logit without
// any shape telling.
func (p *configParser) rope(c *Config) {
	flat := p.take(&c.RopeTheta, "rope_theta")
	var nested, scaling map[string]json.RawMessage
	both := 0
	if p.take(&nested, "rope_parameters") {
		both++
		inner := &configParser{keys: nested, read: map[string]bool{}}
		theta := c.RopeTheta
		if inner.take(&theta, "rope_theta") && flat && theta != c.RopeTheta {
			p.fault("rope_theta is %v but rope_parameters.rope_theta is %v", c.RopeTheta, theta)
		}
		c.RopeTheta = theta
		p.scaling(c, inner, "rope_parameters")
	}
	if p.take(&scaling, "rope_scaling") {
		if both++; both == 2 && string(p.keys["rope_parameters"]) != string(p.keys["rope_scaling"]) {
			p.fault("rope_parameters and rope_scaling are both there and differ")
		}
		p.scaling(c, &configParser{keys: scaling, read: map[string]bool{}}, "rope_scaling")
	}
}

// scaling reads the rest of a block and passes its faults on under its name.
func (p *configParser) scaling(c *Config, in *configParser, name string) {
	kind, partial := "default", 1.0
	in.take(&kind, "rope_type", "type")
	if in.take(&partial, "partial_rotary_factor"); partial != 1 {
		in.fault("partial_rotary_factor %v is not supported, only 1", partial)
	}
	switch kind {
	case "default":
	case "yarn":
		c.Yarn = in.yarn()
	default:
		in.fault("rope_type %q is not supported, only \"default\" and \"yarn\"", kind)
	}
	for _, key := range in.left(nil) {
		in.fault("%s is not known", key)
	}
	for _, err := range in.faults {
		p.faults = append(p.faults, fmt.Errorf("%s.%w", name, err))
	}
}

func (p *configParser) yarn() *Yarn {
	y := &Yarn{}
	if !p.take(&y.Factor, "factor") {
		p.fault("factor is missing")
	}
	p.take(&y.Original, "original_max_position_embeddings")
	p.take(&y.BetaFast, "beta_fast")
	p.take(&y.BetaSlow, "beta_slow")
	given := p.take(&y.AttentionFactor, "attention_factor")
	if given && y.AttentionFactor == 0 {
		p.fault("attention_factor is 0: all positions would be alike")
	}
	var of, all float64
	p.take(&of, "mscale")
	p.take(&all, "mscale_all_dim")
	if of != 0 && all != 0 && !given {
		m := func(by float64) float64 { return 0.1*by*math.Log(max(y.Factor, 1)) + 1 }
		y.AttentionFactor = m(of) / m(all)
	}
	round := true
	p.take(&round, "truncate")
	y.Exact = !round
	return y
}
