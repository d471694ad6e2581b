package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// ErrLocked is returned when another process holds the run directory and the
// caller did not want to wait.
var ErrLocked = errors.New("the run directory is in use")

// lockPoll is how often a waiting run looks again.
const lockPoll = 200 * time.Millisecond

// holder is what the lock file says about the process that holds it.
type holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Start time.Time `json:"start"`
}

func (h holder) String() string {
	if h.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("process %d on %s since %s", h.PID, h.Host, h.Start.Local().Format("2006-01-02 15:04:05"))
}

// lock takes OUT/.lock. It is the kernel's lock on the open file, so it is
// gone with its process however that ended; the text only tells who it is.
func lock(ctx context.Context, out string, wait bool, log *slog.Logger) (unlock func(), err error) {
	path := filepath.Join(out, ".lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	for told := false; ; told = true {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if !wait {
			h := readHolder(f)
			f.Close()
			return nil, fmt.Errorf("%w: %s holds %s; wait for it, or give another out=", ErrLocked, h, path)
		}
		if !told {
			log.Info("waiting for the run directory", "held_by", readHolder(f).String(), "lock", path)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(lockPoll):
		}
	}
	host, _ := os.Hostname()
	text, _ := json.Marshal(holder{PID: os.Getpid(), Host: host, Start: time.Now().UTC()})
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt(append(text, '\n'), 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return func() { _ = f.Truncate(0); f.Close() }, nil
}

func readHolder(f *os.File) (h holder) {
	text := make([]byte, 4096)
	n, err := f.ReadAt(text, 0)
	if err == nil || errors.Is(err, io.EOF) {
		_ = json.Unmarshal(text[:n], &h)
	}
	return h
}
