package grade

import (
	"bytes"
	"context"
	"io"
	"slices"
)

// signs are what a log says besides statuses.
type signs struct {
	ran   bool
	cause string
	tier  Tier
	best  int // the first signature that was met
	crash *Crash
}

// suiteRan is what SWE-bench 5 takes as evidence that a suite ran, though no
// test is named.
var suiteRan = lazy(`(?m)Executed [1-9]\d* of \d+|TOTAL: [1-9]\d* (?:SUCCESS|FAILED)|[1-9]\d* passing|Tests:\s+[1-9]\d*` +
	`|Test Suites:\s+(?:\d+ \w+, )*[1-9]\d* total|^# tests [1-9]\d*|[1-9]\d* specs?, \d+ failures?|': ok$`)

// A Signature is a phrase that tells that the environment failed.
type Signature struct {
	Cause   string
	Tier    Tier
	Phrases []string
	Line    string // "", or a whole line
}

// Signatures lists what is looked for, in order: the first that is met anywhere
// counts. They are those of SWE-bench 5.
func Signatures() []Signature { return slices.Clone(signatures) }

var signatures = []Signature{
	{Cause: "browser_launch_failed", Tier: TierEnvironment, Phrases: []string{"Failed to launch", "Failed to connect to the bus"}},
	{Cause: "display_unavailable", Tier: TierEnvironment, Phrases: []string{"cannot open display", "Missing X server", "unable to open X display"}},
	{Cause: "out_of_memory", Tier: TierEnvironment, Phrases: []string{"Cannot allocate memory", "OutOfMemoryError"}, Line: "Killed"},
	{Cause: "container_unavailable", Tier: TierEnvironment, Phrases: []string{"Error response from daemon", "Cannot connect to the Docker daemon"}},
	{Cause: "network_unreachable", Tier: TierEnvironment, Phrases: []string{"Could not resolve host", "Temporary failure in name resolution"}},
	{Cause: "missing_module", Tier: TierAmbiguous, Phrases: []string{"Cannot find module", "MODULE_NOT_FOUND", "ModuleNotFoundError"}},
	{Cause: "no_tests_collected", Tier: TierAmbiguous, Phrases: []string{"no tests ran", "collected 0 items"}},
	{Cause: "tests_timed_out", Tier: TierAmbiguous, Phrases: []string{"Timeout error: "}},
}

// readSigns looks for them, in a pass of its own.
func (l *Log) readSigns(ctx context.Context) error {
	if l.signs != nil {
		return nil
	}
	s := &signs{best: len(signatures)}
	err := l.each(func(r io.Reader) error {
		if l.small != nil {
			s.look(l.small, 0)
			return ctx.Err()
		}
		block, kept, at := make([]byte, sampleBytes), 0, int64(0)
		for {
			n, err := io.ReadFull(r, block[kept:])
			text := block[:kept+n]
			switch {
			case err == io.EOF || err == io.ErrUnexpectedEOF:
				s.look(text, at)
				return ctx.Err()
			case err != nil:
				return err
			}
			whole := bytes.LastIndexByte(text, '\n') + 1
			if whole == 0 { // a line longer than what is looked at of one
				whole = len(text)
			}
			s.look(text[:whole], at)
			at += int64(whole)
			if kept = copy(block, text[whole:]); ctx.Err() != nil {
				return ctx.Err()
			}
		}
	})
	if err == nil {
		l.signs = s
	}
	return err
}

// maxSignLine is what is looked at of one line.
const maxSignLine = 1 << 10

// lineAt returns the line of text that a byte stands in, from at most so many
// bytes before it.
func lineAt(text []byte, at int) []byte {
	from := max(0, at-maxSignLine/2)
	from += bytes.LastIndexByte(text[from:at], '\n') + 1
	if n := bytes.IndexByte(text[at:min(len(text), at+maxSignLine)], '\n'); n >= 0 {
		return text[from : at+n]
	}
	return text[from:min(len(text), at+maxSignLine)]
}

// ranMarks are what every form of suiteRan holds one of.
var ranMarks = []string{"Executed ", "TOTAL: ", " passing", "Tests:", "Test Suites:", "# tests ", " spec, ", " specs, ", "': ok"}

// hasLine reports whether a line is just that.
func hasLine(text []byte, line string) bool {
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte(line))
		if i < 0 {
			return false
		}
		at := from + i
		from = at + len(line)
		rest := bytes.TrimPrefix(text[from:], []byte{'\r'})
		if (at == 0 || text[at-1] == '\n') && (len(rest) == 0 || rest[0] == '\n') {
			return true
		}
	}
}

// look takes whole lines, which stand at so many bytes in the log.
func (s *signs) look(text []byte, at int64) {
	if c, ok := lastCrash(text, at); ok {
		s.crash = &c
	}
	for _, mark := range ranMarks {
		for from := 0; !s.ran; {
			i := bytes.Index(text[from:], []byte(mark))
			if i < 0 {
				break
			}
			line := lineAt(text, from+i)
			s.ran = suiteRan().Match(line[:min(len(line), maxSignLine)])
			from += i + len(mark)
		}
	}
	for i, sig := range signatures[:s.best] {
		for _, phrase := range sig.Phrases {
			if bytes.Contains(text, []byte(phrase)) {
				s.cause, s.tier, s.best = sig.Cause, sig.Tier, i
				return
			}
		}
		if sig.Line != "" && hasLine(text, sig.Line) {
			s.cause, s.tier, s.best = sig.Cause, sig.Tier, i
			return
		}
	}
}
