package trainer

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/swerm/swerm/trainer/prometheus"
)

// A Monitor shows a training that runs to Prometheus: it is the handler of the
// page to scrape. The zero value shows nothing until a training has it
// ([StageWatched]). Numbers that do not exist are absent.
type Monitor struct {
	mu       sync.Mutex
	families []prometheus.Family
}

// ServeHTTP writes the numbers of the last finished step.
func (m *Monitor) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	families := m.families
	m.mu.Unlock()
	w.Header().Set("Content-Type", prometheus.ContentType)
	_ = prometheus.Write(w, families) // a reader that went away
}

// update takes the numbers of a training after a step. A nil monitor takes none.
func (m *Monitor) update(t *training) {
	if m == nil {
		return
	}
	families := t.families()
	m.mu.Lock()
	m.families = families
	m.mu.Unlock()
}

// families are all numbers of a training. They are made anew each time: whoever
// reads the ones before keeps them.
func (t *training) families() []prometheus.Family {
	w, st := t.watch, t.st
	r := w.rate(st, t.steps)
	var all []prometheus.Family
	add := func(kind prometheus.Kind, name, help string, samples ...prometheus.Sample) {
		all = append(all, prometheus.Family{Name: "swerm_train_" + name, Help: help, Kind: kind, Samples: samples})
	}
	one := func(v float64) prometheus.Sample { return prometheus.Sample{Value: v} }
	gauge := func(name, help string, v *float64) {
		if v != nil {
			add(prometheus.Gauge, name, help, one(*v))
		}
	}
	add(prometheus.Counter, "steps_total", "Finished steps, those of earlier processes of the run too.", one(float64(st.Step)))
	add(prometheus.Counter, "tokens_total", "Tokens trained on.", one(float64(st.Tokens)))
	add(prometheus.Counter, "sequences_total", "Sequences trained on.", one(float64(st.Sequences)))
	add(prometheus.Counter, "skipped_steps_total", "Steps left out because a number was not finite.", one(float64(st.SkippedSteps)))
	add(prometheus.Gauge, "planned_steps", "Steps of the whole run.", one(float64(t.steps)))
	add(prometheus.Gauge, "tokens_per_second", "Tokens a second since this process began.", one(r.tokens))
	add(prometheus.Gauge, "eta_seconds", "Seconds until the last step, at the rate so far.", one(r.left.Seconds()))
	add(prometheus.Gauge, "epoch", "Passes over the training rows so far.", one(w.line.Epoch))
	add(prometheus.Gauge, "learning_rate", "Learning rate of the last step.", one(w.line.LR))
	gauge("loss", "Loss of the last step.", w.line.Loss)
	gauge("grad_norm", "Norm of the last step's gradient, before clipping.", w.line.GradNorm)
	add(prometheus.Gauge, "aux_loss", "Load-balancing loss of the last step, before its coefficient.", one(w.line.Aux))
	gauge("z_loss", "Z-loss of the router in the last step, before its coefficient.", w.line.Z)
	gauge("auc", "AUC over the last "+strconv.Itoa(recentSequences)+" training sequences of this process, each as it was trained on.", w.recent.auc())
	if b := w.line.Balance; b != nil {
		add(prometheus.Gauge, "expert_peak", "Load of the busiest expert of a layer over the mean, in the last step. No token is dropped.", byLayer(b.Peak)...)
		add(prometheus.Gauge, "expert_entropy", "Entropy of the experts' shares of a layer over that of equal ones, in the last step.", byLayer(b.Entropy)...)
	}
	if w.dev != nil {
		add(prometheus.Gauge, "dev_step", "Step of the last evaluation of the dev split.", one(float64(w.devStep)))
		gauge("dev_loss", "Loss on the dev split.", w.dev.Loss)
		gauge("dev_auc", "AUC on the dev split.", w.dev.AUC)
		gauge("dev_ece", "Expected calibration error on the dev split, in 15 bins.", w.dev.ECE)
	}
	add(prometheus.Gauge, "best_step", "Step of the best evaluation; 0 before there is one.", one(float64(st.BestStep)))
	add(prometheus.Gauge, "checkpoint_step", "Step of the newest checkpoint, written or on its way; 0 before there is one.", one(float64(max(0, t.saved))))
	return all
}

// byLayer labels numbers of the layers that have experts, counted from 0.
func byLayer(list []float64) (samples []prometheus.Sample) {
	for l, v := range list {
		samples = append(samples, prometheus.Sample{Labels: []prometheus.Label{{Name: "moe_layer", Value: strconv.Itoa(l)}}, Value: v})
	}
	return samples
}
