package run

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/swerm/swerm/pipeline"
)

// The names of a run's own files inside OUT.
const (
	ledgerName = "ledger.jsonl"
	stateName  = "run.json"
	cacheDir   = ".cache"
	asideDir   = ".aside"
)

// The events of a ledger.
const (
	EventStart     = "start"
	EventFinish    = "finish"
	EventFail      = "fail"
	EventInterrupt = "interrupt"
	EventCached    = "cached"
)

// An Event is one line of OUT/ledger.jsonl.
type Event struct {
	Time    time.Time        `json:"time"`
	Event   string           `json:"event"`
	ID      string           `json:"id"`
	Stage   string           `json:"stage"`
	Key     pipeline.Key     `json:"key"`
	URI     string           `json:"uri,omitempty"`
	Workers int              `json:"workers,omitempty"`
	Seconds float64          `json:"seconds,omitempty"`
	Counts  *pipeline.Counts `json:"counts,omitempty"`
	Kernel  string           `json:"kernel,omitempty"` // family of float kernels, of stages that compute in floats
	Result  json.RawMessage  `json:"result,omitempty"`
	Error   string           `json:"error,omitempty"`
}

// ledger appends events; each is on disk before append returns.
type ledger struct {
	mu sync.Mutex
	f  *os.File
}

func openLedger(out string) (*ledger, error) {
	f, err := os.OpenFile(filepath.Join(out, ledgerName), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	// A killed run can leave half a line: end it, so that the next event stands alone.
	if st, err := f.Stat(); err == nil && st.Size() > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, st.Size()-1); err == nil && last[0] != '\n' {
			if _, err := f.WriteString("\n"); err != nil {
				f.Close()
				return nil, err
			}
		}
	}
	return &ledger{f: f}, nil
}

func (l *ledger) append(e Event) error {
	e.Time = time.Now().UTC()
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.f.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if err := l.f.Sync(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

func (l *ledger) close() error { return l.f.Close() }

// maxEventBytes bounds one ledger line that is read back.
const maxEventBytes = 4 << 20

// ReadLedger returns the events of a run directory, oldest first. Lines that a
// kill cut short are left out. A directory without a ledger has no events.
func ReadLedger(out string) ([]Event, error) {
	f, err := os.Open(filepath.Join(out, ledgerName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var events []Event
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, maxEventBytes)
	for sc.Scan() {
		var e Event
		if json.Unmarshal(sc.Bytes(), &e) == nil && e.Event != "" {
			events = append(events, e)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return events, nil
}

// kernelIn returns the family of float kernels that the output of a key was
// computed with, "" where the ledger does not say. The start of a task says it
// too, since a run can be killed between publishing an output and its finish.
func kernelIn(out string, key pipeline.Key) (string, error) {
	events, err := ReadLedger(out)
	kernel := ""
	for _, e := range events {
		if e.Key == key && e.Kernel != "" {
			kernel = e.Kernel
		}
	}
	return kernel, err
}
