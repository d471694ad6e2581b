package trainer

import (
	"fmt"
	"maps"
	"sync"
	"testing"
)

// Passes side by side leave the bits that they leave one after the other, with
// several micro-batches on some ranks and none on others.
func TestOverlapChangesNoBit(t *testing.T) {
	cases := map[string]func(c *Config){
		"ragged": func(c *Config) {},
		"few":    func(c *Config) { c.Batch.Sequences, c.Batch.MaxTokensPerMicro = 3, 1 },
		"many":   func(c *Config) { c.Batch.Sequences, c.Batch.MaxTokensPerMicro = 16, 1 },
		"pairs":  func(c *Config) { c.Objective.Add = []ObjectiveTerm{{"pairwise", 0.5}}; c.Batch.GroupTasks = true },
	}
	for name, change := range cases {
		for worldName, world := range map[string]worldOf{"local": localWorld, "unix": unixWorld} {
			for _, l := range []ranksShape{{1, 2}, {2, 2}} {
				t.Run(fmt.Sprintf("%s/%s/dp %d ep %d", name, worldName, l.dp, l.ep), func(t *testing.T) {
					run := func(overlap bool) map[string]string {
						c := layoutCase(func(c *Config) {
							c.Precision, c.Steps, c.Ranks.Overlap = PrecisionFP32, 4, overlap
							change(c)
						})
						dir := t.TempDir()
						trainings, errs := runEach(t, c, world(t, l.dp*l.ep), l.ep, dir, undisturbed)
						for _, err := range errs {
							if err != nil {
								t.Fatal(err)
							}
						}
						if twice := trainings[0].net.engine.(*engineOf[float32]).turns != nil; twice != overlap {
							t.Fatalf("two passes: %v", twice)
						}
						return weightsOf(t, trainings[0].chosen(), dir)
					}
					if alone, beside := run(false), run(true); !maps.Equal(alone, beside) {
						t.Error("files differ")
					}
				})
			}
		}
	}
}

// recordedPeers notes in which order passes exchange.
type recordedPeers struct {
	mu    *sync.Mutex
	order *[]int
	pass  int
}

func (p recordedPeers) Rank() int { return 0 }
func (p recordedPeers) Size() int { return 1 }
func (p recordedPeers) AllToAllV([][]byte, [][]byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	*p.order = append(*p.order, p.pass)
	return nil
}

// Exchanges alternate whoever is ready first, and the longer pass goes on alone.
func TestTurns(t *testing.T) {
	for range 50 {
		var mu sync.Mutex
		var order []int
		tu := newTurns()
		tu.pair(1)
		var wg sync.WaitGroup
		for pass, n := range []int{5, 3} {
			peers := inTurn{recordedPeers{&mu, &order, pass}, tu, pass}
			wg.Go(func() {
				for range n {
					_ = peers.AllToAllV(nil, nil)
				}
				tu.done(pass)
			})
		}
		wg.Wait()
		if got := fmt.Sprint(order); got != "[1 0 1 0 1 0 0 0]" {
			t.Fatal(got)
		}
	}
}
