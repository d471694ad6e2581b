package trainer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/moe/safetensors"
)

// Names of adapters in checkpoints.
const (
	adapterPrefix = "adapter" // in state/: .safetensors, or one file per shard of the experts
	adapterDir    = "adapter" // of a published checkpoint: as PEFT reads it
)

// ErrBase is returned when a run of adapters would go on over other weights
// than it began with.
var ErrBase = errors.New("the adapters were trained over other weights")

// LoRA trains adapters of low rank in the place of matrices.
type LoRA struct {
	Rank    int      `json:"rank" yaml:"rank"`       // 0: no adapters, all that is not frozen trains
	Alpha   float64  `json:"alpha" yaml:"alpha"`     // adapters count alpha/rank times
	Targets []string `json:"targets" yaml:"targets"` // attention, experts, mlp, modules such as q_proj, layers, patterns of names
	RSLoRA  bool     `json:"rslora" yaml:"rslora"`   // alpha/√rank instead
}

// tuning is what of the network trains.
func (c *Config) tuning() moe.Tuning {
	return moe.Tuning{Freeze: c.Freeze, LoRA: moe.LoRA(c.LoRA), BF16: c.Weights == WeightsBF16}
}

// tuningOver is tuning over weights from a checkpoint's directory: under adapters
// they stay in their files where the config leaves them. Drawn weights have none.
func (c *Config) tuningOver(dir string) moe.Tuning {
	t := c.tuning()
	t.Mapped = c.mapsBase() && dir != ""
	return t
}

// mapsBase reports whether weights under adapters stay in the files of a
// checkpoint.
func (c *Config) mapsBase() bool { return c.adapts() && c.Memory.WeightsIn == WeightsInFile }

// adapts reports whether adapters train.
func (c *Config) adapts() bool { return c.LoRA.Rank > 0 }

func (o origin) base() moe.Base { return moe.Base{Dir: o.dir, Config: o.shape, Seed: o.seed} }

// checkBase compares the weights under the adapters with those that the
// checkpoint at hand was trained over, on the rank that writes its state.
func (t *training) checkBase(from origin) error {
	if !t.cfg.adapts() || !t.layout.lead() {
		return nil
	}
	return from.under(t.st)
}

// under compares weights with those that a state's adapters were trained over, or
// makes them those of a state that has none.
func (o origin) under(st *State) error {
	digest, err := o.base().Digest()
	if err != nil {
		return err
	}
	if st.Base != "" && st.Base != digest {
		return fmt.Errorf("%w: step %d was trained over %.16s, the weights at hand are %.16s", ErrBase, st.Step, st.Base, digest)
	}
	st.Base = digest
	return nil
}

// loadAdapters finds each adapter in whichever file holds it, as loadMoments
// does; without adapters there is nothing to find.
func (e *engineOf[Num]) loadAdapters(dir string) error {
	if len(e.model.Adapters()) == 0 {
		return nil
	}
	set, err := openState(dir, adapterPrefix)
	if err != nil {
		return err
	}
	defer set.Close()
	return e.model.LoadAdapters(set)
}

// openState opens the files of one kind in the state of a checkpoint, of
// whatever layout.
func openState(dir, prefix string) (*safetensors.Set, error) {
	paths, err := filepath.Glob(filepath.Join(dir, stateDir, prefix+"*.safetensors"))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("%s: %s: %w", prefix, filepath.Join(dir, stateDir), os.ErrNotExist)
	}
	return safetensors.OpenFiles(paths...)
}

// publishAdapters puts the adapters of a checkpoint and their base together in
// dir: as a plain model, and in a directory of their own for PEFT.
func publishAdapters(cfg *Config, from origin, checkpoint, dir string) error {
	set, err := openState(checkpoint, adapterPrefix)
	if err != nil {
		return err
	}
	defer set.Close()
	if err := os.MkdirAll(filepath.Join(dir, adapterDir), 0o755); err != nil {
		return err
	}
	if cfg.Precision == PrecisionFP64 {
		return publishAdaptersOf[float64](cfg, from, set, dir, safetensors.F64)
	}
	return publishAdaptersOf[float32](cfg, from, set, dir, safetensors.F32)
}

// publishAdaptersOf rounds the merged model where the config says so, the
// adapters never.
func publishAdaptersOf[Num moe.Float](cfg *Config, from origin, set *safetensors.Set, dir string, dtype safetensors.DType) error {
	o := moe.SaveOptions{DType: string(dtype)}
	if err := moe.ExportAdapters[Num](from.base(), cfg.tuning(), set, filepath.Join(dir, adapterDir), o); err != nil {
		return err
	}
	if cfg.SaveDType != "" {
		o.DType = cfg.savedType()
	}
	return moe.Merge[Num](from.base(), cfg.tuning(), set, dir, o)
}
