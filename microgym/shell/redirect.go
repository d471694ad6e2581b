package shell

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// redirect points the session's streams where rs say. done writes the files
// that were written to; it must be called in any case.
func (s *session) redirect(rs []*syntax.Redirect) (done func() error, err error) {
	var writers []func() error
	done = func() error {
		var first error
		for _, w := range writers {
			if err := w(); err != nil && first == nil {
				first = err
			}
		}
		return first
	}
	for _, r := range rs {
		w, err := s.redirectOne(r)
		if err != nil {
			return done, err
		}
		if w != nil {
			writers = append(writers, w)
		}
	}
	return done, nil
}

func (s *session) redirectOne(r *syntax.Redirect) (func() error, error) {
	fd := ""
	if r.N != nil {
		fd = r.N.Value
	}
	switch r.Op {
	case syntax.Hdoc, syntax.DashHdoc:
		text, err := s.hereDocument(r)
		s.in = &input{text}
		return nil, err
	case syntax.WordHdoc:
		text, err := s.literal(r.Word)
		s.in = &input{text + "\n"}
		return nil, err
	}
	arg, err := s.literal(r.Word)
	if err != nil {
		return nil, err
	}
	switch r.Op {
	case syntax.RdrIn:
		text, err := s.read(arg)
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", r.Pos().Line(), arg, err)
		}
		s.in = &input{text}
		return nil, nil
	case syntax.DplOut:
		return nil, s.duplicate(fd, arg)
	case syntax.RdrOut, syntax.RdrClob, syntax.AppOut, syntax.RdrAll, syntax.AppAll:
		out, write, err := s.open(arg, r.Op == syntax.AppOut || r.Op == syntax.AppAll)
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", r.Pos().Line(), arg, err)
		}
		switch {
		case r.Op == syntax.RdrAll || r.Op == syntax.AppAll:
			s.out, s.err = out, out
		case fd == "" || fd == "1":
			s.out = out
		case fd == "2":
			s.err = out
		default:
			return write, fmt.Errorf("%s: Bad file descriptor", fd)
		}
		return write, nil
	}
	return nil, fmt.Errorf("%s: redirection is not available", r.Op)
}

// duplicate is 2>&1 and its like.
func (s *session) duplicate(fd, arg string) error {
	target := map[string]*sink{"1": s.out, "2": s.err, "-": nil}
	to, ok := target[arg]
	switch {
	case !ok:
		return fmt.Errorf("%s: Bad file descriptor", arg)
	case fd == "" || fd == "1":
		s.out = to
	case fd == "2":
		s.err = to
	default:
		return fmt.Errorf("%s: Bad file descriptor", fd)
	}
	return nil
}

// open makes the file at p and returns where to write to, and what puts the
// text there when the command is done.
func (s *session) open(p string, more bool) (*sink, func() error, error) {
	switch p {
	case "/dev/null":
		return nil, nil, nil
	case "/dev/stdout":
		return s.out, nil, nil
	case "/dev/stderr":
		return s.err, nil, nil
	case "":
		return nil, nil, errNotExist
	}
	abs := s.path(p)
	if strings.HasSuffix(p, "/") {
		return nil, nil, errIsDir
	}
	before := ""
	if more {
		before = s.ws.tree.files[abs]
	}
	if err := s.ws.tree.write(abs, before); err != nil {
		return nil, nil, err
	}
	out := &sink{budget: s.budget}
	return out, func() error {
		if out.b.Len() == 0 || !s.ws.tree.isFile(abs) { // a file that the command removed is gone
			return nil
		}
		if more {
			before = s.ws.tree.files[abs] // another command may have added to it
		}
		if err := s.ws.tree.write(abs, before+out.b.String()); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		return nil
	}, nil
}

func (s *session) hereDocument(r *syntax.Redirect) (string, error) {
	if r.Hdoc == nil {
		return "", nil
	}
	literal := false
	for _, part := range r.Word.Parts {
		lit, plain := part.(*syntax.Lit)
		literal = literal || !plain || strings.Contains(lit.Value, `\`)
	}
	text, err := r.Hdoc.Lit(), error(nil)
	if !literal || text == "" {
		text, err = s.document(r.Hdoc)
	}
	if r.Op == syntax.DashHdoc {
		lines := strings.SplitAfter(text, "\n")
		for i, l := range lines {
			lines[i] = strings.TrimLeft(l, "\t")
		}
		text = strings.Join(lines, "")
	}
	return text, err
}
