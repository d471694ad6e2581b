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

	begun bool // the start marker was met
	ended mark // what there was at the last end marker
	lines line // the one line, reused
}

// mark remembers how much of a log lies before an end marker.
type mark struct {
	met             bool
	records, events int
	total           *Tally
	at              int64
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
	feeds, returns := -1, -1 // the next \n and \r at or after used
	for used < len(block) {
		feeds, returns = next(block, used, feeds, '\n'), next(block, used, returns, '\r')
		end := min(feeds, returns)
		if end == len(block) && !final && !s.skip {
			if end-used <= s.limits.LineBytes {
				return used
			}
			s.emit(block[used:]) // a long line: its head now, the rest is passed over
			s.skip = true
		} else if !s.skip {
			s.emit(block[used:end])
		}
		if end < len(block) {
			s.skip = false
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

// emit hands one line on. An empty one says nothing; \r\n leaves one behind.
func (s *scanner) emit(raw []byte) {
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
	s.lines.set(raw, s.at)
	s.m.line(&s.lines)
}

// marker begins and ends the region that counts: from the first start marker to
// the last end marker, since what a test prints can only come before the end
// that the harness writes.
func (s *scanner) marker(raw []byte) bool {
	switch {
	case !s.begun && bytes.Contains(raw, []byte(startMarker)):
		s.begun = true
		s.log.Records, s.log.Events, s.log.Total = s.log.Records[:0], s.log.Events[:0], nil
		s.log.Lost, s.log.LongLines = 0, 0
		s.lines.names = 0
		s.log.Region.Start = s.at + int64(len(raw))
		s.m = s.parser.start(s.log)
		return true
	case s.begun && bytes.Contains(raw, []byte(endMarker)):
		s.ended = mark{true, len(s.log.Records), len(s.log.Events), s.log.Total, s.at}
		return true
	}
	return false
}

func (s *scanner) end() *Log {
	l := s.log
	l.Bytes, l.Region.End, l.Marked = s.at, s.at, s.begun
	if e := s.ended; e.met {
		l.Records, l.Events, l.Total, l.Region.End = l.Records[:e.records], l.Events[:e.events], e.total, e.at
	}
	s.m.end()
	return l
}
