package prometheus_test

import (
	"os"

	"github.com/swerm/swerm/trainer/prometheus"
)

func Example() {
	_ = prometheus.Write(os.Stdout, []prometheus.Family{{
		Name: "swerm_train_steps_total", Help: "Finished steps.", Kind: prometheus.Counter,
		Samples: []prometheus.Sample{{Value: 40}},
	}})
	// Output:
	// # HELP swerm_train_steps_total Finished steps.
	// # TYPE swerm_train_steps_total counter
	// swerm_train_steps_total 40
}
