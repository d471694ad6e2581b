package plugin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/swerm/swerm/internal/term"
)

const (
	// maxAnswerBytes bounds a line that a program writes.
	maxAnswerBytes = 128 << 20
	// maxNoticeBytes bounds a line of its standard error that is shown.
	maxNoticeBytes = 4 << 10
	// graceTime is how long a program may take to end once its input has.
	graceTime = 5 * time.Second
)

// Errors of a program. All of them end its process.
var (
	ErrTimeout  = errors.New("no answer in time")
	ErrTooLong  = fmt.Errorf("an answer of more than %d bytes", maxAnswerBytes)
	ErrNonsense = errors.New("no answer to what was asked")
	ErrDied     = errors.New("ended without an answer")
)

// A process is one running program. It belongs to one goroutine at a time.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	asked int64 // n of the last question

	late atomic.Bool // it was ended for taking too long
}

func start(c *Command) (*process, error) {
	p := &process{cmd: exec.Command(c.Path, c.Args...)}
	p.cmd.Stderr = &notices{to: c.Stderr, name: c.Title()}
	p.cmd.WaitDelay = graceTime // for what it left behind with its standard error
	ownGroup(p.cmd)
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReaderSize(out, 64<<10)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	return p, nil
}

// ask writes a line and reads the line that answers it. After an error the process
// is of no use and has been ended.
func (p *process) ask(ctx context.Context, question []byte, limit time.Duration) ([]byte, error) {
	clock := time.AfterFunc(limit, func() {
		p.late.Store(true)
		p.kill()
	})
	defer clock.Stop()
	defer context.AfterFunc(ctx, p.kill)()
	written := make(chan error, 1)
	go func() { // it may answer before it has read all
		_, err := p.in.Write(question)
		written <- err
	}()
	answer, err := p.readLine()
	if err == nil {
		err = <-written
		if err == nil && p.out.Buffered() > 0 {
			err = fmt.Errorf("%w: more than one line", ErrNonsense)
		}
	}
	if err == nil {
		return answer, nil
	}
	p.kill()
	exit := p.cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case p.late.Load():
		return nil, fmt.Errorf("%w (%s)", ErrTimeout, limit)
	case errors.Is(err, ErrTooLong), errors.Is(err, ErrNonsense):
		return nil, err
	case exit != nil && !killed(exit):
		return nil, fmt.Errorf("%w: %w", ErrDied, exit)
	}
	return nil, ErrDied
}

func (p *process) readLine() ([]byte, error) {
	var line []byte
	for {
		piece, err := p.out.ReadSlice('\n')
		if len(line)+len(piece) > maxAnswerBytes {
			return nil, ErrTooLong
		}
		line = append(line, piece...)
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

func (p *process) kill() { killGroup(p.cmd) }

// close lets the program end by itself and ends it where it does not.
func (p *process) close() {
	_ = p.in.Close()
	clock := time.AfterFunc(graceTime, p.kill)
	defer clock.Stop()
	_, _ = io.Copy(io.Discard, io.LimitReader(p.out, maxAnswerBytes)) // Wait comes after all reading
	p.kill()                                                          // what it started and left behind
	_ = p.cmd.Wait()
}

// notices shows lines under a name.
type notices struct {
	to   io.Writer
	name string
	line []byte
}

func (n *notices) Write(b []byte) (int, error) {
	for _, c := range b {
		if c != '\n' {
			if len(n.line) < maxNoticeBytes {
				n.line = append(n.line, c)
			}
			continue
		}
		if n.to != nil {
			fmt.Fprintf(n.to, "%s: %s\n", term.Line(n.name), term.Line(string(n.line)))
		}
		n.line = n.line[:0]
	}
	return len(b), nil
}
