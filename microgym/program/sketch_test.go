package program

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func sketching(rules ...string) *sketch {
	s := &sketch{
		r:     rand.New(rand.NewPCG(1, 2)),
		words: map[string]string{}, flags: map[string]bool{},
		prog: Program{Files: map[string]string{}},
	}
	s.draw(rules...)
	return s
}

func TestFill(t *testing.T) {
	s := sketching("n: 7", "word: pear", "both = $word-$n", "say: one two|one two")
	s.flags["on"], s.flags["off"] = true, false
	for _, c := range []struct{ text, want string }{
		{"$word", "pear"},
		{"${word}s", "pears"},
		{"$word_tree", "pear_tree"},
		{"${n+3} ${n-9} ${n*2}", "10 -2 14"},
		{"${4..4}", "4"},
		{"${-3..-3}", "-3"},
		{"$both", "pear-7"},
		{"$say", "one two"},
		{"a  #?on\nb  #?off\nc  #!on\nd  #!off\n", "a\nd\n"},
		{"x = 1  # kept\n", "x = 1  # kept\n"},
		{"", ""},
	} {
		if got := s.fill(c.text); got != c.want {
			t.Errorf("fill(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestSpanReachesBothEnds(t *testing.T) {
	s, seen := sketching(), map[string]bool{}
	for range 200 {
		seen[s.fill("${2..4}")] = true
	}
	if len(seen) != 3 || !seen["2"] || !seen["4"] {
		t.Errorf("${2..4} gave %v", seen)
	}
}

func TestWordsDoNotRepeatNames(t *testing.T) {
	for range 50 {
		s := sketching("a: x y", "b: x y", "n: 1", "m: 1")
		if s.words["a"] == s.words["b"] {
			t.Fatal("two words drew one name though another was free")
		}
		if s.words["m"] != "1" {
			t.Fatal("a number may repeat")
		}
	}
}

func TestMistakesInTemplatesPanic(t *testing.T) {
	for name, f := range map[string]func(){
		"no such word": func() { sketching().fill("$nothing") },
		"no such flag": func() { sketching().fill("a  #?nothing") },
		"no such list": func() { sketching("a: @nothing") },
		"no rule":      func() { sketching("nothing") },
		"no number":    func() { sketching("a: pear").fill("${a+1}") },
		"two modules":  func() { s := sketching("pkg: p"); s.module("a", "x"); s.module("a", "y") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("passed in silence")
				}
			}()
			f()
		})
	}
}

func TestFnReadsCases(t *testing.T) {
	s := sketching("pkg: p", "f: add")
	s.fn("m", "$f", "adds $f things", "\n(1, 2) ; (3, 4)\n  (1, 2)\nadd(5)\n\n")
	f := s.prog.Funcs[0]
	want := []string{"add(1, 2)", "add(3, 4)", "add(5)"}
	if f.Name != "add" || f.File != "p/m.star" || !slices.Equal(f.Cases, want) {
		t.Errorf("%+v, want cases %q", f, want)
	}
}

func TestWordListsHoldNoRepeats(t *testing.T) {
	for _, name := range strings.Fields("people goods places colours tags letters") {
		list := wordList(name)
		if sorted := slices.Compact(slices.Sorted(slices.Values(list))); len(sorted) != len(list) {
			t.Errorf("%s: %d words, %d different", name, len(list), len(sorted))
		}
	}
}
