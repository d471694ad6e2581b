package testlog

import "bytes"

// Markers that harnesses of the SWE-bench family print around what the tests
// print; `bash -x` puts `+ : '` before them.
const (
	startMarker = ">>>>> Start Test Output"
	endMarker   = ">>>>> End Test Output"
)

// scanner cuts a log into lines and hands them to a machine. Lines end as in
// text files of any system: \n, \r\n or a lone \r.
type scanner struct {
	log    *Log
	m      machine
	parser Parser
	limits Limits
	at     int64 // offset of the next byte to be fed
	skip   bool  // inside the rest of a long line
	ender  byte  // what the last line ended with
	blank  bool  // an empty line was met since the last one that was handed on

	begun bool // the start marker was met
	ended mark // what there was at the last end marker
	lines line // the one line, reused
}

// mark remembers how much of a log lies before an end marker.
type mark struct {
	met                     bool
	records, events, scopes int
	total, sum              *Tally
	at                      int64
}

func newScanner(p Parser, limits Limits) *scanner {
	s := &scanner{log: &Log{Parser: p}, parser: p, limits: limits.withDefaults()}
	s.m = p.start(s.log)
	s.lines.limits, s.lines.log = s.limits, s.log
	return s
}

// feed takes what has come of the log and returns how much of it is done with:
// all but a line without an end, of which more may follow.
func (s *scanner) feed(block []byte, final bool) (used int) {
	feeds, returns, escapes := -1, -1, -1 // the next \n, \r and ESC at or after used
	for used < len(block) {
		feeds, returns, escapes = next(block, used, feeds, '\n'), next(block, used, returns, '\r'), next(block, used, escapes, esc)
		end := min(feeds, returns)
		whole := end < len(block) || final
		long := end-used > s.limits.LineBytes
		switch {
		case s.skip:
		case !whole && !long:
			return used
		case long && s.parser.chunk:
			end = used + s.limits.LineBytes
			s.emit(block[used:end], escapes-used)
			s.at, used = s.at+int64(end-used), end
			continue
		default: // of a long line the head now; the rest is passed over
			s.emit(block[used:end], escapes-used)
		}
		empty := end == used && !s.skip
		s.skip = !whole
		if end < len(block) {
			s.blank = s.blank || empty && (block[end] == '\r' || s.ender != '\r')
			s.ender = block[end]
			end++
		}
		s.at += int64(end - used)
		used = end
	}
	return used
}

// next looks for a byte once, however often it is asked before it gets there.
func next(block []byte, from, known int, c byte) int {
	if known >= from {
		return known
	}
	if n := bytes.IndexByte(block[from:], c); n >= 0 {
		return from + n
	}
	return len(block)
}

// emit hands one line on. An empty one says nothing but that it is there; \r\n
// leaves one behind that is not. The first escape byte is at escape, or behind
// the line.
func (s *scanner) emit(raw []byte, escape int) {
	if len(raw) == 0 {
		return
	}
	if len(raw) > s.limits.LineBytes {
		raw = raw[:s.limits.LineBytes]
		s.log.LongLines++
	}
	if c := raw[0]; (c == '+' || c == '>') && s.marker(raw) {
		return
	}
	s.lines.set(raw, s.at, escape < len(raw))
	s.lines.blank, s.blank = s.blank, false
	s.m.line(&s.lines)
}

// marker begins and ends the region that counts: from the first start marker to
// the last end marker, since what a test prints can only come before the end
// that the harness writes.
func (s *scanner) marker(raw []byte) bool {
	switch {
	case !s.begun && bytes.Contains(raw, []byte(startMarker)):
		s.begun = true
		s.log.Records, s.log.Events, s.log.Total, s.log.Sum = s.log.Records[:0], s.log.Events[:0], nil, nil
		s.log.Scopes = s.log.Scopes[:0]
		s.log.Lost, s.log.LongLines = 0, 0
		s.lines.names, s.lines.scopes = 0, nil
		s.log.Region.Start = s.at + int64(len(raw))
		s.m = s.parser.start(s.log)
		return true
	case s.begun && bytes.Contains(raw, []byte(endMarker)):
		s.ended = mark{true, len(s.log.Records), len(s.log.Events), len(s.log.Scopes), s.log.Total, s.log.Sum, s.at}
		return true
	}
	return false
}

func (s *scanner) end() *Log {
	l := s.log
	l.Bytes, l.Region.End, l.Marked = s.at, s.at, s.begun
	if e := s.ended; e.met {
		l.Records, l.Events, l.Total, l.Sum, l.Region.End = l.Records[:e.records], l.Events[:e.events], e.total, e.sum, e.at
		l.Scopes = l.Scopes[:e.scopes]
	}
	n := len(l.Records)
	s.m.end()
	s.lines.done()
	s.confine(n)
	return l
}

// confine drops what the machine learnt outside of the region: records from n on
// that rest on it, scopes, and how a scope ended.
func (s *scanner) confine(n int) {
	l := s.log
	kept := l.Records[:n]
	for _, r := range l.Records[n:] {
		if r.NameAt.End <= l.Region.End && r.StatusAt.End <= l.Region.End {
			kept = append(kept, r)
		}
	}
	l.Records = kept
	for i := range l.Scopes {
		if s := &l.Scopes[i]; s.StatusAt.End > l.Region.End {
			s.Status, s.StatusAt = 0, Span{}
		}
	}
	for i := range l.Records {
		if int(l.Records[i].Scope) > len(l.Scopes) {
			l.Records[i].Scope = 0
		}
	}
}
