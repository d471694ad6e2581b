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
	Carried    int64         `json:"carried,omitempty"` // rows of other splits that went through as they are
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
	in := b.inStock()
	for d := range want {
		if !p.dims[d].asked() {
			continue
		}
		for c, n := range want[d] {
			f := Figure{Requested: n, UnderCap: in.underCap[d][c]}
			f.set(d, p.dims[d].classes[c])
			for cell := range in.rows {
				if p.classOf(cell, d) == c {
					f.Available += in.rows[cell]
					f.Observed += observed[cell]
				}
			}
			classes = append(classes, f)
		}
	}
	for cell := range in.rows {
		f := Figure{Requested: table[cell], Observed: observed[cell], Available: in.rows[cell], UnderCap: in.underCap[dimensions][cell]}
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

// stock is what the pool holds of every class and cell.
type stock struct {
	rows     []int64                 // of each cell
	underCap [dimensions + 2][]int64 // of each class of a dimension; of each cell; of all
}

func (b *builder) inStock() *stock {
	if b.stock == nil {
		b.stock = b.pool.count()
	}
	return b.stock
}

// count goes through the tasks once. Under a cap a task gives at most so many
// rows of a class, so what a class can have is less than the rows it has.
func (p *pool) count() *stock {
	s := &stock{rows: make([]int64, p.cells())}
	class := make([][dimensions + 2]int32, p.cells())
	var seen [dimensions + 2][]int64
	for g := range seen {
		size := 1
		switch {
		case g < dimensions:
			size = p.size(g)
		case g == dimensions:
			size = p.cells()
		}
		s.underCap[g], seen[g] = make([]int64, size), make([]int64, size)
		for cell := range class {
			switch {
			case g < dimensions:
				class[cell][g] = int32(p.classOf(cell, g))
			case g == dimensions:
				class[cell][g] = int32(cell)
			}
		}
	}
	var met []int32 // cells of the task at hand
	task := int32(-1)
	for _, i := range byTask(p.rows, p.tasks) {
		r := p.rows[i]
		if r.task != task {
			for _, cell := range met {
				for g, c := range class[cell] {
					seen[g][c] = 0
				}
			}
			met, task = met[:0], r.task
		}
		s.rows[r.cell]++
		if seen[dimensions][r.cell] == 0 {
			met = append(met, r.cell)
		}
		for g, c := range class[r.cell] {
			if seen[g][c]++; p.limit == 0 || seen[g][c] <= p.limit {
				s.underCap[g][c]++
			}
		}
	}
	return s
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
