package judge

import (
	"iter"
	"slices"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// window holds rows between reading and writing. Rows of one task start with
// the same system prompt and the same issue, and a network computes once what
// the sequences of a batch start with in common: so they are computed side by
// side, wherever they stand in the window.
type window struct {
	rows    []windowRow
	ids     []int32
	written int // of rows
}

// windowRow is a row and where its tokens are; a row with a reason has none.
type windowRow struct {
	score  *pipeline.Score // kept by the writer
	at     dataset.Cursor
	lo, hi int
	waits  bool // for its batch
}

// maxWindowRows bounds what waits beside tokens: rows without any take no room
// in the bound on tokens.
const maxWindowRows = 1 << 16

// full reports whether a row of n tokens has to wait for the next window.
func (w *window) full(n, limit int) bool {
	return len(w.rows) > 0 && len(w.ids)+n > limit || len(w.rows) >= maxWindowRows
}

func (w *window) add(score *pipeline.Score, at dataset.Cursor, ids []int32) {
	lo := len(w.ids)
	w.ids = append(w.ids, ids...)
	w.rows = append(w.rows, windowRow{score, at, lo, len(w.ids), score.Reason == ""})
}

func (w *window) tokens(i int) []int32 { return w.ids[w.rows[i].lo:w.rows[i].hi] }

func (w *window) clear() {
	clear(w.rows)
	w.rows, w.ids, w.written = w.rows[:0], w.ids[:0], 0
}

// ready yields the rows that can be written, each once and in order: those before
// the first that waits.
func (w *window) ready() iter.Seq[windowRow] {
	return func(yield func(windowRow) bool) {
		for ; w.written < len(w.rows) && !w.rows[w.written].waits; w.written++ {
			if !yield(w.rows[w.written]) {
				return
			}
		}
	}
}

// batches lists the rows that have tokens, those of a task together, in batches
// of at most so many tokens to compute; a row that has more is alone.
func (w *window) batches(limit int) [][]int {
	var out [][]int
	var common moe.Prefixes
	left := 0
	for _, i := range w.byTask() {
		ids := w.tokens(i)
		shared, _ := common.Add(ids)
		if n := len(ids) - shared; len(out) > 0 && n <= left {
			out[len(out)-1] = append(out[len(out)-1], i)
			left -= n
			continue
		}
		common.Reset()
		common.Add(ids)
		out, left = append(out, []int{i}), limit-len(ids)
	}
	return out
}

// byTask orders the rows that have tokens by where their task comes first.
func (w *window) byTask() []int {
	var order []int
	first := map[string]int{}
	for i := range w.rows {
		if w.rows[i].score.Reason != "" {
			continue
		}
		order = append(order, i)
		task := w.rows[i].score.TaskID
		if _, ok := first[task]; !ok {
			first[task] = i
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return first[w.rows[a].score.TaskID] - first[w.rows[b].score.TaskID] })
	return order
}
