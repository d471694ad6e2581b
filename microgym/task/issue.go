package task

import (
	"math/rand/v2"
	"path"
	"slices"
	"strings"
)

const (
	// An issue has that many words, counted between white space.
	minIssueWords, maxIssueWords = 40, 90
	maxSymptomBytes              = 96 // call and both values: an example is one line
)

// describe picks the issue's example and writes the issue. Its words come from
// a stream of their own, which has not seen the bug.
func (d *draft) describe(t *Task, s suite) {
	best := s.failing[d.words.IntN(len(s.failing))]
	for _, i := range s.failing {
		if d.symptomBytes(best) <= maxSymptomBytes {
			break
		}
		if d.symptomBytes(i) < d.symptomBytes(best) {
			best = i
		}
	}
	c := d.calls[best]
	t.Symptom = Symptom{Call: c.expr, Got: d.got[best].Repr, Want: c.want}
	crashed := d.got[best].Err != ""
	if crashed {
		t.Symptom.Got = d.got[best].Err
	}
	fine := ""
	for _, i := range s.passing {
		if d.calls[i].fn == c.fn && len(d.calls[i].expr)+len(d.calls[i].want) < 60 {
			fine = d.calls[i].expr
			break
		}
	}
	w := writer{r: d.words, crashed: crashed, slots: map[string]string{
		"fn": c.fn.Name, "summary": strings.TrimSuffix(c.fn.Summary, "."), "call": c.expr, "got": t.Symptom.Got, "want": c.want,
		"file": c.fn.File, "mod": strings.TrimSuffix(path.Base(c.fn.File), ".star"), "pkg": d.prog.Package, "fine": fine,
		"other": d.otherFunc(c.fn.Name),
	}}
	t.ProblemStatement = w.issue()
}

func (d *draft) symptomBytes(i int) int {
	return len(d.calls[i].expr) + len(d.calls[i].want) + len(d.got[i].Repr) + len(d.got[i].Err)
}

// otherFunc is a function that a wrong guess can name.
func (d *draft) otherFunc(not string) string {
	var names []string
	for _, f := range d.prog.Funcs {
		if f.Name != not {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return not
	}
	return names[d.words.IntN(len(names))]
}

// A writer fills an issue's parts. A part is one of several wordings; where
// the call crashes, those that speak of an error are used instead.
type writer struct {
	r       *rand.Rand
	crashed bool
	slots   map[string]string
}

func (w *writer) pick(values, crashes []string) string {
	if w.crashed && crashes != nil {
		values = crashes
	}
	text := values[w.r.IntN(len(values))]
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		b.WriteString(w.slots[name])
		text = after
	}
}

// A register is an order of parts that somebody would write an issue in.
type register []func(*writer) string

var registers = []register{
	{title, purpose, symptom, impact},                  // a report
	{opening, symptom, expectation, impact},            // chatty
	{symptom, expectation, purpose},                    // terse
	{title, steps, expectation},                        // steps to reproduce
	{question, symptom, purpose},                       // not sure that it is a bug
	{title, symptom, found, purpose},                   // how it came up
	{opening, purpose, steps, request},                 // with a block of code
	{symptom, impact, request, purpose},                // from downstream
	{title, purpose, symptom, comparison, expectation}, // with a case that works
}

// extras are parts that an issue may have besides, at its end.
func (w *writer) extras() []string {
	out := []string{w.pick(impacts, nil), w.pick(founds, nil), w.pick(requests, nil), w.pick(footers, nil), w.pick(workarounds, nil), w.pick(checks, nil)}
	if w.slots["fine"] != "" {
		out = append(out, w.pick(comparisons, nil))
	}
	w.r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	if w.r.IntN(100) < guessPercent {
		out = append([]string{w.pick(guesses, nil)}, out...)
	}
	return out
}

// guessPercent is how many issues guess at a cause; none of them knows it.
const guessPercent = 30

// issue joins the parts of a register, and further ones until it is long
// enough, none of them twice.
func (w *writer) issue() string {
	var parts []string
	words := 0
	add := func(part string) bool {
		n := len(strings.Fields(part))
		if part == "" || words+n > maxIssueWords || slices.Contains(parts, part) {
			return false
		}
		parts, words = append(parts, part), words+n
		return true
	}
	for _, part := range registers[w.r.IntN(len(registers))] {
		add(part(w))
	}
	goal := minIssueWords + w.r.IntN(maxIssueWords-minIssueWords-20)
	extras := w.extras()
	for _, part := range extras {
		if words < goal {
			add(part)
		}
	}
	return layout(w.r, parts)
}

// layout puts parts into paragraphs. A part with a line break is one itself,
// and so is a title.
func layout(r *rand.Rand, parts []string) string {
	var b strings.Builder
	for i, p := range parts {
		switch {
		case i == 0:
		case strings.Contains(p, "\n") || strings.Contains(parts[i-1], "\n") || strings.HasPrefix(parts[i-1], "#") || !strings.ContainsAny(parts[i-1], ".?!:`"):
			b.WriteString("\n\n")
		case r.IntN(4) == 0:
			b.WriteString("\n\n")
		default:
			b.WriteByte(' ')
		}
		b.WriteString(p)
	}
	return b.String()
}
