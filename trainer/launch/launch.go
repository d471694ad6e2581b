package launch

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/swerm/swerm/trainer/comm"
)

// DefaultGrace is how long ranks have to end by themselves after one of them
// failed: long enough to hear of it from each other.
const DefaultGrace = 8 * time.Second

// envPipe marks a rank that a launcher started; its value is the descriptor of
// the pipe.
const envPipe = "SWERM_LAUNCHER_PIPE"

// A Spec says what to run.
type Spec struct {
	Command  []string
	Ranks    int
	Restarts int // how often a failed run is started again
	// Final are exit codes after which a run is not started again: mistakes of
	// the command line, which another start would repeat.
	Final []int
	// Told are exit codes of ranks that only end because another one did. Such
	// a rank is not the one to name.
	Told []int

	Grace  time.Duration // 0: DefaultGrace
	Stdout io.Writer     // of rank 0; the others have none
	Stderr io.Writer     // of all, lines of other ranks than 0 named
	Log    *slog.Logger
}

// An ExitError is the end of a run that failed.
type ExitError struct {
	Rank int // the first to fail
	Code int // its exit code; -1: killed by a signal
	Err  error
}

// Error names the rank.
func (e *ExitError) Error() string { return fmt.Sprintf("rank %d: %v", e.Rank, e.Err) }

// Unwrap gives the cause.
func (e *ExitError) Unwrap() error { return e.Err }

// Run runs the ranks to their end. When ctx ends they are interrupted once and
// awaited. The error of a failed run is an [ExitError].
func Run(ctx context.Context, s Spec) error {
	if s.Grace <= 0 {
		s.Grace = DefaultGrace
	}
	for attempt := 0; ; attempt++ {
		err := s.once(ctx)
		var failed *ExitError
		if err == nil || ctx.Err() != nil || !errors.As(err, &failed) || attempt >= s.Restarts {
			return err
		}
		if slices.Contains(s.Final, failed.Code) {
			return err
		}
		s.Log.Warn("a rank failed; starting again", "rank", failed.Rank, "cause", failed.Err, "restart", attempt+1, "of", s.Restarts)
	}
}

// once starts every rank and waits for all.
func (s *Spec) once(ctx context.Context) error {
	dir, err := meetingPlace()
	if err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	defer os.RemoveAll(dir) // with what killed ranks left there
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	r := &ranks{spec: s, ends: make(chan end, s.Ranks)}
	defer r.release()
	for rank := range s.Ranks {
		err := r.start(rank, append(os.Environ(), "TMPDIR="+dir, comm.EnvComm+"=unix:"+dir, comm.EnvToken+"="+hex.EncodeToString(secret),
			"RANK="+strconv.Itoa(rank), "LOCAL_RANK="+strconv.Itoa(rank),
			"WORLD_SIZE="+strconv.Itoa(s.Ranks), "LOCAL_WORLD_SIZE="+strconv.Itoa(s.Ranks)))
		if err != nil {
			r.kill()
			_ = r.wait(ctx)
			return fmt.Errorf("launch: rank %d: %w", rank, err)
		}
	}
	return r.wait(ctx)
}

// maxPlace bounds the path of the directory for sockets: theirs has some 100
// bytes on every system.
const maxPlace = 80

// meetingPlace makes a directory that only its owner can enter, for the ranks'
// sockets and their scratch files.
func meetingPlace() (string, error) {
	parent := os.TempDir()
	if len(parent) > maxPlace-len("/swerm-ranks-0123456789") {
		parent = "/tmp"
	}
	return os.MkdirTemp(parent, "swerm-ranks-")
}

// ranks are the processes of one attempt.
type ranks struct {
	spec   *Spec
	cmds   []*exec.Cmd
	pipes  []*os.File // our ends; a rank leaves when its own is closed
	ends   chan end
	copies sync.WaitGroup
	mu     sync.Mutex // of the outputs
}

type end struct {
	rank int
	err  error
}

func (r *ranks) start(rank int, env []string) error {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirs.Close()
	r.pipes = append(r.pipes, ours)
	cmd := exec.Command(r.spec.Command[0], r.spec.Command[1:]...)
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Env = append(env, envPipe+"=3")
	cmd.Stderr = r.stderr()
	if rank == 0 {
		cmd.Stdout = r.spec.Stdout
	} else if cmd.Stderr, err = r.named(rank); err != nil {
		return err
	}
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	if w, ok := cmd.Stderr.(*os.File); ok && rank > 0 {
		w.Close()
	}
	r.cmds = append(r.cmds, cmd)
	go func() { r.ends <- end{rank, cmd.Wait()} }()
	return nil
}

// stderr is that of rank 0: a file goes to the process itself, which may ask
// whether it is a terminal.
func (r *ranks) stderr() io.Writer {
	if f, ok := r.spec.Stderr.(*os.File); ok {
		return f
	}
	return shared{r}
}

// shared writes to the stderr that several ranks have.
type shared struct{ *ranks }

func (s shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spec.Stderr.Write(p)
}

// named returns a file whose lines come out under the rank's name.
func (r *ranks) named(rank int) (*os.File, error) {
	in, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	r.copies.Go(func() {
		defer in.Close()
		lines := bufio.NewReaderSize(in, 64<<10)
		for {
			line, err := lines.ReadSlice('\n')
			if len(line) > 0 {
				fmt.Fprintf(shared{r}, "rank %d: %s", rank, line)
			}
			if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
				return
			}
		}
	})
	return out, nil
}

// wait returns when every rank has ended.
func (r *ranks) wait(ctx context.Context) error {
	var failed *ExitError
	var grace <-chan time.Time
	interrupted := ctx.Done()
	for left := len(r.cmds); left > 0; {
		select {
		case e := <-r.ends:
			left--
			if e.err == nil {
				continue
			}
			if failed == nil {
				grace = time.After(r.spec.Grace)
			}
			code := r.cmds[e.rank].ProcessState.ExitCode()
			if failed == nil || slices.Contains(r.spec.Told, failed.Code) && !slices.Contains(r.spec.Told, code) {
				failed = &ExitError{Rank: e.rank, Code: code, Err: e.err}
			}
		case <-interrupted:
			interrupted = nil
			for _, cmd := range r.cmds {
				_ = cmd.Process.Signal(os.Interrupt)
			}
		case <-grace:
			r.kill()
		}
	}
	r.copies.Wait()
	if failed == nil {
		return nil
	}
	return failed
}

func (r *ranks) kill() {
	for _, cmd := range r.cmds {
		_ = cmd.Process.Kill()
	}
}

func (r *ranks) release() {
	for _, p := range r.pipes {
		p.Close()
	}
}

// WithLauncher ends this process when the launcher that started it is gone.
// Without a launcher it does nothing.
func WithLauncher() {
	fd, err := strconv.Atoi(os.Getenv(envPipe))
	if err != nil {
		return
	}
	pipe := os.NewFile(uintptr(fd), "launcher")
	go func() {
		_, _ = io.Copy(io.Discard, pipe)
		fmt.Fprintln(os.Stderr, "swerm: the launcher is gone")
		os.Exit(1)
	}()
}
