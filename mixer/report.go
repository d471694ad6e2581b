package mixer

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// A Report shows what was asked and what came out. It is the stage's JSON
// result, and all that a dry run prints.
type Report struct {
	Candidates int64         `json:"candidates"` // rows with a verdict inside the split and the shares
	Tasks      int64         `json:"tasks"`
	CapPerTask int64         `json:"cap_per_task"`
	Scales     []ScaleReport `json:"scales"`
}

// A ScaleReport is one total.
type ScaleReport struct {
	Total      int64    `json:"total"`
	Tasks      int64    `json:"tasks"`
	MostOfTask int64    `json:"most_of_task"`
	Product    bool     `json:"product"` // every cell is the product of its shares
	Classes    []Figure `json:"classes"`
	Cells      []Figure `json:"cells"`
}

// A Figure is one class of one dimension, or one cell. Values that no shares
// were given for are empty.
type Figure struct {
	Source    string `json:"source,omitempty"`
	Policy    string `json:"policy,omitempty"`
	Verdict   string `json:"verdict,omitempty"`
	Requested int64  `json:"requested"`
	Observed  int64  `json:"observed"`
	Available int64  `json:"available"` // rows in the pool
	UnderCap  int64  `json:"under_cap"` // of them at once under the cap per task
}

func (f *Figure) name() string {
	var parts []string
	for _, s := range []string{f.Source, f.Policy, f.Verdict} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		return "all"
	}
	return strings.Join(parts, " / ")
}

// report counts what each scale holds.
func (b *builder) report(totals []int64, scale []int64) Report {
	p := b.pool
	out := Report{Candidates: int64(len(p.rows)), Tasks: int64(p.tasks), CapPerTask: p.limit}
	var base *[dimensions][]int64
	for _, total := range totals {
		want := p.wants(total, base)
		base = &want
		observed := make([]int64, p.cells())
		perTask := make([]int64, p.tasks)
		s := ScaleReport{Total: total, Product: true}
		for i, r := range p.rows {
			if scale[i] == 0 || scale[i] > total {
				continue
			}
			observed[r.cell]++
			perTask[r.task]++
			s.MostOfTask = max(s.MostOfTask, perTask[r.task])
			if perTask[r.task] == 1 {
				s.Tasks++
			}
		}
		s.Classes, s.Cells = b.figures(want, observed)
		for _, f := range s.Cells {
			s.Product = s.Product && f.Requested == f.Observed
		}
		out.Scales = append(out.Scales, s)
	}
	return out
}

// figures lists classes that shares were given for, and all cells.
func (b *builder) figures(want [dimensions][]int64, observed []int64) (classes, cells []Figure) {
	p := b.pool
	table := p.table(want)
	available := make([]int64, p.cells())
	for _, r := range p.rows {
		available[r.cell]++
	}
	for d := range want {
		if !p.dims[d].asked() {
			continue
		}
		under := p.underCap(len(want[d]), func(cell int) int { return p.classOf(cell, d) })
		for c, n := range want[d] {
			f := Figure{Requested: n, UnderCap: under[c]}
			f.set(d, p.dims[d].classes[c])
			for cell := range available {
				if p.classOf(cell, d) == c {
					f.Available += available[cell]
					f.Observed += observed[cell]
				}
			}
			classes = append(classes, f)
		}
	}
	under := p.underCap(p.cells(), func(cell int) int { return cell })
	for cell := range available {
		f := Figure{Requested: table[cell], Observed: observed[cell], Available: available[cell], UnderCap: under[cell]}
		for d := range want {
			if p.dims[d].asked() {
				f.set(d, p.dims[d].classes[p.classOf(cell, d)])
			}
		}
		cells = append(cells, f)
	}
	return classes, cells
}

func (f *Figure) set(d int, name string) {
	switch d {
	case bySource:
		f.Source = name
	case byPolicy:
		f.Policy = name
	case byVerdict:
		f.Verdict = name
	}
}

// underCap counts, per group of cells, the rows that the cap per task leaves.
func (p *pool) underCap(groups int, of func(cell int) int) []int64 {
	out := make([]int64, groups)
	groupOf := make([]int, p.cells())
	for cell := range groupOf {
		groupOf[cell] = of(cell)
	}
	if p.limit == 0 {
		for _, r := range p.rows {
			out[groupOf[r.cell]]++
		}
		return out
	}
	count := make([]int64, groups)
	var met []int
	task := int32(-1)
	for _, i := range byTask(p.rows, p.tasks) {
		r := p.rows[i]
		if r.task != task {
			for _, g := range met {
				count[g] = 0
			}
			met, task = met[:0], r.task
		}
		g := groupOf[r.cell]
		if count[g] == 0 {
			met = append(met, g)
		}
		if count[g]++; count[g] <= p.limit {
			out[g]++
		}
	}
	return out
}

// Table is the report for people: one line per class and per cell.
func (r *Report) Table() string {
	var b strings.Builder
	for i := range r.Scales {
		s := &r.Scales[i]
		fmt.Fprintf(&b, "%d trajectories of %d tasks, at most %d of one", s.Total, s.Tasks, s.MostOfTask)
		if !s.Product {
			b.WriteString("; cells differ from the product of the shares")
		}
		b.WriteString("\n")
		writeFigures(&b, s.Classes, s.Cells, true)
	}
	return b.String()
}

func writeFigures(b *strings.Builder, classes, cells []Figure, observed bool) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(f *Figure) {
		if observed {
			fmt.Fprintf(w, "%d\t%d\t%d\t%d\t  %s\n", f.Requested, f.Observed, f.Available, f.UnderCap, f.name())
		} else {
			fmt.Fprintf(w, "%d\t%d\t%d\t  %s\n", f.Requested, f.Available, f.UnderCap, f.name())
		}
	}
	if observed {
		fmt.Fprint(w, "asked\ttaken\tin pool\tunder cap\t\n")
	} else {
		fmt.Fprint(w, "asked\tin pool\tunder cap\t\n")
	}
	for i := range classes {
		line(&classes[i])
	}
	if len(classes) != len(cells) {
		for i := range cells {
			line(&cells[i])
		}
	}
	w.Flush()
}
