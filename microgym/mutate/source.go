package mutate

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.starlark.net/syntax"
)

// maxSourceBytes bounds what is parsed: a module of the world has some
// thousand bytes, and the number of edits grows with the text.
const maxSourceBytes = 1 << 20

// maxEdits bounds what one source gives.
const maxEdits = 100_000

// ErrSource is returned for text that cannot be edited: it does not parse, is
// too large, or has carriage returns (whose lines cannot be told apart).
var ErrSource = errors.New("not editable Starlark")

// source is one parsed file and where its lines begin.
type source struct {
	path, text string
	lines      []int // byte offset of each line
	ascii      bool
	file       *syntax.File
	defs       []*syntax.DefStmt // functions of the top level
	constants  []string          // other names of the top level
	words      map[string]bool   // every identifier of the file
	keyTexts   []string          // strings used as keys, once asked for
	edits      []Edit
}

// options are those of the harness: what runs there parses here.
var options = syntax.FileOptions{Set: true, GlobalReassign: true, Recursion: true}

func parse(path, text string) (*source, error) {
	if len(text) > maxSourceBytes {
		return nil, fmt.Errorf("mutate: %s: %d bytes, more than %d: %w", path, len(text), maxSourceBytes, ErrSource)
	}
	if strings.ContainsRune(text, '\r') {
		return nil, fmt.Errorf("mutate: %s: carriage return: %w", path, ErrSource)
	}
	o := options
	file, err := o.Parse(path, text, 0)
	if err != nil {
		return nil, fmt.Errorf("mutate: %w: %w", ErrSource, err)
	}
	s := &source{path: path, text: text, file: file, ascii: true, lines: []int{0}, words: map[string]bool{}}
	for i := range len(text) {
		if text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
		s.ascii = s.ascii && text[i] < utf8.RuneSelf
	}
	for _, stmt := range file.Stmts {
		switch n := stmt.(type) {
		case *syntax.DefStmt:
			s.defs = append(s.defs, n)
		case *syntax.AssignStmt:
			if id, ok := n.LHS.(*syntax.Ident); ok && id.Name == strings.ToUpper(id.Name) {
				s.constants = append(s.constants, id.Name)
			}
		case *syntax.LoadStmt:
			for _, id := range n.From {
				if id.Name == strings.ToUpper(id.Name) {
					s.constants = append(s.constants, id.Name)
				}
			}
		}
	}
	syntax.Walk(file, func(n syntax.Node) bool {
		if id, ok := n.(*syntax.Ident); ok {
			s.words[id.Name] = true
		}
		return true
	})
	return s, nil
}

// def returns the function of the file with that name, or nil.
func (s *source) def(name string) *syntax.DefStmt {
	for _, d := range s.defs {
		if d.Name.Name == name {
			return d
		}
	}
	return nil
}

// offset turns a position (lines and columns of runes, from 1) into bytes.
func (s *source) offset(p syntax.Position) int {
	at := s.lines[p.Line-1]
	if s.ascii {
		return at + int(p.Col) - 1
	}
	for range int(p.Col) - 1 {
		_, n := utf8.DecodeRuneInString(s.text[at:])
		at += n
	}
	return at
}

func (s *source) start(n syntax.Node) int { return s.offset(syntax.Start(n)) }

// end is the offset after the last byte of n. The parser's own spans leave out
// the closing bracket of an index, a slice and a tuple, also where one of them
// is the last part of something larger.
func (s *source) end(n syntax.Node) int {
	switch n := n.(type) {
	case *syntax.IndexExpr:
		return s.offset(n.Rbrack) + 1
	case *syntax.SliceExpr:
		return s.offset(n.Rbrack) + 1
	case *syntax.TupleExpr:
		if n.Lparen.IsValid() {
			return s.offset(n.Rparen) + 1
		}
		return s.end(n.List[len(n.List)-1])
	case *syntax.BinaryExpr:
		return s.end(n.Y)
	case *syntax.UnaryExpr:
		if n.X != nil {
			return s.end(n.X)
		}
	case *syntax.CondExpr:
		return s.end(n.False)
	case *syntax.LambdaExpr:
		return s.end(n.Body)
	case *syntax.DictEntry:
		return s.end(n.Value)
	case *syntax.ForClause:
		return s.end(n.X)
	case *syntax.IfClause:
		return s.end(n.Cond)
	case *syntax.AssignStmt:
		return s.end(n.RHS)
	case *syntax.ExprStmt:
		return s.end(n.X)
	case *syntax.ReturnStmt:
		if n.Result != nil {
			return s.end(n.Result)
		}
	case *syntax.IfStmt:
		if n.False != nil {
			return s.end(n.False[len(n.False)-1])
		}
		return s.end(n.True[len(n.True)-1])
	case *syntax.ForStmt:
		return s.end(n.Body[len(n.Body)-1])
	case *syntax.DefStmt:
		return s.end(n.Body[len(n.Body)-1])
	}
	return s.offset(syntax.End(n))
}

func (s *source) str(n syntax.Node) string { return s.text[s.start(n):s.end(n)] }

// lineStart is the offset of the line that holds byte at; lineEnd that of the
// byte after its newline.
func (s *source) lineStart(at int) int { return 1 + strings.LastIndexByte(s.text[:at], '\n') }

func (s *source) lineEnd(at int) int {
	if i := strings.IndexByte(s.text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(s.text)
}

// ownLines returns the whole lines of a statement. It is false where the
// statement shares a line with something else.
func (s *source) ownLines(n syntax.Node) (start, end int, ok bool) {
	a, b := s.start(n), s.end(n)
	start, end = s.lineStart(a), s.lineEnd(b)
	rest := strings.TrimSpace(s.text[b:end])
	ok = strings.TrimLeft(s.text[start:a], " ") == "" && (rest == "" || rest[0] == '#') &&
		end > start && s.text[end-1] == '\n'
	return start, end, ok
}

// indent is the white space before a statement that begins its line.
func (s *source) indent(n syntax.Node) string {
	at := s.start(n)
	return s.text[s.lineStart(at):at]
}

// unit is one step of indentation.
const unit = "    "

// shift moves whole lines by one step to the right, or back to the left.
func shift(lines string, by int) string {
	var b strings.Builder
	for line := range strings.Lines(lines) {
		switch {
		case strings.TrimSpace(line) == "":
			b.WriteString(line)
		case by > 0:
			b.WriteString(unit + line)
		default:
			b.WriteString(strings.TrimPrefix(line, unit))
		}
	}
	return b.String()
}

// simple says whether text is one line: what a rewrite may move about.
func simple(text string) bool { return !strings.ContainsRune(text, '\n') }
