package judge

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/swerm/swerm/metrics"
)

// Table writes the evaluation as Markdown that also reads well on a terminal.
func (ev *Evaluation) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d trajectories of %d tasks judged: %d resolved, %d not. Score coverage %s, tokens read %s.\n\n",
		ev.N, ev.Tasks, ev.Positives, ev.N-ev.Positives, percent(ev.Coverage), percent(ev.TokensReadShare))
	ev.systemsTable(&b)
	ev.rankingTable(&b)
	sliceTable(&b, "policy", ev.ByPolicy)
	if len(ev.BySource) > 1 {
		sliceTable(&b, "source", ev.BySource)
	}
	fmt.Fprintf(&b, "Rows: %s.\n", ev.Counts)
	return b.String()
}

func (ev *Evaluation) systemsTable(b *strings.Builder) {
	rows := [][]string{{"scorer", "AUC", "95 % interval", "ECE", "Brier", "log-loss", "model minus it", "paired interval"}}
	rows[0][2] = fmt.Sprintf("%g %% interval", 100*ev.Intervals["auc"].Level)
	rows = append(rows, []string{"model", num(ev.AUC), interval(ev.Intervals["auc"]), num(ev.ECE), num(ev.Brier), num(ev.LogLoss), "", ""})
	rows = append(rows, []string{"model within policy", num(ev.AUCWithinPolicy), interval(ev.Intervals["auc_within_policy"]), "", "", "", "", ""})
	for _, name := range ev.baselineNames() {
		s := ev.Baselines[name]
		rows = append(rows, []string{name, num(s.AUC), interval(s.Interval), num(s.ECE), num(s.Brier), num(s.LogLoss),
			signed(s.Delta.AUC), span(s.Delta.Lo, s.Delta.Hi, signed)})
	}
	writeTable(b, rows)
	if ev.Delta != nil {
		fmt.Fprintf(b, "Against the best baseline (%s): AUC %s, paired interval %s.\n\n",
			ev.Delta.BestBaseline, signed(ev.Delta.AUC), span(ev.Delta.Lo, ev.Delta.Hi, signed))
	}
}

func (ev *Evaluation) rankingTable(b *strings.Builder) {
	ks := slices.SortedFunc(maps.Keys(ev.RMAt), func(x, y string) int {
		i, _ := strconv.Atoi(x)
		j, _ := strconv.Atoi(y)
		return i - j
	})
	if len(ks) == 0 {
		return
	}
	rows := [][]string{{"K", "groups", "random", "RM@K", "interval", "RM@K strict", "Pass@K"}}
	for _, k := range ks {
		rows = append(rows, []string{k, strconv.Itoa(ev.GroupsAt[k]), num(ev.RandomAt[k]), num(ev.RMAt[k]),
			interval(ev.Intervals["rm@"+k]), num(ev.RMStrictAt[k]), num(ev.PassAt[k])})
	}
	writeTable(b, rows)
}

func sliceTable(b *strings.Builder, what string, slices []Slice) {
	rows := [][]string{{what, "rows", "resolved", "AUC", "ECE"}}
	for _, s := range slices {
		rows = append(rows, []string{printable(s.Name), strconv.Itoa(s.N), strconv.Itoa(s.Positives), num(s.AUC), num(s.ECE)})
	}
	writeTable(b, rows)
}

// baselineNames is the order of fitting, or the sorted names of an evaluation
// that was read back from disk.
func (ev *Evaluation) baselineNames() []string {
	if len(ev.order) > 0 {
		return ev.order
	}
	return slices.Sorted(maps.Keys(ev.Baselines))
}

// writeTable aligns the columns, so that the Markdown source is a table too.
func writeTable(b *strings.Builder, rows [][]string) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	line := func(row []string) {
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-len([]rune(cell)))
			if i == 0 {
				fmt.Fprintf(b, "| %s%s |", cell, pad)
			} else {
				fmt.Fprintf(b, " %s%s |", pad, cell)
			}
		}
		b.WriteByte('\n')
	}
	line(rows[0])
	for i, w := range width {
		if i == 0 {
			fmt.Fprintf(b, "|%s|", strings.Repeat("-", w+2))
		} else {
			fmt.Fprintf(b, "%s:|", strings.Repeat("-", w+1))
		}
	}
	b.WriteByte('\n')
	for _, row := range rows[1:] {
		line(row)
	}
	b.WriteByte('\n')
}

func num(v *float64) string {
	if v == nil {
		return "–"
	}
	return strconv.FormatFloat(*v, 'f', 3, 64)
}

func signed(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%+.3f", *v)
}

func percent(v *float64) string {
	if v == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.1f %%", 100**v)
}

func interval(in metrics.Interval) string { return span(in.Low, in.High, num) }

func span(lo, hi *float64, show func(*float64) string) string {
	if lo == nil || hi == nil {
		return "–"
	}
	return "[" + show(lo) + ", " + show(hi) + "]"
}

// printable keeps a name from files from breaking a table or a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '|' || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}
