package trainer

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
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
