package regrade

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/swerm/swerm/internal/archive"
)

// Limits on what lies beside a log.
const (
	// MaxReportBytes bounds a report: the longest lists of tests seen are under
	// 4 MiB.
	MaxReportBytes = 64 << 20
	// MaxPatchBytes bounds a patch.
	MaxPatchBytes = 64 << 20
)

// fixLog is the log of the fix in Multi-SWE-bench, which keeps two more of what
// was before it.
const fixLog = "fix-patch-run.log"

// LogNames lists the names that harnesses give the log of one attempt, the
// preferred first.
func LogNames() []string { return []string{"test_output.txt", "post_patch_log.txt", fixLog} }

// An Attempt is one folder of a tree, or one log of the old evaluation.
type Attempt struct {
	Path     string // of the folder or log inside the tree, "." for the root itself
	Instance string
	Log      *File
	Report   *File
	RunLog   *File // the harness's own log, which may hold the report
	Patch    *File
	Results  *File // statuses that a harness has read from the log

	// Of Multi-SWE-bench: the logs of the repository as it was, and with the
	// tests' patch.
	BareLog, TestLog *File
}

// A File is a file of a tree that can be opened again.
type File struct {
	Path string
	size int64 // as it was listed, 0 where only reading tells
	open func() (io.ReadCloser, error)
}

// Open returns the content.
func (f *File) Open() (io.ReadCloser, error) { return f.open() }

// Read returns the content, of limit bytes at most.
func (f *File) Read(limit int64) ([]byte, error) {
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	text := bytes.NewBuffer(make([]byte, 0, min(f.size, limit)+bytes.MinRead))
	_, err = text.ReadFrom(io.LimitReader(r, limit+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	if int64(text.Len()) > limit {
		return nil, fmt.Errorf("%s: %w of %d bytes", f.Path, archive.ErrTooLarge, limit)
	}
	return text.Bytes(), nil
}

// A Tree is what a harness left behind.
type Tree struct {
	Attempts []Attempt // in the order of paths
	Bad      []error   // files that could not be listed

	summaries []*File // what may speak of a whole run
	spool     string  // where files of a packed tree lie
}

// Close removes what was unpacked.
func (t *Tree) Close() error {
	if t.spool == "" {
		return nil
	}
	return os.RemoveAll(t.spool)
}

// Open lists the attempts of a tree: a folder, a pattern or an archive. The
// files of an archive are unpacked to a temporary folder until Close.
func Open(ctx context.Context, root string, lim archive.Limits) (*Tree, error) {
	return Collect(archive.Walk(ctx, root, lim))
}

// Collect is Open of files that somebody else walks over.
func Collect(files iter.Seq2[archive.Member, error]) (*Tree, error) {
	t, byDir := &Tree{}, map[string]*Attempt{}
	for m, err := range files {
		var bad *archive.MemberError
		switch {
		case errors.As(err, &bad):
			t.Bad = append(t.Bad, err)
			continue
		case err != nil:
			return nil, errors.Join(err, t.Close())
		case m.Irregular:
			continue
		}
		if err := t.member(&m, byDir); err != nil {
			return nil, errors.Join(err, t.Close())
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(byDir)) {
		if a := byDir[dir]; a.Log != nil || a.Report != nil || a.Results != nil {
			t.Attempts = append(t.Attempts, *a)
		}
	}
	return t, nil
}

// member takes a file that matters.
func (t *Tree) member(m *archive.Member, byDir map[string]*Attempt) error {
	name, dir := archive.TrimSuffix(path.Base(m.Path)), path.Dir(m.Path)
	key, instance := dir, instanceOf(dir)
	if prefix, ok := strings.CutSuffix(name, "_"+outputName); ok {
		key, name = path.Join(dir, prefix), outputName
	}
	if old, ok := strings.CutSuffix(name, ".eval.log"); ok {
		key = path.Join(dir, name)
		instance, _, _ = strings.Cut(old, ".")
	}
	place := fieldFor(name)
	if place == nil && !isSummary(name) {
		return nil
	}
	f, err := t.file(m)
	if err != nil {
		return err
	}
	if isSummary(name) {
		t.summaries = append(t.summaries, f)
	}
	if place == nil {
		return nil
	}
	a := byDir[key]
	if a == nil {
		a = &Attempt{Path: key, Instance: instance}
		byDir[key] = a
	}
	if at := place(a); *at == nil || name == LogNames()[0] {
		*at = f
	}
	return nil
}

// fieldFor returns where a file belongs, nil for one that does not matter.
func fieldFor(name string) func(*Attempt) **File {
	switch {
	case slices.Contains(LogNames(), name) || strings.HasSuffix(name, ".eval.log"):
		return func(a *Attempt) **File { return &a.Log }
	case name == "report.json":
		return func(a *Attempt) **File { return &a.Report }
	case name == "run_instance.log":
		return func(a *Attempt) **File { return &a.RunLog }
	case slices.Contains([]string{"patch.diff", "model.patch", "fix.patch"}, name):
		return func(a *Attempt) **File { return &a.Patch }
	case name == outputName || name == trialName:
		return func(a *Attempt) **File { return &a.Results }
	case name == "run.log":
		return func(a *Attempt) **File { return &a.BareLog }
	case name == "test-patch-run.log":
		return func(a *Attempt) **File { return &a.TestLog }
	}
	return nil
}

// instanceOf names the instance of a folder: by its own name, or
// OWNER/NAME/evals/pr-12 as Multi-SWE-bench has it.
func instanceOf(dir string) string {
	at := strings.Split(dir, "/")
	last := at[len(at)-1]
	if number, ok := strings.CutPrefix(last, "pr-"); ok && len(at) >= 4 && slices.Contains([]string{"evals", "instances"}, at[len(at)-2]) {
		return at[len(at)-4] + "__" + at[len(at)-3] + "-" + number
	}
	return last
}

// file makes a member readable at any time.
func (t *Tree) file(m *archive.Member) (*File, error) {
	if !m.Sequential {
		return &File{Path: m.Path, size: max(0, m.Size), open: m.Open}, nil
	}
	if t.spool == "" {
		var err error
		if t.spool, err = os.MkdirTemp("", "swerm-regrade-"); err != nil {
			return nil, err
		}
	}
	r, err := m.Open()
	if err != nil {
		return nil, err
	}
	w, err := os.CreateTemp(t.spool, "*")
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	size, err := io.Copy(w, r)
	if err := errors.Join(err, r.Close(), w.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	return &File{Path: m.Path, size: size, open: func() (io.ReadCloser, error) { return os.Open(w.Name()) }}, nil
}

// OpenLog makes a tree of one log on disk. Its patch and its report are those
// beside it, unless patch names another.
func OpenLog(file, patch string) *Tree {
	local := func(name string) *File {
		return &File{Path: name, open: func() (io.ReadCloser, error) { return os.Open(name) }}
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		abs = file
	}
	dir, base := filepath.Split(abs)
	instance := instanceOf(filepath.ToSlash(filepath.Clean(dir)))
	if old, ok := strings.CutSuffix(base, ".eval.log"); ok {
		instance, _, _ = strings.Cut(old, ".")
	}
	a := Attempt{Path: ".", Instance: instance, Log: local(file)}
	beside := func(name string) *File {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.Mode().IsRegular() {
			return nil
		}
		return local(filepath.Join(dir, name))
	}
	a.Report, a.Patch = beside("report.json"), beside("patch.diff")
	if base == fixLog {
		a.BareLog, a.TestLog = beside("run.log"), beside("test-patch-run.log")
	}
	if base == outputName || base == trialName {
		a.Results, a.Log = a.Log, nil
	}
	if patch != "" {
		a.Patch = local(patch)
	}
	return &Tree{Attempts: []Attempt{a}}
}

// Log returns the log of an attempt, nil where there is none.
func (t *Tree) Log(path string) *File {
	i := slices.IndexFunc(t.Attempts, func(a Attempt) bool { return a.Path == path })
	if i < 0 {
		return nil
	}
	return t.Attempts[i].Evidence()
}

// Evidence is what an attempt is graded by: its log, or else results.
func (a *Attempt) Evidence() *File {
	if a.Log != nil {
		return a.Log
	}
	return a.Results
}

// maxShownLine bounds what [File.Line] returns.
const maxShownLine = 400

// Line returns the line that a byte stands in, or a part of it.
func (f *File) Line(at int64) ([]byte, error) {
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	from := max(0, at-maxShownLine)
	if _, err := io.CopyN(io.Discard, r, from); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, at-from+maxShownLine))
	if err != nil {
		return nil, err
	}
	i := min(int(at-from), len(text))
	start := bytes.LastIndexAny(text[:i], "\r\n") + 1
	end := bytes.IndexAny(text[i:], "\r\n")
	if end < 0 {
		end = len(text) - i
	}
	return text[start : i+end], nil
}

// Logged returns the attempts that have a log, in order.
func (t *Tree) Logged() []*Attempt {
	return t.with(func(a *Attempt) bool { return a.Log != nil })
}

// with returns attempts of a kind, in order.
func (t *Tree) with(is func(*Attempt) bool) []*Attempt {
	var all []*Attempt
	for i := range t.Attempts {
		if a := &t.Attempts[i]; is(a) {
			all = append(all, a)
		}
	}
	return all
}

// report reads the report of an attempt: the file, or what the harness's own log
// says. The error wraps ErrNoReport where neither speaks of one attempt.
func (a *Attempt) report() (*Report, error) {
	switch {
	case a.Report != nil:
		doc, err := a.Report.Read(MaxReportBytes)
		if err != nil {
			return nil, err
		}
		r, err := ParseReport(doc)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Report.Path, err)
		}
		return r, nil
	case a.RunLog != nil:
		doc, err := a.RunLog.Read(MaxReportBytes)
		if err != nil {
			return nil, err
		}
		r, err := ParseRunLog(doc)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.RunLog.Path, err)
		}
		return r, nil
	}
	return nil, ErrNoReport
}

// Dir is the folder of the attempt inside the tree.
func (a *Attempt) Dir() string {
	if strings.HasSuffix(a.Path, ".eval.log") {
		return path.Dir(a.Path)
	}
	return a.Path
}
