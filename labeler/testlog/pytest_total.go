package testlog

import "bytes"

// total reads the line that pytest ends with, `1 failed, 4 passed in 0.02s`,
// alone under -q and as a ruled heading otherwise.
func (p *pytest) total(l *line, title []byte, ruled bool) bool {
	title = bytes.TrimPrefix(title, []byte("tests finished: ")) // a plug-in's heading
	counts, took, ok := cutLast(title, []byte(" in "))
	if !ok || !duration(took) {
		return false
	}
	t := Tally{At: l.all()}
	if bytes.HasPrefix(counts, []byte("no tests ran")) {
		t.NoTests = true
	} else {
		known := 0
		for part := range bytes.SplitSeq(bytes.TrimRight(counts, ", "), []byte(", ")) {
			ours, ok := t.count(part)
			if !ok {
				return false
			}
			if ours {
				known++
			}
		}
		if known == 0 {
			return false
		}
	}
	l.log.Total = &t
	l.event(Finished)
	if p.finish(ruled) {
		l.log.add(&t)
	}
	return true
}

func cutLast(b, at []byte) (before, after []byte, ok bool) {
	if i := bytes.LastIndex(b, at); i >= 0 {
		return b[:i], b[i+len(at):], true
	}
	return b, nil, false
}

// duration knows `0.02s`, `0.02 seconds` and `75.00s (0:01:15)`.
func duration(b []byte) bool {
	i := 0
	for i < len(b) && (b[i] >= '0' && b[i] <= '9' || b[i] == '.') {
		i++
	}
	if i == 0 {
		return false
	}
	switch rest := string(b[i:min(len(b), i+8)]); {
	case rest == "s", rest == " seconds", rest == " second":
		return true
	default:
		return len(rest) > 3 && rest[:3] == "s ("
	}
}

// count adds `12 passed`. Plug-ins count things of their own, `2 snapshots`.
func (t *Tally) count(part []byte) (known, ok bool) {
	n, rest, ok := number(part)
	what, spaced := after(rest, " ")
	if !ok || !spaced {
		return false, false
	}
	switch string(what) {
	case "passed":
		t.By[Passed] += n
	case "failed":
		t.By[Failed] += n
	case "error", "errors":
		t.By[Error] += n
	case "skipped":
		t.By[Skipped] += n
	case "xfailed", "expected to fail":
		t.By[XFail] += n
	case "xpassed":
		t.By[XPass] += n
	case "warning", "warnings", "deselected", "rerun":
	default:
		return false, true
	}
	return true, true
}
