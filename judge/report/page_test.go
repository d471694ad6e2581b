package report

import (
	"context"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/judge"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// A node is an element of a page with all text below it.
type node struct {
	name     string
	attrs    map[string]string
	text     string
	children []*node
}

// parsePage reads a page as XML, which fails where an element is left open or
// a character is not escaped.
func parsePage(t *testing.T, text string) *node {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(text))
	root := &node{name: "#root"}
	stack := []*node{root}
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		top := stack[len(stack)-1]
		switch v := token.(type) {
		case xml.StartElement:
			n := &node{name: v.Name.Local, attrs: map[string]string{}}
			for _, a := range v.Attr {
				n.attrs[a.Name.Local] = a.Value
			}
			top.children = append(top.children, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
			stack[len(stack)-1].text += top.text
		case xml.CharData:
			top.text += string(v)
		}
	}
	if len(root.children) != 1 || root.children[0].name != "html" {
		t.Fatalf("%d roots", len(root.children))
	}
	return root
}

func (n *node) all(name string) []*node {
	var out []*node
	for _, c := range n.children {
		if c.name == name {
			out = append(out, c)
		}
		out = append(out, c.all(name)...)
	}
	return out
}

func (n *node) each(visit func(*node)) {
	for _, c := range n.children {
		visit(c)
		c.each(visit)
	}
}

// outline is the page's skeleton: headings, figures and tables in order.
func outline(root *node) []string {
	var out []string
	root.each(func(n *node) {
		switch n.name {
		case "h1", "h2":
			out = append(out, n.name+" "+n.text)
		case "figure":
			kind := "drawn"
			if n.attrs["class"] == "missing" {
				kind = "missing"
			}
			out = append(out, "figure "+strings.TrimPrefix(n.attrs["id"], "figure-")+" "+kind)
		case "table":
			out = append(out, "table "+strings.Join(texts(n.all("thead")[0].all("th")), " | "))
		}
	})
	return out
}

func texts(list []*node) []string {
	var out []string
	for _, n := range list {
		out = append(out, n.text)
	}
	return out
}

func TestPage(t *testing.T) {
	w := newWorld(t).build()
	files, result := w.report("out", everything()...)
	root := parsePage(t, files[PageFile])
	want := []string{
		"h1 On 640 held-out runs of 40 tasks the model ranks resolved above unresolved in 81\u00a0% of pairs\u00a0[75,\u00a086], TF-IDF in 70\u00a0%\u00a0[64,\u00a075].",
		"h2 Before trusting these figures",
		"h2 Ranking", "figure auc drawn", "figure roc drawn",
		"table scorer | AUC | 95\u00a0% interval | model minus it | paired interval | ECE | Brier | log-loss",
		"h2 Probabilities", "figure reliability drawn", "figure scores drawn",
		"h2 Choosing among runs", "figure best-of-k drawn",
		"table K | groups | random | RM@K | 95\u00a0% interval | strict | Pass@K | gain | paired interval",
		"h2 Policies and sources", "table policy | runs | resolved | rate | AUC | ECE", "table source | runs | resolved | rate | AUC | ECE",
		"h2 Training", "figure training drawn", "figure experts drawn", "figure load drawn",
		"h2 Data", "figure data drawn", "figure mixture drawn", "figure lengths drawn",
		"table class | asked for | taken | in the pool | there under the cap", "table class | asked for | taken | in the pool | there under the cap",
		"h2 Facts of the run",
	}
	if diff := cmp.Diff(want, outline(root)); diff != "" {
		t.Error(diff)
	}
	for _, f := range root.all("figure") {
		svg := f.all("svg")
		if len(svg) != 1 || svg[0].attrs["role"] != "img" || svg[0].attrs["aria-label"] == "" || len(f.all("figcaption")) != 1 {
			t.Errorf("%s lacks a picture with a name or a caption", f.attrs["id"])
		}
	}
	for _, name := range append(slices.Clone(result.Figures), "report") {
		if _, err := png.Decode(strings.NewReader(files[name+".png"])); err != nil {
			t.Errorf("%s.png: %v", name, err)
		}
	}
	if len(result.Figures) != 11 || len(result.Missing) != 0 {
		t.Errorf("figures %v, missing %v", result.Figures, result.Missing)
	}
	rows := root.all("table")[0].all("tbody")[0].all("tr")
	if got := texts(rows[0].all("th")); !slices.Equal(got, []string{"model"}) {
		t.Errorf("the first row of the table is of %v", got)
	}
	if got := rows[2].all("strong"); len(got) != 2 || got[0].text != "+0.112 ▲" || rows[2].all("th")[0].text != "tfidf" {
		t.Errorf("a difference whose interval excludes 0 is marked %q", texts(got))
	}
	again, _ := w.report("again", everything()...)
	if len(files) != 15 {
		t.Errorf("%d files", len(files))
	}
	for name := range files {
		if name != "manifest.json" && files[name] != again[name] {
			t.Errorf("equal inputs gave another %s", name)
		}
	}
	report, err := dataset.Verify(context.Background(), w.uri("out"))
	if err != nil {
		t.Errorf("%v: %+v", err, report)
	}
}

// TestNothingFromElsewhere holds that a page asks no network and runs nothing.
func TestNothingFromElsewhere(t *testing.T) {
	page, _ := newWorld(t).build().page(everything()...)
	root := parsePage(t, page)
	root.each(func(n *node) {
		switch n.name {
		case "script", "link", "iframe", "object", "embed", "base", "form", "image", "use", "foreignObject":
			t.Errorf("the page has an element %s", n.name)
		}
		for name, value := range n.attrs {
			own := name == "xmlns" || name == "href" && strings.HasPrefix(value, "#")
			if !own && (strings.Contains(value, "//") || name == "src" || name == "href" || name == "style" || strings.HasPrefix(name, "on")) {
				t.Errorf("%s has %s=%q", n.name, name, value)
			}
		}
	})
	style := root.all("style")[0].text
	if regexp.MustCompile(`url\(|@import|//|expression`).MatchString(style) {
		t.Error("the style sheet asks for something")
	}
	for id := range anchors(root) {
		if !strings.Contains(page, ` id="`+id+`"`) {
			t.Errorf("#%s leads nowhere", id)
		}
	}
}

func anchors(root *node) map[string]bool {
	out := map[string]bool{}
	for _, a := range root.all("a") {
		out[strings.TrimPrefix(a.attrs["href"], "#")] = true
	}
	return out
}

// hostile are names that try to leave their place.
func hostile() []string {
	return []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(2)>`, `</svg></style><script src="//evil.example">`, "a&amp;b & c ' \" `",
		"bell\a esc\x1b[31m nul\x00 c1\u009b", "bidi \u202egnp.exe\u2066", "zero\u200bwidth\ufeff", "not \xff utf-8", "line\nbreak\ttab",
		strings.Repeat("a very long name of a policy/", 20), "", "   ", "日本語の方策", "👩‍💻 emoji", "]]>", "{{.Title}}", "{{template \"x\"}}",
		"javascript:alert(3)", "--><!--", "%00%3Cscript%3E",
	}
}

// hostileWorld is one in which every name is hostile.
func hostileWorld(t *testing.T) *world {
	w := newWorld(t)
	w.policies = nil
	for _, name := range hostile() {
		if strings.TrimSpace(name) != "" && !strings.Contains(name, "\xff") && !strings.Contains(name, "\x00") {
			w.policies = append(w.policies, name) // what a dataset takes; an evaluation takes all
		}
	}
	w.ev = evaluation(hostile())
	for i, name := range hostile()[:4] {
		w.ev.Baselines[name] = judge.SystemFigures{AUC: ref(0.7 + 0.01*float64(i)), Interval: around(0.7), Delta: judge.Delta{BestBaseline: name}}
	}
	w.ev.Unscored = map[string]int64{"<b>reason</b>": 3}
	w.ev.Calibration.Method = "<i>temper</i>\x1b"
	w.ev.ScoredBy.KernelFamily = "<u>k</u>"
	w.curves = curves(&w.ev)
	return w
}

func TestHostileNames(t *testing.T) {
	w := hostileWorld(t).build()
	e := w.evidence(everything()...)
	e.title = `</title><script>alert("title")</script>` + "\u202e"
	text, err := e.page()
	w.must(err)
	page := string(text)
	root := parsePage(t, page)
	root.each(func(n *node) {
		if slices.Contains([]string{"script", "img", "b", "i", "u"}, n.name) {
			t.Errorf("data became an element %s", n.name)
		}
		for name := range n.attrs {
			if strings.HasPrefix(name, "on") {
				t.Errorf("data became an attribute %s", name)
			}
		}
	})
	if got := root.all("p")[0].text; got != `</title><script>alert("title")</script>` {
		t.Errorf("the title is shown as %q", got)
	}
	if !slices.Contains(texts(root.all("th")), `<script>alert(1)</script>`) {
		t.Error("the policy is not shown as it is called")
	}
	for _, r := range page {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200b || r == 0xfeff {
			t.Errorf("the page holds the character %U", r)
		}
	}
}

// bareWorld has runs of one verdict, so that hardly a figure exists.
func bareWorld(t *testing.T) *world {
	w := newWorld(t)
	w.ev = judge.Evaluation{N: 3, Positives: 3, Tasks: 2, Coverage: ref(1), ECE: ref(0.2), Brier: ref(0.1), LogLoss: ref(0.3),
		ByPolicy: []judge.Slice{{Name: "p", N: 3, Positives: 3}}, BySource: []judge.Slice{{Name: "s", N: 3, Positives: 3}}}
	w.curves = &judge.Curves{Scores: judge.Histogram{Resolved: []int64{0, 3}, Unresolved: []int64{0, 0}}}
	return w
}

// TestMissingParts makes reports of less and less. What is absent is said in
// words, and no number takes its place.
func TestMissingParts(t *testing.T) {
	alone := []string{portEvaluation + "=evaluation"}
	t.Run("evaluation alone", func(t *testing.T) {
		page, result := newWorld(t).build().page(alone...)
		root := parsePage(t, page)
		for _, id := range []string{"training", "experts", "load", "data", "mixture", "lengths"} {
			if result.Missing[id] == "" {
				t.Errorf("%s is not said to be missing", id)
			}
		}
		for _, f := range root.all("figure") {
			if drawn := len(f.all("svg")) == 1; drawn == (f.attrs["class"] == "missing") {
				t.Errorf("%s is neither drawn nor missing", f.attrs["id"])
			}
		}
	})
	t.Run("no view of stage mix", func(t *testing.T) {
		w := newWorld(t)
		w.mixture = false
		_, result := w.build().page(everything()...)
		if len(result.Missing) != 1 || !strings.Contains(result.Missing["mixture"], "stage mix") {
			t.Errorf("missing %v", result.Missing)
		}
	})
	t.Run("no curves", func(t *testing.T) {
		w := newWorld(t)
		w.curves = nil
		_, result := w.build().page(everything()...)
		if len(result.Missing) != 2 || result.Missing["roc"] == "" || result.Missing["scores"] == "" {
			t.Errorf("missing %v", result.Missing)
		}
	})
	t.Run("one verdict", func(t *testing.T) {
		w := bareWorld(t)
		page, result := w.build().page(alone...)
		root := parsePage(t, page)
		if want := "On 3 held-out runs of 2 tasks no ranking can be judged: all of the runs are resolved."; result.Headline != want {
			t.Errorf("headline %q, want %q", result.Headline, want)
		}
		for _, id := range []string{"auc", "roc", "reliability", "best-of-k"} {
			if result.Missing[id] == "" {
				t.Errorf("%s is drawn", id)
			}
		}
		tiles := texts(root.all("dl")[0].all("dd"))
		if tiles[0] != absent {
			t.Errorf("an AUC that does not exist is shown as %q", tiles[0])
		}
		for _, row := range root.all("table")[0].all("tbody")[0].all("tr") {
			if got := row.all("td")[0].text; got != absent {
				t.Errorf("an AUC that does not exist is in the table as %q", got)
			}
		}
	})
	t.Run("no baseline", func(t *testing.T) {
		w := newWorld(t)
		w.ev.Baselines, w.ev.Delta = nil, nil
		w.curves = curves(&w.ev)
		_, result := w.build().page(alone...)
		if !strings.HasSuffix(result.Headline, "of pairs\u00a0[75,\u00a086].") || !strings.HasPrefix(result.Findings[0], "No baseline was fitted") {
			t.Errorf("%q, %q", result.Headline, result.Findings)
		}
	})
}

// TestOthersAreRefused holds that figures of another model never stand beside
// an evaluation.
func TestOthersAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*world){
		portCheckpoint: func(w *world) { w.ev.ScoredBy.Checkpoint = keyOf("another") },
		portTokens:     func(w *world) { w.ev.ScoredBy.Tokens = keyOf("another") },
	} {
		w := newWorld(t)
		spoil(w)
		w.build()
		task := w.task("out", everything()...)
		if err := task.Stage.Run(context.Background(), task); !errors.Is(err, ErrOther) || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("another %s: %v", name, err)
		}
	}
	w := newWorld(t).build()
	w.view("other")
	task := w.task("out", portEvaluation+"=evaluation", portMixture+"=other")
	if err := task.Stage.Run(context.Background(), task); !errors.Is(err, ErrOther) {
		t.Errorf("another view: %v", err)
	}
}

func TestAReportIsNoEvaluation(t *testing.T) {
	w := newWorld(t).build()
	w.artifact("out", pipeline.KindReport, "report", Config{}, nil, func(dir string) { w.file(dir, ResultFile, Result{}) })
	task := w.task("again", portEvaluation+"=out")
	if err := task.Stage.Run(context.Background(), task); err == nil || !strings.Contains(err.Error(), `written by stage "report"`) {
		t.Errorf("a report of a report: %v", err)
	}
}
