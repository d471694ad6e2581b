package testlog

import "bytes"

// reading cuts a log into lines as a text file of Python's is: \n, \r\n and \r
// end them, and an empty line is a line. Marks may stand anywhere in a line.
type reading struct {
	log    *Log
	m      machine
	reader Reader
	cut    Cut
	limits Limits
	lines  line // the one line, reused

	at       int64 // offset of the next byte to be fed
	long     bool  // inside the rest of a long line
	returned bool  // the last block ended in \r, so that a \n belongs to it

	open   bool // lines count
	closed bool // and will not any more
}

// markTail is what is kept of a long line, so that a mark is met whole.
const markTail = 64

func newReading(r Reader, cut Cut, limits Limits) *reading {
	s := &reading{log: &Log{Parser: Parser{Name: r.Name, Version: r.Version}, Marks: &Marks{}}, reader: r, cut: cut, limits: limits.withDefaults()}
	s.lines.limits, s.lines.log = s.limits, s.log
	s.restart(0)
	s.open = cut == Whole || cut == AfterPatch
	return s
}

// restart forgets what was read: the region begins here.
func (s *reading) restart(at int64) {
	l := s.log
	l.Records, l.Words, l.Lost, l.LongLines, l.Region.Start = l.Records[:0], nil, 0, 0, at
	s.lines.names = 0
	l.byName.clear()
	s.m = s.reader.start(l)
	s.open = true
}

// feed takes what has come of the log and returns how much of it is done with.
func (s *reading) feed(block []byte, final bool) (used int) {
	feeds, returns, mark := -1, -1, -1
	if s.returned && len(block) > 0 {
		if s.returned = false; block[0] == '\n' {
			used = s.step(0, 1)
		}
	}
	for used < len(block) {
		if s.cut == Between && !s.open && !s.long {
			if used = s.step(used, mute(block, used, final)); !bytes.HasPrefix(block[used:], markLead) {
				return used
			}
		}
		feeds, returns = next(block, used, feeds, '\n'), next(block, used, returns, '\r')
		end := min(feeds, returns)
		ended := end < len(block)
		if !ended && !final {
			if end-used <= s.limits.LineBytes+markTail {
				return used
			}
			end -= markTail
		}
		if mark < used {
			if mark = bytes.Index(block[used:], markLead); mark < 0 {
				mark = len(block)
			} else {
				mark += used
			}
		}
		s.take(block[used:], end-used, mark < end)
		s.long = !ended && !final
		if ended {
			if end++; block[end-1] == '\r' {
				if s.returned = end == len(block); !s.returned && block[end] == '\n' {
					end++
				}
			}
		}
		used = s.step(used, end)
		if s.long {
			return used
		}
	}
	return used
}

// mute returns where the next mark may be: outside of the region nothing else is
// of interest. Of a block that goes on, the last bytes wait for what follows.
func mute(block []byte, from int, final bool) int {
	if i := bytes.Index(block[from:], markLead); i >= 0 {
		return from + i
	}
	if final {
		return len(block)
	}
	return max(from, len(block)-markTail)
}

func (s *reading) step(from, to int) int {
	s.at += int64(to - from)
	return to
}

// take reads the line text[:n], or the next piece of a long one.
func (s *reading) take(text []byte, n int, marked bool) {
	if text[0] == 'T' && bytes.HasPrefix(text[:n], stoppedText) && bytes.HasSuffix(text[:n], []byte(" seconds exceeded.")) {
		s.log.Marks.stopped(Span{s.at, s.at + int64(n)})
	}
	if !marked {
		s.emit(text, 0, n)
		return
	}
	from := 0
	for i := 0; i < n; {
		lead := bytes.Index(text[i:], markLead)
		if lead < 0 || i+lead >= n {
			break
		}
		i += lead
		kind, size := s.log.Marks.note(text[i:], s.at+int64(i))
		if kind == 0 {
			i++
			continue
		}
		if s.splits(kind, text[:i]) {
			s.emit(text, from, i)
			s.turn(kind, s.at+int64(i), s.at+int64(i+size))
			from = min(i+size, n)
		}
		i += size
	}
	s.emit(text, from, n)
}

// splits reports whether a mark begins or ends the region under this cut.
func (s *reading) splits(kind MarkKind, before []byte) bool {
	switch s.cut {
	case Between:
		return !s.closed && (kind == MarkStart || s.open && kind == MarkEnd)
	case Traced:
		return !s.closed && (!s.open && kind == MarkStart || s.open && kind == MarkEnd) && bytes.HasSuffix(before, []byte("+ : '"))
	case AfterPatch:
		return kind == MarkAppliedPred
	}
	return false
}

// turn begins or ends the region.
func (s *reading) turn(kind MarkKind, at, after int64) {
	if s.open && s.cut != AfterPatch {
		s.open, s.closed = false, true
		s.log.Region.End = at
		s.m.end()
		return
	}
	s.restart(after)
}

// emit hands text[from:to] on as a line, as far as it is looked at.
func (s *reading) emit(text []byte, from, to int) {
	if !s.open || s.long {
		return
	}
	if to > s.limits.LineBytes {
		to = s.limits.LineBytes
		s.log.LongLines++
	}
	if from <= to {
		s.lines.bare(text[from:to], s.at+int64(from))
		s.m.line(&s.lines)
	}
}

// finish settles the log. Where nothing began the region it has none: no byte
// of the log counts.
func (s *reading) finish() *Log {
	l := s.log
	l.Marks.forget(s.at)
	l.Bytes, l.Marked = s.at, s.closed || s.open && s.cut != Whole
	switch {
	case s.open:
		l.Region.End = s.at
		s.m.end()
	case !s.closed:
		l.Region = Span{}
	}
	s.lines.done()
	return l
}
