package grade

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/pipeline"
)

// A Crash is the line of code that the last traceback of a log ends at.
type Crash struct {
	File  string // as the traceback has it
	Line  int
	Error string       // the name of the exception
	At    testlog.Span // of the frame
}

var frameLead = []byte("\n  File \"")

// lastCrash reads the last traceback of Python's in text, which stands at so many
// bytes in its log.
func lastCrash(text []byte, at int64) (Crash, bool) {
	i := bytes.LastIndex(text, frameLead)
	if i < 0 {
		return Crash{}, false
	}
	from := i + len(frameLead)
	frame, rest, _ := bytes.Cut(text[from:], []byte{'\n'})
	file, where, ok := strings.Cut(string(clipBytes(frame)), "\", line ")
	number, _, _ := strings.Cut(strings.TrimRight(where, "\r"), ",")
	line, err := strconv.Atoi(number)
	if !ok || err != nil {
		return Crash{}, false
	}
	for len(rest) > 0 { // code and marks under it are indented
		var next []byte
		if next, rest, _ = bytes.Cut(rest, []byte{'\n'}); len(next) > 0 && next[0] != ' ' {
			name, _, _ := strings.Cut(strings.TrimRight(string(clipBytes(next)), "\r"), ":")
			if name == "" || strings.ContainsAny(name, " +>=") {
				return Crash{}, false
			}
			return Crash{file, line, name, testlog.Span{Start: at + int64(i) + 1, End: at + int64(from+len(frame))}}, true
		}
	}
	return Crash{}, false
}

func clipBytes(b []byte) []byte { return b[:min(len(b), maxSignLine)] }

// outside are exceptions that tell of what surrounds the code: a module or a
// library that is not installed, a file, memory. The line that they are raised at
// may be the patch's and the fault all the same the environment's.
var outside = []string{"ImportError", "ModuleNotFoundError", "OSError", "IOError", "EnvironmentError", "FileNotFoundError", "FileExistsError", "PermissionError",
	"ConnectionError", "ConnectionRefusedError", "TimeoutError", "BlockingIOError", "BrokenPipeError", "MemoryError", "SystemExit", "KeyboardInterrupt"}

// A Patch is the patch of an attempt and what is odd about it.
type Patch struct {
	odd   []Finding
	added map[string][]int // numbers of the lines that are added, by file, in order
}

// ReadPatch reads a unified diff.
func ReadPatch(text string) *Patch {
	return &Patch{InspectPatch(text), addedLines(text)}
}

// addedLines lists the lines that a diff adds, as the new files number them.
func addedLines(text string) map[string][]int {
	all := map[string][]int{}
	d, n := diffWalk{}, 0
	for line := range strings.SplitSeq(text, "\n") {
		d.next(line)
		switch {
		case strings.HasPrefix(line, "@@"):
			_, at, _ := strings.Cut(line, " +")
			at, _, _ = strings.Cut(at, " ")
			at, _, _ = strings.Cut(at, ",")
			n, _ = strconv.Atoi(at)
		case !d.hunk || line == "" || line[0] == '-' || line[0] == '\\':
		default:
			if line[0] == '+' {
				all[d.file.path] = append(all[d.file.path], n)
			}
			n++
		}
	}
	return all
}

// adds reports whether a line of a file is one that the patch added.
func (p *Patch) adds(file string, line int) bool {
	file = path.Clean(file)
	for name, lines := range p.added {
		if file == name || strings.HasSuffix(file, "/"+name) && !strings.Contains(file, "-packages/") {
			if _, ok := slices.BinarySearch(lines, line); ok {
				return true
			}
		}
	}
	return false
}

// AttachPatch adds what is odd about the patch of an attempt. Where no test ran,
// the environment is not known to have failed, and the last traceback ends at a
// line that the patch added, the patch has broken the suite, and that is
// unresolved: the suite got no further than a line that it has from the patch.
func (res *Result) AttachPatch(p *Patch) {
	if p == nil {
		return
	}
	if c := res.crash; c != nil && res.Verdict == pipeline.VerdictInfra && res.Tier == TierAmbiguous &&
		!slices.Contains(outside, c.Error) && p.adds(c.File, c.Line) {
		res.Verdict, res.Reason, res.Tier, res.Evidence = pipeline.VerdictUnresolved, ReasonBroken, "", c.At
	}
	res.Attach(p.odd...)
}
