package trainer

// Whether ranks that hold the same tensors share the optimizer's work.
const (
	ShardAuto = "auto" // where there are several
	ShardOn   = "on"
	ShardOff  = "off"
)

// Sharing says how ranks divide their work where there are several. Nothing in
// it matters to one process alone.
type Sharing struct {
	ShardOptimizer string `json:"shard_optimizer" yaml:"shard_optimizer"` // auto, on or off: moments and update in slices; the same bits
}

// DefaultSharing returns what an empty config means.
func DefaultSharing() Sharing { return Sharing{ShardOptimizer: ShardAuto} }

func (s *Sharing) validate(v *faults) {
	v.oneOf("ranks.shard_optimizer", s.ShardOptimizer, ShardAuto, ShardOn, ShardOff)
}

// slices reports whether moments are in slices.
func (s *Sharing) slices(l *layout) bool {
	return s.ShardOptimizer == ShardOn || s.ShardOptimizer == ShardAuto && !l.alone()
}
