package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/trainer/comm"
)

// What ranks are told of a config is all of it, also what is outside its key.
func TestOrderCarriesTheWholeConfig(t *testing.T) {
	cfg := DefaultConfig()
	outside := 0
	v := reflect.ValueOf(cfg).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("json") == "-" {
			outside++
		}
	}
	cfg.Memory.Recompute, cfg.CheckpointAsync = RecomputeLayer, false
	if n := reflect.TypeFor[unkeyed]().NumField(); n != outside {
		t.Errorf("%d fields are outside the key, ranks are told %d", outside, n)
	}
	text, err := json.Marshal(order{Config: cfg, Unkeyed: cfg.unkeyed()})
	if err != nil {
		t.Fatal(err)
	}
	var o order
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	o.Config.setUnkeyed(o.Unkeyed)
	if diff := cmp.Diff(cfg, o.Config); diff != "" {
		t.Error(diff)
	}
}

// A rank whose machine code gives other bits in the config's precision is refused,
// on every rank, and one that gives the same goes on.
func TestFollowerOfAnotherFamily(t *testing.T) {
	for _, c := range []struct {
		precision, family string
		refused           bool
	}{
		{PrecisionFP32, kernelFamily(PrecisionFP32), false},
		{PrecisionBF16, kernelFamily(PrecisionBF16), false},
		{PrecisionFP64, "reference", false},
		{PrecisionFP32, "abacus", true},
		{PrecisionBF16, "abacus", true},
		{PrecisionFP64, "abacus", true},
	} {
		cfg := testConfig()
		cfg.Precision = c.precision
		world := comm.Local(2, comm.Limits{})
		told := make(chan error)
		go func() {
			err := Ranks{World: world[0]}.give(order{Dir: "nowhere", Family: c.family, Config: cfg, Unkeyed: cfg.unkeyed()})
			if err == nil {
				err = world[0].Barrier()
			}
			told <- err
		}()
		err := Follow(context.Background(), Ranks{World: world[1]}, 1)
		if errors.Is(err, ErrKernelFamily) != c.refused || !c.refused && !strings.Contains(err.Error(), "does not see") {
			t.Errorf("%s by %q: %v", c.precision, c.family, err)
		}
		if other := <-told; c.refused != strings.Contains(other.Error(), ErrKernelFamily.Error()) {
			t.Errorf("%s by %q: rank 0 hears %v", c.precision, c.family, other)
		}
	}
}
