package metrics

import (
	"fmt"
	"math"
	"slices"
)

// DefaultClip is how far log-loss keeps probabilities from 0 and 1. It is part
// of the number: one confident miss costs 16 nats here and 36 at 2^-52.
const DefaultClip = 1e-7

// DefaultBins is the number of equal-width bins of ECE unless another is named.
const DefaultBins = 15

// maxBins bounds what a table may hold.
const maxBins = 10_000

// A Forecast is probabilities with outcomes. Sums run in row order, so equal
// rows in equal order give equal bits.
type Forecast struct {
	p []float64
	y []bool
}

// NewForecast checks that every p lies in [0,1]. It keeps both slices and does
// not write to them.
func NewForecast(p []float64, resolved []bool) (*Forecast, error) {
	if err := checkLengths(len(p), len(resolved)); err != nil {
		return nil, err
	}
	if err := checkProbability(p); err != nil {
		return nil, err
	}
	return &Forecast{p, resolved}, nil
}

// Len is the number of rows.
func (f *Forecast) Len() int { return len(f.p) }

// Brier is the mean of (p-y)^2; ok is false without rows.
func (f *Forecast) Brier() (v float64, ok bool) { return f.mean(brierOf) }

// LogLoss is the mean of -ln p(outcome), p kept inside [clip, 1-clip]; ok is
// false without rows. Pass [DefaultClip] unless another tool must be matched.
func (f *Forecast) LogLoss(clip float64) (v float64, ok bool) { return f.mean(logLossOf(clip)) }

func (f *Forecast) mean(of func(p float64, y bool) float64) (float64, bool) {
	if len(f.p) == 0 {
		return 0, false
	}
	var sum float64
	for i, p := range f.p {
		sum += of(p, f.y[i])
	}
	return sum / float64(len(f.p)), true
}

func brierOf(p float64, y bool) float64 {
	d := p - float64(bit(y))
	return d * d
}

func logLossOf(clip float64) func(float64, bool) float64 {
	return func(p float64, y bool) float64 {
		p = min(max(p, clip), 1-clip)
		if y {
			return -math.Log(p)
		}
		return -math.Log(1 - p)
	}
}

// A Bin is one row of a reliability table: the probabilities in (Low, High],
// the first bin taking 0 too. The means are nil in an empty bin.
type Bin struct {
	Low          float64  `json:"low"`
	High         float64  `json:"high"`
	Count        int      `json:"count"`
	MeanScore    *float64 `json:"mean_score"`
	ResolvedRate *float64 `json:"resolved_rate"`
}

// BinIndex is the first i with p <= float64(i+1)/float64(bins). The edge is
// that quotient and no other way to write it: 3*(1/10) and a linspace both put
// 0.3 into the next bin.
func BinIndex(p float64, bins int) int {
	n := float64(bins)
	i := min(int(p*n), bins-1)
	for i > 0 && p <= float64(i)/n {
		i--
	}
	for p > float64(i+1)/n {
		i++
	}
	return i
}

// Reliability returns the table of equal-width bins.
func (f *Forecast) Reliability(bins int) ([]Bin, error) {
	sums, err := f.widthBins(bins)
	if err != nil {
		return nil, err
	}
	table := make([]Bin, bins)
	for i, s := range sums {
		b := &table[i]
		b.Low, b.High, b.Count = float64(i)/float64(bins), float64(i+1)/float64(bins), int(s.n)
		if s.n > 0 {
			b.MeanScore = Optional(s.p/s.n, true)
			b.ResolvedRate = Optional(s.y/s.n, true)
		}
	}
	return table, nil
}

// ECE is the mean over rows of |mean score - resolved rate| of their
// equal-width bin; ok is false without rows. Name the number of bins wherever
// the figure goes.
func (f *Forecast) ECE(bins int) (v float64, ok bool, err error) {
	sums, err := f.widthBins(bins)
	if err != nil {
		return 0, false, err
	}
	v, ok = meanGap(sums)
	return v, ok, nil
}

// MCE is the largest gap over the bins that hold rows.
func (f *Forecast) MCE(bins int) (v float64, ok bool, err error) {
	sums, err := f.widthBins(bins)
	if err != nil {
		return 0, false, err
	}
	for _, s := range sums {
		if s.n > 0 {
			v, ok = max(v, s.gap()), true
		}
	}
	return v, ok, nil
}

// EqualMassECE cuts the rows, by score, into parts whose sizes differ by at
// most one (the first ones are larger) and then does as ECE. Equal scores stay
// in row order and may be cut apart, so with ties the order of rows matters.
func (f *Forecast) EqualMassECE(bins int) (v float64, ok bool, err error) {
	if err := checkBins(bins); err != nil {
		return 0, false, err
	}
	order := ascending(f.p)
	size, larger := len(order)/bins, len(order)%bins
	sums := make([]binSum, bins)
	for i, at := 0, 0; i < bins; i++ {
		to := at + size
		if i < larger {
			to++
		}
		for _, e := range order[at:to] {
			sums[i].add(f.p[e.row], f.y[e.row], 1)
		}
		at = to
	}
	v, ok = meanGap(sums)
	return v, ok, nil
}

type binSum struct{ n, p, y float64 }

func (s *binSum) add(p float64, y bool, w float64) {
	s.n += w
	s.p += w * p
	if y {
		s.y += w
	}
}

func (s *binSum) gap() float64 { return math.Abs(s.p/s.n - s.y/s.n) }

func (f *Forecast) widthBins(bins int) ([]binSum, error) {
	if err := checkBins(bins); err != nil {
		return nil, err
	}
	sums := make([]binSum, bins)
	for i, p := range f.p {
		sums[BinIndex(p, bins)].add(p, f.y[i], 1)
	}
	return sums, nil
}

func checkBins(bins int) error {
	if bins < 1 || bins > maxBins {
		return fmt.Errorf("metrics: %d bins, want 1 to %d", bins, maxBins)
	}
	return nil
}

func meanGap(sums []binSum) (v float64, ok bool) {
	var n float64
	for i := range sums {
		n += sums[i].n
	}
	if n == 0 {
		return 0, false
	}
	for i := range sums {
		if s := &sums[i]; s.n > 0 {
			v += s.n / n * s.gap()
		}
	}
	return v, true
}

// Pooled is every figure over all rows, ignoring tasks. A nil field does not
// exist for these rows. The clip and the bin count are part of the names.
type Pooled struct {
	N                int      `json:"n"`
	Positives        int      `json:"positives"`
	AUC              *float64 `json:"roc_auc"`
	AveragePrecision *float64 `json:"average_precision"`
	Spearman         *float64 `json:"spearman"`
	PointBiserial    *float64 `json:"point_biserial"`
	KendallTauB      *float64 `json:"kendall_tau_b"`
	Brier            *float64 `json:"brier"`
	LogLoss          *float64 `json:"log_loss_clip_1e-7"`
	ECE10            *float64 `json:"ece_10"`
	ECE15            *float64 `json:"ece_15"`
	MCE15            *float64 `json:"mce_15"`
	EqualMassECE15   *float64 `json:"ece_equal_mass_15"`
	Reliability      []Bin    `json:"reliability_15,omitempty"`
}

// Pool computes all pooled figures: rank metrics from margin (any finite
// score), the others from p. They may be one slice.
func Pool(margin, p []float64, resolved []bool) (*Pooled, error) {
	r, err := NewRanked(margin, resolved)
	if err != nil {
		return nil, err
	}
	f, err := NewForecast(p, resolved)
	if err != nil {
		return nil, err
	}
	out := &Pooled{N: r.Len(), Positives: r.Positives(),
		AUC: Optional(r.AUC()), AveragePrecision: Optional(r.AveragePrecision()),
		Spearman: Optional(r.Spearman()), KendallTauB: Optional(r.KendallTauB()),
		Brier: Optional(f.Brier()), LogLoss: Optional(f.LogLoss(DefaultClip))}
	biserial, ok, err := PointBiserial(margin, resolved)
	if err != nil {
		return nil, err
	}
	out.PointBiserial = Optional(biserial, ok)
	for _, e := range []struct {
		to   **float64
		of   func(int) (float64, bool, error)
		bins int
	}{{&out.ECE10, f.ECE, 10}, {&out.ECE15, f.ECE, 15}, {&out.MCE15, f.MCE, 15}, {&out.EqualMassECE15, f.EqualMassECE, 15}} {
		v, ok, err := e.of(e.bins)
		if err != nil {
			return nil, err
		}
		*e.to = Optional(v, ok)
	}
	out.Reliability, err = f.Reliability(DefaultBins)
	return out, err
}

// quantile interpolates linearly between the order statistics of sorted values
// (type 7, as numpy and R do by default).
func quantile(sorted []float64, q float64) float64 {
	h := q * float64(len(sorted)-1)
	i := min(int(h), len(sorted)-1)
	j := min(i+1, len(sorted)-1)
	return sorted[i] + (h-float64(i))*(sorted[j]-sorted[i])
}

func sortedValues(v []float64) []float64 {
	s := make([]float64, 0, len(v))
	for _, x := range v {
		if !isNaN(x) {
			s = append(s, x)
		}
	}
	slices.Sort(s)
	return s
}
