package trainer

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// All tokens go to the first expert of each layer, and with a single choice
// and no auxiliary loss nothing ever moves the router: most ranks hold experts
// that have no work in any step, and one has all of it.
func TestLayoutsAgreeOnOneExpert(t *testing.T) {
	c := layoutCase(func(c *Config) {
		c.Model.TopK, c.Aux.Coefficient, c.Steps = 1, 0, 20
		if testing.Short() {
			c.Steps = 3
		}
	})
	blind := func(_ int, tr *training) context.Context {
		for _, p := range tr.net.engine.(*engineOf[float64]).model.Params() {
			if strings.HasSuffix(p.Name, "mlp.gate.weight") {
				clear(p.Data)
			}
		}
		return context.Background()
	}
	outcomes := map[ranksShape]outcome{}
	for _, l := range layouts {
		if testing.Short() && l.dp*l.ep > 2 {
			continue
		}
		trainings, errs := runEach(t, c, localWorld(t, l.dp*l.ep), l.ep, t.TempDir(), blind)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		outcomes[l] = outcomeOf(t, trainings[0])
		for _, line := range outcomes[l].lines {
			for _, peak := range line.Balance.Peak {
				if peak != float64(c.cfg.Model.Experts) {
					t.Fatalf("dp %d ep %d: step %d was meant for one expert: %+v", l.dp, l.ep, line.Step, line.Balance)
				}
			}
		}
	}
	want := outcomes[layouts[0]]
	for l, got := range outcomes {
		if far := got.distance(t, want); !(far <= layoutBound) {
			t.Errorf("dp %d ep %d is off by %v", l.dp, l.ep, far)
		}
	}
}
