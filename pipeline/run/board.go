package run

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/swerm/swerm/internal/term"
	"github.com/swerm/swerm/pipeline"
)

// lineEvery is how often a board without a terminal says how far things are.
const lineEvery = 5 * time.Second

// Board shows progress: bars on a terminal, and elsewhere a line for each
// running task every few seconds. The zero value shows nothing.
type Board struct {
	w    io.Writer
	bars *mpb.Progress

	mu     sync.Mutex
	meters map[string]*meter
	order  []string
	stop   chan struct{}
	ended  chan struct{}
}

// NewBoard returns a board on f. Close ends it.
func NewBoard(f *os.File) *Board {
	if term.IsTerminal(f) {
		return &Board{bars: mpb.New(mpb.WithOutput(f), mpb.WithAutoRefresh(), mpb.WithWidth(40)), w: f}
	}
	return newLines(f, lineEvery)
}

// newLines returns a board that writes lines.
func newLines(w io.Writer, every time.Duration) *Board {
	b := &Board{w: w, stop: make(chan struct{}), ended: make(chan struct{})}
	go b.tick(every)
	return b
}

// Write writes above the bars, so that a logger can share the terminal.
func (b *Board) Write(p []byte) (int, error) {
	switch {
	case b.bars != nil:
		return b.bars.Write(p)
	case b.w != nil:
		return b.w.Write(p)
	}
	return len(p), nil
}

// Close ends the board and leaves the terminal in order.
func (b *Board) Close() {
	if b.bars != nil {
		b.mu.Lock()
		for _, m := range b.meters {
			m.bar.Abort(true)
		}
		b.mu.Unlock()
		b.bars.Wait()
		b.bars = nil
	}
	if b.stop != nil {
		close(b.stop)
		<-b.ended
		b.stop = nil
	}
}

// Task returns the progress of a task of that name.
func (b *Board) Task(name string) pipeline.Progress { return b.task(name) }

func (b *Board) task(name string) pipeline.Progress {
	if b.bars == nil && b.stop == nil {
		return pipeline.NoProgress{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	m := &meter{begin: time.Now()}
	if b.bars != nil {
		m.bar = b.bars.AddBar(0, mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return m.String() })))
	}
	if b.meters == nil {
		b.meters = map[string]*meter{}
	}
	b.meters[name] = m
	b.order = append(b.order, name)
	return m
}

// end takes a task off the board.
func (b *Board) end(name string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.meters[name]
	if m == nil {
		return
	}
	delete(b.meters, name)
	if m.bar != nil {
		m.bar.Abort(true)
	} else if ok && m.shown {
		fmt.Fprintf(b.w, "%s: done, %s\n", name, m)
	}
}

func (b *Board) tick(every time.Duration) {
	defer close(b.ended)
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-t.C:
			b.lines()
		}
	}
}

func (b *Board) lines() {
	b.mu.Lock()
	defer b.mu.Unlock()
	live := b.order[:0]
	for _, name := range b.order {
		if m := b.meters[name]; m != nil {
			m.shown = true
			fmt.Fprintf(b.w, "%s: %s\n", name, m)
			live = append(live, name)
		}
	}
	b.order = live
}

// meter is one task's Progress.
type meter struct {
	begin time.Time
	total atomic.Int64
	n     atomic.Int64
	unit  atomic.Pointer[string]
	note  atomic.Pointer[string]
	bar   *mpb.Bar
	shown bool
}

// Total adds to what is expected.
func (m *meter) Total(n int64, unit string) {
	total := m.total.Add(n)
	m.unit.Store(&unit)
	if m.bar != nil {
		m.bar.SetTotal(total, false)
	}
}

// Add counts work done.
func (m *meter) Add(n int64) {
	m.n.Add(n)
	if m.bar != nil {
		m.bar.IncrInt64(n)
	}
}

// Note replaces the words beside how far it is.
func (m *meter) Note(text string) { m.note.Store(&text) }

// String says how far it is, and how fast.
func (m *meter) String() string {
	unit := ""
	if u := m.unit.Load(); u != nil {
		unit = *u
	}
	n, total, s := m.n.Load(), m.total.Load(), time.Since(m.begin).Seconds()
	if n == 0 && total == 0 {
		return "running, " + clock(s)
	}
	var b strings.Builder
	b.WriteString(amount(float64(n), unit))
	if total > 0 {
		fmt.Fprintf(&b, " of %s", amount(float64(total), unit))
	}
	if n > 0 && s > 0 {
		fmt.Fprintf(&b, ", %s/s", amount(float64(n)/s, unit))
	}
	fmt.Fprintf(&b, ", %s", clock(s))
	if note := m.note.Load(); note != nil {
		fmt.Fprintf(&b, "; %s", term.Line(*note))
	}
	return b.String()
}

func amount(n float64, unit string) string {
	if unit == "bytes" {
		switch {
		case n >= 1e9:
			return fmt.Sprintf("%.2f GB", n/1e9)
		case n >= 1e6:
			return fmt.Sprintf("%.1f MB", n/1e6)
		}
		return fmt.Sprintf("%.0f kB", n/1e3)
	}
	if n < 10 && n != float64(int64(n)) {
		return strings.TrimSpace(fmt.Sprintf("%.2f %s", n, unit))
	}
	return strings.TrimSpace(fmt.Sprintf("%.0f %s", n, unit))
}

func clock(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}
