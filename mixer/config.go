package mixer

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/swerm/swerm/pipeline"
)

// Others is the name under which shares are given to everything not named.
const Others = "*"

// Limits on a plan. The table of cells is held and printed whole, and products
// of two counts must fit an int64.
const (
	maxTotal   = 1 << 31
	maxScales  = 64
	maxClasses = 1024
	maxCells   = 1 << 16
)

// How cells of policy x source x verdict must come out.
const (
	CellsNear  = "near"  // shares exact, their product as near as the pool allows
	CellsExact = "exact" // the product itself
)

// MixConfig says which mixture to draw. Shares are of trajectories.
type MixConfig struct {
	// Split takes rows of one split only: train, dev or test; "" takes all.
	Split string `json:"split" yaml:"split"`
	// Carry names other splits whose rows go through as they are, with scale 0,
	// so that the view still has what training is tuned and judged on.
	Carry []string `json:"carry,omitempty" yaml:"carry,omitempty"`
	// Total is the number of trajectories; 0 is the most that the rest allows.
	Total int64 `json:"total" yaml:"total"`
	// Scales is several totals at once, each holding all smaller ones.
	Scales []int64 `json:"scales,omitempty" yaml:"scales,omitempty"`
	// Ratio is resolved to unresolved, "2:1", or the share of resolved, "0.4".
	Ratio string `json:"ratio,omitempty" yaml:"ratio,omitempty"`
	// Policies and Sources are shares that sum to 1; "*" is all not named.
	Policies map[string]float64 `json:"policies,omitempty" yaml:"policies,omitempty"`
	Sources  map[string]float64 `json:"sources,omitempty" yaml:"sources,omitempty"`
	// Cells is near (shares hold, their product as far as possible) or exact.
	Cells string `json:"cells" yaml:"cells"`
	// CapPerTask is the most trajectories of one task; 0 is no limit.
	CapPerTask int64 `json:"cap_per_task" yaml:"cap_per_task"`
	// Seed decides which rows are taken; never how many.
	Seed uint64 `json:"seed" yaml:"seed"`
}

// Validate lists every fault at once.
func (c *MixConfig) Validate() error {
	var faults []error
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	if c.Split != "" && !slices.Contains(splits(), c.Split) {
		fault("split: %q, want one of %v", c.Split, splits())
	}
	for _, name := range c.Carry {
		if !slices.Contains(splits(), name) || name == c.Split || c.Split == "" {
			fault("carry: %q, want splits other than the one that is mixed", name)
		}
	}
	if c.Total != 0 && len(c.Scales) > 0 {
		fault("total and scales: give one of them")
	}
	if len(c.Scales) > maxScales {
		fault("scales: %d of them, at most %d", len(c.Scales), maxScales)
	}
	if c.Total < 0 || c.Total > maxTotal {
		fault("total: %d, want 0 to %d", c.Total, int64(maxTotal))
	}
	for i, n := range c.Scales {
		if n < 1 || n > maxTotal {
			fault("scales[%d]: %d, want 1 to %d", i, n, int64(maxTotal))
		} else if i > 0 && n <= c.Scales[i-1] {
			fault("scales[%d]: %d is not above %d before it", i, n, c.Scales[i-1])
		}
	}
	if c.Ratio != "" {
		if _, err := parseRatio(c.Ratio); err != nil {
			faults = append(faults, err)
		}
	}
	faults = append(faults, checkShares("policies", c.Policies)...)
	faults = append(faults, checkShares("sources", c.Sources)...)
	if len(c.Policies) > maxClasses || len(c.Sources) > maxClasses ||
		2*max(1, len(c.Policies))*max(1, len(c.Sources)) > maxCells {
		fault("policies and sources: more than %d of one or %d cells", maxClasses, maxCells)
	}
	if c.CapPerTask < 0 || c.CapPerTask > maxTotal {
		fault("cap_per_task: %d, want 0 to %d", c.CapPerTask, int64(maxTotal))
	}
	if c.Cells != CellsNear && c.Cells != CellsExact {
		fault("cells: %q, want %s or %s", c.Cells, CellsNear, CellsExact)
	}
	return errors.Join(faults...)
}

func splits() []string {
	return []string{pipeline.SplitTrain, pipeline.SplitDev, pipeline.SplitTest}
}

// A dimension is one way to tell trajectories apart. One that nothing is asked
// of has a single class with all of the share.
type dimension struct {
	name    string
	classes []string
	shares  []*big.Rat
	index   map[string]int32
	others  int32 // class of a value not named, -1 when it is left out
}

func newDimension(name string, shares map[string]float64) dimension {
	d := dimension{name: name, others: -1, index: map[string]int32{}}
	if len(shares) == 0 {
		d.classes, d.shares, d.others = []string{Others}, []*big.Rat{big.NewRat(1, 1)}, 0
		return d
	}
	d.classes, d.shares = exactShares(shares)
	for i, c := range d.classes {
		if c == Others {
			d.others = int32(i)
		} else {
			d.index[c] = int32(i)
		}
	}
	return d
}

// asked reports whether shares were given.
func (d *dimension) asked() bool { return len(d.index) > 0 || len(d.classes) > 1 }

// class returns -1 for a value that is left out.
func (d *dimension) class(value string) int32 {
	if c, ok := d.index[value]; ok {
		return c
	}
	return d.others
}

// The dimensions of a plan, in the order cells are numbered by.
const (
	bySource = iota
	byPolicy
	byVerdict
	dimensions
)

func (c *MixConfig) dimensions() [dimensions]dimension {
	var d [dimensions]dimension
	d[bySource] = newDimension("source", c.Sources)
	d[byPolicy] = newDimension("policy", c.Policies)
	d[byVerdict] = newDimension("verdict", nil)
	if c.Ratio != "" {
		r, err := parseRatio(c.Ratio)
		if err != nil {
			panic("mixer: ratio passed validation: " + err.Error())
		}
		resolved, unresolved := string(pipeline.VerdictResolved), string(pipeline.VerdictUnresolved)
		d[byVerdict] = dimension{name: "verdict", classes: []string{resolved, unresolved}, others: -1,
			shares: []*big.Rat{r, new(big.Rat).Sub(big.NewRat(1, 1), r)},
			index:  map[string]int32{resolved: 0, unresolved: 1}}
	}
	return d
}

// totals is the scales in ascending order; nil when the largest is to be found.
func (c *MixConfig) totals() []int64 {
	if len(c.Scales) > 0 {
		return c.Scales
	}
	if c.Total > 0 {
		return []int64{c.Total}
	}
	return nil
}
