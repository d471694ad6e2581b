package report

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/judge"
)

// largeWorld has as much of everything as a figure may meet.
func largeWorld(t testing.TB) *world {
	w := newWorld(t)
	w.policies = nil
	for i := range 40 {
		w.policies = append(w.policies, fmt.Sprintf("vendor/some-long-model-name-%d-instruct-2026-11-%02d", i, i))
	}
	w.ev = evaluation(w.policies)
	w.ev.N, w.ev.Positives, w.ev.Tasks = 12_345_678, 2_345_678, 123_456
	for i := range 8 {
		k, v := strconv.Itoa(16<<i), 0.6+0.04*float64(i)
		w.ev.RMAt[k], w.ev.PassAt[k], w.ev.RandomAt[k], w.ev.GroupsAt[k] = ref(0.6), &v, ref(0.4), 9
		w.ev.Intervals["rm@"+k] = around(0.6)
	}
	w.curves = curves(&w.ev)
	for i := range w.curves.Scores.Resolved {
		w.curves.Scores.Resolved[i] *= 1_000_003
	}
	w.steps = 5000
	w.load = make([][]int64, 48)
	for l := range w.load {
		w.load[l] = make([]int64, 128)
		for e := range w.load[l] {
			w.load[l][e] = int64((e*7 + l*13) % 101)
		}
	}
	return w
}

// smallWorld has as little as can be drawn.
func smallWorld(t testing.TB) *world {
	w := newWorld(t)
	w.policies, w.steps, w.load = []string{"p"}, 1, [][]int64{{0, 0}}
	w.ev = evaluation(w.policies)
	w.ev.N, w.ev.Positives, w.ev.Tasks = 2, 1, 1
	w.ev.Baselines = map[string]judge.SystemFigures{"constant": {AUC: ref(0.5)}}
	w.ev.AUC, w.ev.Intervals = ref(1), nil
	w.ev.Reliability = w.ev.Reliability[:1]
	w.curves = &judge.Curves{ROC: []judge.ROC{{FalseAlarms: []float64{0, 0, 1}, Hits: []float64{0, 1, 1}}},
		Scores: judge.Histogram{Resolved: []int64{0, 1}, Unresolved: []int64{1, 0}}}
	return w
}

// shortWorld has a context shorter than every run, weights from before the
// end and few groups to choose from.
func shortWorld(t testing.TB) *world {
	w := newWorld(t)
	w.limit, w.kept, w.steps = 40, 20, 12*20
	for k := range w.ev.GroupsAt {
		w.ev.GroupsAt[k] = 3
	}
	return w
}

// TestNothingOverlaps holds that no text of a figure touches another or leaves
// the drawing, from the least to the most that may be drawn.
func TestNothingOverlaps(t *testing.T) {
	for name, w := range map[string]*world{"usual": newWorld(t), "hostile": hostileWorld(t), "bare": bareWorld(t), "large": largeWorld(t), "small": smallWorld(t), "short": shortWorld(t)} {
		e := w.build().evidence(everything()...)
		drawings := map[string]*drawing{"overview": e.drawOverview()}
		for _, f := range e.figures() {
			if f.draw != nil {
				drawings[f.id] = f.draw(figureWidth)
				drawings[f.id+" of the overview"] = f.draw(panelWidth)
			}
		}
		for id, d := range drawings {
			checkDrawing(t, name+": "+id, d)
		}
		if dir := os.Getenv("SWERM_LOOK"); dir != "" { // for eyes
			image, err := e.drawOverview().png(1.5)
			w.must(err)
			w.must(os.WriteFile(filepath.Join(dir, name+".png"), image, 0o644))
			page, _ := w.page(everything()...)
			w.must(os.WriteFile(filepath.Join(dir, name+".html"), []byte(page), 0o644))
		}
	}
}

// A box is where a text stands.
type box struct {
	l, t, r, b float64
	text       string
}

// crossed reports whether a line goes through the letters.
func (b box) crossed(p, q point) bool {
	for i := range 101 {
		f := float64(i) / 100
		x, y := p.x+f*(q.x-p.x), p.y+f*(q.y-p.y)
		if x > b.l+1 && x < b.r-1 && y > b.t+2 && y < b.b-2 {
			return true
		}
	}
	return false
}

func checkDrawing(t *testing.T, name string, d *drawing) {
	t.Helper()
	var seen []box
	for i := range d.marks {
		m := &d.marks[i]
		for _, p := range m.path {
			if math.IsNaN(p.x) || math.IsNaN(p.y) || p.x < -0.5 || p.x > d.width+0.5 || p.y < -0.5 || p.y > d.height+0.5 {
				t.Errorf("%s: a mark at %v leaves a drawing of %.0f by %.0f", name, p, d.width, d.height)
				return
			}
		}
		if m.kind != textMark {
			continue
		}
		var b box
		b.l, b.t, b.r, b.b = m.bounds()
		b.text = m.text
		if b.l < -0.5 || b.r > d.width+0.5 || b.t < -0.5 || b.b > d.height+0.5 {
			t.Errorf("%s: %q leaves the drawing", name, b.text)
		}
		for _, o := range seen {
			if b.l < o.r && o.l < b.r && b.t < o.b && o.t < b.b {
				t.Errorf("%s: %q and %q overlap", name, o.text, b.text)
			}
		}
		seen = append(seen, b)
	}
	for i := range d.marks {
		m := &d.marks[i]
		if m.kind != lineMark || m.ink == inkGrid {
			continue
		}
		for k := range m.path[1:] {
			for _, b := range seen {
				if b.crossed(m.path[k], m.path[k+1]) {
					t.Errorf("%s: a line from %.1f to %.1f goes through %q", name, m.path[k], m.path[k+1], b.text)
				}
			}
		}
	}
	if d.height <= 0 || len(seen) == 0 {
		t.Errorf("%s: nothing is drawn", name)
	}
}

// TestBothBackendsShowEveryMark holds that what is in the SVG is in the PNG.
func TestBothBackendsShowEveryMark(t *testing.T) {
	d := newDrawing(100)
	d.height = 60
	d.box(inkModel, `a "tip" & more`, 10, 10, 30, 30)
	d.line(stroke{ink: inkRival, width: 2, dash: dashes()}, point{0, 50}, point{100, 50})
	d.text(inkText, faceLabel, end, point{90, 20}, "<text>")
	d.text(inkText, faceLabel, end, point{90, 20}, "  ")
	want := `<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 60" role="img" aria-label="t">` +
		`<path class="a model" d="M10 10L30 10L30 30L10 30Z"><title>a &#34;tip&#34; &amp; more</title></path>` +
		`<path class="l rival" stroke-width="2" stroke-dasharray="4 3" d="M0 50L100 50"/>` +
		`<text class="text" x="90" y="20" font-size="11.5" text-anchor="end">&lt;text&gt;</text></svg>`
	if diff := cmp.Diff(want, d.svg("t")); diff != "" {
		t.Error(diff)
	}
	picture := decode(t, d, 1)
	for _, c := range []struct {
		x, y int
		want [3]uint32
	}{{20, 20, [3]uint32{0x00, 0x72, 0xb2}}, {99, 1, [3]uint32{0xff, 0xff, 0xff}}, {1, 50, [3]uint32{0xd5, 0x5e, 0x00}}} {
		r, g, b, _ := picture.At(c.x, c.y).RGBA()
		if got := [3]uint32{r >> 8, g >> 8, b >> 8}; got != c.want {
			t.Errorf("pixel %d, %d is %v, want %v", c.x, c.y, got, c.want)
		}
	}
	dark := 0
	for x := 50; x < 92; x++ {
		for y := 8; y < 24; y++ {
			if r, _, _, _ := picture.At(x, y).RGBA(); r < 0x8000 {
				dark++
			}
		}
	}
	if dark < 20 {
		t.Errorf("%d dark pixels where text is", dark)
	}
}

func decode(t *testing.T, d *drawing, scale float64) image.Image {
	t.Helper()
	data, err := d.png(scale)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func TestAxes(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		n      int
		want   string
	}{
		{0, 1, 5, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{0.53, 0.87, 4, "0.5 0.6 0.7 0.8 0.9"},
		{0, 0.003, 2, "0.000 0.002 0.004"},
		{0, 1234567, 4, "0 500k 1M 1.5M"},
		{-30, 22, 6, "−30 −20 −10 0 10 20 30"},
		{0.7, 0.7, 4, "0.00 0.25 0.50 0.75 1.00 1.25"},
		{0, 2e-6, 2, "0.0e+00 1.0e−06 2.0e−06"},
	} {
		var got []string
		for _, tick := range linear("", c.lo, c.hi, c.n).ticks {
			got = append(got, tick.label)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("ticks of %g to %g are %q, want %q", c.lo, c.hi, got, c.want)
		}
	}
	for _, tick := range inside("", 0.53, 0.87, 4).ticks {
		if tick.at < 0.53 || tick.at > 0.87 {
			t.Errorf("tick at %g", tick.at)
		}
	}
}

func TestTextFits(t *testing.T) {
	const long = "vendor/a-model-with-a-long-name-2026"
	got := fit(long, faceLabel, 100)
	if faceLabel.width(got) > 100 || !strings.HasPrefix(got, "vendor/") || !strings.HasSuffix(got, "2026") || !strings.Contains(got, "…") {
		t.Errorf("shortened to %q", got)
	}
	if fit("short", faceLabel, 100) != "short" || fit(long, faceLabel, 1) != "…" {
		t.Error("a text that fits is kept, and one that cannot is a dot")
	}
	text := "one two three four five six seven eight nine ten"
	for _, lines := range [][]string{wrap(text, faceLabel, 90), balanced(text, faceLabel, 90)} {
		if strings.Join(lines, " ") != text {
			t.Errorf("lines %q lose words", lines)
		}
		for _, line := range lines {
			if faceLabel.width(line) > 90 {
				t.Errorf("%q is too wide", line)
			}
		}
	}
}
