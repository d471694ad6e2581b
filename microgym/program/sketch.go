package program

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A sketch gathers one Program while its template fills it in.
//
// Text given to it may hold:
//
//	$word        the value drawn for word (lower-case letters and digits)
//	${word}      the same, where a letter follows
//	${word+3}    a number drawn for word, plus, minus or times a constant
//	${2..9}      a whole number drawn at this place, both ends included
//	line  #?flag the line stays only if the flag was drawn true
//	line  #!flag the line stays only if the flag was drawn false
//
// A hole that nothing was drawn for is a mistake in the template and panics:
// the test that builds every template would meet it.
type sketch struct {
	r     *rand.Rand
	words map[string]string
	flags map[string]bool
	prog  Program
}

// sketched makes a template of a function that fills a sketch.
func sketched(name, domain string, fill func(*sketch)) Template {
	return Template{Name: name, Domain: domain, Build: func(r *rand.Rand) Program {
		s := &sketch{
			r: r, words: map[string]string{}, flags: map[string]bool{},
			prog: Program{Files: map[string]string{}},
		}
		fill(s)
		return s.prog
	}}
}

// draw gives words their values. Each rule is one of
//
//	"word: a b c"     one of the values
//	"word: a b|c d"   the same for values with spaces
//	"word: @people"   one of a shared list
//	"word = ${n+1}"   the text after the sign, holes filled
//	"flag?"           true or false
//
// A value that starts with a letter is never drawn for two words while the
// rule has another: two parameters of a function cannot share a name. The word
// pkg names the package.
func (s *sketch) draw(rules ...string) {
	for _, rule := range rules {
		if flag, ok := strings.CutSuffix(rule, "?"); ok {
			s.flags[flag] = s.r.IntN(2) == 0
			continue
		}
		word, text, ok := strings.Cut(rule, " = ")
		if ok {
			s.set(word, s.fill(text))
			continue
		}
		word, text, ok = strings.Cut(rule, ": ")
		if !ok {
			panic("program: rule " + strconv.Quote(rule) + " draws nothing")
		}
		s.set(word, s.choose(choices(text)))
	}
}

// set gives a word its value.
func (s *sketch) set(word, value string) {
	s.words[word] = value
	if word == "pkg" {
		s.prog.Package = value
	}
}

// is says whether a flag was drawn true.
func (s *sketch) is(flag string) bool {
	on, ok := s.flags[flag]
	if !ok {
		panic("program: no flag is called " + flag)
	}
	return on
}

func choices(text string) []string {
	if list, ok := strings.CutPrefix(text, "@"); ok {
		return wordList(list)
	}
	if strings.Contains(text, "|") {
		return strings.Split(text, "|")
	}
	return strings.Fields(text)
}

// choose draws one of the values, leaving out names already given away.
func (s *sketch) choose(all []string) string {
	taken := map[string]bool{}
	for _, v := range s.words {
		taken[v] = true
	}
	free := slices.DeleteFunc(slices.Clone(all), func(v string) bool {
		return taken[v] && (v[0] < '0' || v[0] > '9')
	})
	if len(free) == 0 {
		free = all
	}
	return pick(s.r, free...)
}

// target writes the module that may carry the bug.
func (s *sketch) target(module, text string) {
	s.prog.Target = s.module(module, text)
}

// targetOneOf makes one of the modules the target; a family whose modules are
// all worth a bug does not always have it in the same place.
func (s *sketch) targetOneOf(modules ...string) {
	s.prog.Target = s.path(pick(s.r, modules...))
}

// module writes a module of the package and returns its path.
func (s *sketch) module(module, text string) string {
	path := s.path(module)
	if _, twice := s.prog.Files[path]; twice {
		panic("program: module " + path + " is written twice")
	}
	s.prog.Files[path] = s.fill(strings.TrimLeft(text, "\n"))
	return path
}

func (s *sketch) path(module string) string {
	return s.fill("$pkg/" + module + ".star")
}

// fn lists a function of a module. Cases are argument lists, "(3, 4)", or
// whole calls; one text may hold many, a line each or parted by " ; ". Equal
// ones count once.
func (s *sketch) fn(module, name, summary string, cases ...string) {
	f := Func{Name: s.fill(name), File: s.path(module), Summary: s.fill(summary)}
	text := strings.ReplaceAll(s.fill(strings.Join(cases, "\n")), " ; ", "\n")
	for call := range strings.Lines(text) {
		call = strings.TrimSpace(call)
		if strings.HasPrefix(call, "(") {
			call = f.Name + call
		}
		if call != "" && !slices.Contains(f.Cases, call) {
			f.Cases = append(f.Cases, call)
		}
	}
	s.prog.Funcs = append(s.prog.Funcs, f)
}

// fill fills the holes of a text and drops the lines whose flag says so.
func (s *sketch) fill(text string) string {
	if strings.Contains(text, "  #") {
		text = s.keep(text)
	}
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '$')
		if at < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:at])
		text = text[at+1:]
		var expr string
		if strings.HasPrefix(text, "{") {
			expr, text, _ = strings.Cut(text[1:], "}")
		} else {
			n := len(text) - len(strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyz0123456789"))
			expr, text = text[:n], text[n:]
		}
		b.WriteString(s.value(expr))
	}
}

// keep drops the lines whose flag says so, and the marks of the others.
func (s *sketch) keep(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		code, mark, ok := cutMark(line)
		if !ok {
			b.WriteString(line)
		} else if s.is(mark[1:]) == (mark[0] == '?') {
			b.WriteString(code)
			b.WriteString(line[len(strings.TrimRight(line, "\n")):])
		}
	}
	return b.String()
}

// cutMark splits "code  #?flag" into the code and "?flag".
func cutMark(line string) (code, mark string, ok bool) {
	code, mark, ok = strings.Cut(strings.TrimRight(line, "\n"), "  #")
	if !ok || len(mark) < 2 || mark[0] != '?' && mark[0] != '!' {
		return line, "", false
	}
	return code, mark, true
}

var (
	span = regexp.MustCompile(`^(-?\d+)\.\.(-?\d+)$`)
	sum  = regexp.MustCompile(`^([a-z][a-z0-9]*)([-+*])(\d+)$`)
)

// value is what one hole stands for.
func (s *sketch) value(expr string) string {
	if v, ok := s.words[expr]; ok {
		return v
	}
	if m := span.FindStringSubmatch(expr); m != nil {
		lo, hi := atoi(m[1]), atoi(m[2])
		return strconv.Itoa(lo + s.r.IntN(hi-lo+1))
	}
	if m := sum.FindStringSubmatch(expr); m != nil {
		a, b := atoi(s.value(m[1])), atoi(m[3])
		switch m[2] {
		case "+":
			return strconv.Itoa(a + b)
		case "-":
			return strconv.Itoa(a - b)
		}
		return strconv.Itoa(a * b)
	}
	panic("program: nothing was drawn for $" + expr)
}

func atoi(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(fmt.Sprintf("program: %q is not a whole number", text))
	}
	return n
}

// comma turns "5 10" into "5, 10".
func comma(list string) string { return strings.Join(strings.Fields(list), ", ") }

// first is the first word of a list.
func first(list string) string { return strings.Fields(list)[0] }
