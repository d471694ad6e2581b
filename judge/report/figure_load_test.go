package report

import (
	"fmt"
	"slices"
	"testing"
)

// Loads of a long run are thinned, and the first and the last stay.
func TestKeptLoads(t *testing.T) {
	for _, n := range []int{1, 2, maxLoads - 1, maxLoads, maxLoads + 1, 1000} {
		tr := &training{}
		for step := range n {
			tr.keepLoad(loadAt{step: int64(step + 1)})
		}
		if len(tr.loads) >= maxLoads || tr.evaluated != n {
			t.Errorf("of %d evaluations %d are kept, %d counted", n, len(tr.loads), tr.evaluated)
		}
		for _, want := range []int{1, 2, 6} {
			var steps []int64
			for _, at := range tr.loadsOver(want) {
				steps = append(steps, at.step)
			}
			if len(steps) != min(n, want) || steps[len(steps)-1] != int64(n) || want > 1 && steps[0] != 1 || !slices.IsSorted(steps) {
				t.Errorf("of %d evaluations %v are shown", n, steps)
			}
		}
	}
	even := &training{}
	for step := range 100 {
		even.keepLoad(loadAt{step: int64(step)})
	}
	for i := range even.loads {
		if even.loads[i].step != even.loads[1].step*int64(i) {
			t.Errorf("not spread evenly: %+v", even.loads)
			break
		}
	}
}

func TestLoadShares(t *testing.T) {
	if got := sharesOf([]int64{30, 10, 0, 0}, 4); !slices.Equal(got, []float64{3, 1, 0, 0}) {
		t.Errorf("got %v", got)
	}
	if got := sharesOf([]int64{30, 10, 0, 0, 0, 0}, 4); !slices.Equal(got, []float64{4.5, 0.75, 0, 0}) {
		t.Errorf("of neighbours: %v", got)
	}
	if sharesOf([]int64{0, 0}, 2) != nil || sharesOf(nil, 3) != nil {
		t.Error("no token has shares")
	}
	for share, want := range map[float64]ink{0: inkRival, 0.25: inkRival, 0.4: inkRivalHalf, 0.6: inkRivalFaint, 1: inkGrid, 1.25: inkGrid, 1.5: inkModelFaint, 4: inkModelHalf, 4.1: inkModel, 128: inkModel} {
		if got := levelOf(share); got != want {
			t.Errorf("share %v has colour %v, want %v", share, got, want)
		}
	}
}

// The figure fits its frame, keeps its labels apart and stays small for
// networks of every size.
func TestLoadFigureFits(t *testing.T) {
	for _, c := range []struct{ layers, experts, evaluations int }{{1, 2, 1}, {2, 4, 9}, {4, 16, 40}, {24, 64, 3}, {48, 128, 100}, {96, 512, 7}, {300, 3, 2}} {
		tr := &training{}
		for step := range c.evaluations {
			at := loadAt{step: int64(step+1) * 1000}
			for l := range c.layers {
				var layer []int64
				for e := range c.experts {
					if l%5 != 3 { // dense
						layer = append(layer, int64((e*7+l*3+step)%13))
					}
				}
				at.load = append(at.load, layer)
			}
			tr.keepLoad(at)
		}
		e := &evidence{training: tr}
		f := e.loadFigure()
		for _, width := range []float64{figureWidth, panelWidth} {
			d := f.draw(width)
			checkDrawing(t, fmt.Sprintf("%+v", c), d)
			if len(d.marks) > 2*maxCells+400 || d.height > 900 {
				t.Errorf("%+v: %d marks, %v high", c, len(d.marks), d.height)
			}
		}
	}
}
