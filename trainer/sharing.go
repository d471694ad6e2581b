package trainer

// Whether ranks that hold the same tensors share the optimizer's work.
const (
	ShardAuto = "auto" // where there are several
	ShardOn   = "on"
	ShardOff  = "off"
)

// What numbers are on their way between ranks.
const (
	WireFP32 = "fp32"
	// WireBF16 halves the bytes of tokens at their way to experts and back and
	// of gradients that are summed; sums are taken in fp32.
	WireBF16 = "bf16"
)

// Sharing says how ranks divide their work where there are several. Nothing in
// it matters to one process alone.
type Sharing struct {
	ShardOptimizer string `json:"shard_optimizer" yaml:"shard_optimizer"` // auto, on or off: moments and update in slices; the same bits
	Wire           string `json:"wire" yaml:"wire"`                       // fp32 or bf16: what tokens and gradients are between ranks
	Overlap        bool   `json:"overlap" yaml:"overlap"`                 // the backward pass of a micro-batch beside the forward pass of the next
}

// DefaultSharing returns what an empty config means.
func DefaultSharing() Sharing { return Sharing{ShardOptimizer: ShardAuto, Wire: WireFP32} }

func (s *Sharing) validate(v *faults, precision string) {
	v.oneOf("ranks.wire", s.Wire, WireFP32, WireBF16)
	if s.Wire == WireBF16 && precision == PrecisionFP64 {
		v.add("ranks.wire: %s is for precision %s", WireBF16, PrecisionFP32)
	}
	v.oneOf("ranks.shard_optimizer", s.ShardOptimizer, ShardAuto, ShardOn, ShardOff)
}

// slices reports whether moments are in slices, where there are so many ranks.
func (s *Sharing) slices(ranks int) bool {
	return s.ShardOptimizer == ShardOn || s.ShardOptimizer == ShardAuto && ranks > 1
}
