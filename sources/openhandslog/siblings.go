package openhandslog

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

// logFiles are names with a time of ten digits: model-1757015025.972.json.
const logFiles = "*-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]*.json"

// logTime finds the time of a name; newer builds add a few digits to tell calls
// of one moment apart.
var logTime = regexp.MustCompile(`-(\d{10}(?:\.\d+)?)(?:-[0-9a-f]{4})?(?:-error)?\.json$`)

// A sibling is another log of the folder.
type sibling struct {
	name string
	time float64
}

func timeOf(name string) (float64, bool) {
	m := logTime.FindStringSubmatch(path.Base(name))
	if m == nil {
		return 0, false
	}
	t, err := strconv.ParseFloat(m[1], 64)
	return t, err == nil
}

// siblings returns the logs before and after a document, oldest first.
func siblings(src *format.Document) (before, after []sibling) {
	name := path.Base(src.URI)
	at, ok := timeOf(name)
	if !ok {
		return nil, nil
	}
	for _, other := range src.Match(logFiles) {
		t, ok := timeOf(other)
		switch {
		case !ok || other == name:
		case t < at || t == at && other < name:
			before = append(before, sibling{other, t})
		default:
			after = append(after, sibling{other, t})
		}
	}
	order := func(a, b sibling) int {
		return cmp.Or(cmp.Compare(a.time, b.time), strings.Compare(a.name, b.name))
	}
	slices.SortFunc(before, order)
	slices.SortFunc(after, order)
	return before, after
}

// maxLater bounds how many later logs are asked whether they go on: the next
// one does, unless several dialogues take turns in a folder.
const maxLater = 64

// continuedBy names the later log that this one is the beginning of, "" without.
func (d *document) continuedBy(s *jsonscan.Scanner, src *format.Document, after []sibling) string {
	for _, other := range after[:min(len(after), maxLater)] {
		if d.begins(s, src.Beside(other.name)) {
			return other.name
		}
	}
	return ""
}

// begins reports whether another log's prompt is this one's and more: an answer,
// or as much where there was none. That the answer was thrown away and asked for
// again is no hindrance.
func (d *document) begins(s *jsonscan.Scanner, log []byte) bool {
	prompt := d.prompts(s)
	more := len(prompt)
	if d.answered {
		more++
	}
	n, same := compare(prompt, log)
	return same && n >= more
}

// prompts returns the list that every log begins with, whatever its encoding.
func (d *document) prompts(s *jsonscan.Scanner) (all []message) {
	if len(d.shown) == 0 {
		return d.messages[:d.prompt]
	}
	d.again(s, "messages", func() { all = readMessages(s) })
	return all
}

// compare reads the prompt of another log as far as it is that of this one. It
// returns how many messages were seen and whether all of prompt are among them.
func compare(prompt []message, log []byte) (n int, same bool) {
	if len(prompt) == 0 || len(log) == 0 {
		return 0, false
	}
	s := jsonscan.New(log)
	for key := range s.Fields() {
		if key == "messages" && s.Kind() == jsonscan.Array {
			return compareList(prompt, s)
		}
		if key == "input" && s.Kind() == jsonscan.Array {
			return compareItems(prompt, s)
		}
	}
	return 0, false
}

func compareList(prompt []message, s *jsonscan.Scanner) (n int, same bool) {
	for i := range s.Elements() {
		if i < len(prompt) {
			var m message
			if m.read(s); s.Err() != nil || !m.equals(&prompt[i]) {
				return i, false
			}
		}
		if n = i + 1; n > len(prompt) {
			break
		}
	}
	return n, n >= len(prompt)
}

func compareItems(prompt []message, s *jsonscan.Scanner) (n int, same bool) {
	if prompt[0].Role == "system" {
		prompt, n = prompt[1:], 1 // instructions are a key of their own
	}
	all := readItems(s)
	if len(all) < len(prompt) {
		return n + len(all), false
	}
	for i := range prompt {
		if !all[i].equals(&prompt[i]) {
			return n + i, false
		}
	}
	return n + len(all), true
}

func (m *message) equals(o *message) bool {
	return m.Role == o.Role && chat.OrEmpty(m.Content) == chat.OrEmpty(o.Content) && len(m.ToolCalls) == len(o.ToolCalls) &&
		slices.EqualFunc(m.ToolCalls, o.ToolCalls, sameCall)
}

// total sums what the answered calls of a dialogue took: this one's, and those of
// the logs before it that it continues. It is known only where there is a log for
// every turn.
func (d *document) total(src *format.Document, before []sibling, turns int) (sum call, calls int) {
	all := []*document{d}
	for _, other := range before {
		one := &document{}
		s := jsonscan.New(src.Beside(other.name))
		if one.read(s); s.Err() == nil && one.begins(s, src.Data) {
			all = append(all, one)
		}
	}
	for _, one := range all {
		switch {
		case !one.answered:
			continue
		case calls == 0:
			sum = one.call
		default:
			sum.add(&one.call)
		}
		calls++
	}
	if calls < turns {
		return call{}, 0
	}
	return sum, calls
}
