package mutate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Edit replaces the bytes [Start, End) of one file, which are Old, by New.
type Edit struct {
	Kind Kind
	Path string
	Func string // the function that holds the edit
	Line int    // 1-based line of Start

	Start, End int
	Old, New   string
}

// Apply returns src with the edit made. It panics where src is not the text
// that the edit was found in.
func (e Edit) Apply(src string) string {
	if e.Start < 0 || e.End < e.Start || e.End > len(src) || src[e.Start:e.End] != e.Old {
		panic(fmt.Sprintf("mutate: %s: the edit at byte %d belongs to another text", e.Path, e.Start))
	}
	return src[:e.Start] + e.New + src[e.End:]
}

// Lines returns the first and the last line of src, 1-based and inclusive,
// that the edit touches.
func (e Edit) Lines(src string) (first, last int) {
	first = 1 + strings.Count(src[:e.Start], "\n")
	return first, first + strings.Count(strings.TrimSuffix(e.Old, "\n"), "\n")
}

// OldLines returns the whole lines that the edit touches, as they are.
func (e Edit) OldLines(src string) string {
	a, b := e.around(src)
	return src[a:b]
}

// NewLines returns what stands in place of OldLines when the edit is made.
func (e Edit) NewLines(src string) string {
	a, b := e.around(src)
	return src[a:e.Start] + e.New + src[e.End:b]
}

// around widens the edit to whole lines, the last newline left out unless the
// edit takes it away.
func (e Edit) around(src string) (start, end int) {
	start, end = 1+strings.LastIndexByte(src[:e.Start], '\n'), e.End
	if strings.HasSuffix(e.Old, "\n") {
		return start, end
	}
	if i := strings.IndexByte(src[end:], '\n'); i >= 0 {
		return start, end + i
	}
	return start, len(src)
}

// Overlaps says whether the two edits touch the same bytes of one source. Two
// insertions at one place overlap: their order would have to be invented.
func (e Edit) Overlaps(o Edit) bool {
	return e.Start < o.End && o.Start < e.End || e.Start == o.Start
}

// ErrOverlap is returned when edits of one source touch the same bytes.
var ErrOverlap = errors.New("edits overlap")

// ApplyAll makes several edits of one source at once, in any order.
func ApplyAll(src string, edits ...Edit) (string, error) {
	order := slices.Clone(edits)
	slices.SortFunc(order, func(a, b Edit) int { return cmp.Compare(a.Start, b.Start) })
	var b strings.Builder
	at := 0
	for i, e := range order {
		if i > 0 && e.Overlaps(order[i-1]) {
			return "", fmt.Errorf("mutate: %s: line %d: %s and %s: %w", e.Path, e.Line, order[i-1].Kind, e.Kind, ErrOverlap)
		}
		if e.Start < at || e.End < e.Start || e.End > len(src) || src[e.Start:e.End] != e.Old {
			return "", fmt.Errorf("mutate: %s: line %d: the edit belongs to another text", e.Path, e.Line)
		}
		b.WriteString(src[at:e.Start])
		b.WriteString(e.New)
		at = e.End
	}
	b.WriteString(src[at:])
	return b.String(), nil
}

// sortEdits puts edits in the order that callers see. Of those that make the
// same text it keeps the one whose kind is later in order, which says more.
func sortEdits(src string, edits []Edit, order []Kind) []Edit {
	rank := make(map[Kind]int, len(order))
	for i, k := range order {
		rank[k] = i
	}
	slices.SortStableFunc(edits, func(a, b Edit) int { return cmp.Compare(rank[b.Kind], rank[a.Kind]) })
	type change struct {
		start, end int
		text       string
	}
	seen := make(map[change]bool, len(edits))
	edits = slices.DeleteFunc(edits, func(e Edit) bool {
		start, end, text := e.least(src)
		c := change{start, end, text}
		was := seen[c]
		seen[c] = true
		return was
	})
	slices.SortStableFunc(edits, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End),
			cmp.Compare(rank[a.Kind], rank[b.Kind]), strings.Compare(a.New, b.New))
	})
	return edits
}

// least is the smallest change that makes the same text, as far right as it
// can stand: equal for two edits just when their results are.
func (e Edit) least(src string) (start, end int, text string) {
	start, end, text = e.Start, e.End, e.New
	for start < end && text != "" && src[start] == text[0] {
		start, text = start+1, text[1:]
	}
	for start < end && text != "" && src[end-1] == text[len(text)-1] {
		end, text = end-1, text[:len(text)-1]
	}
	switch {
	case text == "":
		for end < len(src) && src[start] == src[end] {
			start, end = start+1, end+1
		}
	case start == end:
		for end < len(src) && src[end] == text[0] {
			text = text[1:] + text[:1]
			start, end = start+1, end+1
		}
	}
	return start, end, text
}
