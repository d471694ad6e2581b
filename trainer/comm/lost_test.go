package comm

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A rank that is gone, mute or has given up ends the operation of all others,
// and the error names it.
func TestLostRanks(t *testing.T) {
	impatient := func(w *World) { w.Limits = Limits{Silence: time.Second, Stall: time.Minute} }
	worlds := map[string]func(t *testing.T) []Comm{
		"local": func(t *testing.T) []Comm { return Local(3, Limits{Stall: time.Second}) },
		"unix":  func(t *testing.T) []Comm { return mustJoin(t, "unix", 3, impatient) },
		"tcp":   func(t *testing.T) []Comm { return mustJoin(t, "tcp", 3, impatient) },
		"framed": func(t *testing.T) []Comm {
			return mustJoin(t, "unix", 3, func(w *World) { impatient(w); w.Framed = true })
		},
	}
	losses := []struct {
		name  string
		lose  func(c Comm)
		cause error
		local bool // can happen to ranks of one process
	}{
		{"gives up", func(c Comm) { c.Abort(errors.New("out of luck")) }, ErrAborted, true},
		{"leaves", func(c Comm) { c.Close() }, ErrLeft, true},
		{"dies", kill, nil, false},
		{"falls silent", silence, ErrSilent, false},
	}
	for name, world := range worlds {
		for _, loss := range losses {
			if name == "local" && !loss.local {
				continue
			}
			t.Run(name+"/"+loss.name, func(t *testing.T) {
				errs := together(world(t), func(c Comm) error {
					if err := c.Barrier(); err != nil {
						return fmt.Errorf("first barrier: %w", err)
					}
					if c.Rank() == 1 {
						loss.lose(c)
						return nil
					}
					x := make([]float64, 100_000)
					err := AllReduce(c, x)
					if again := AllReduce(c, x); !errors.Is(again, err) {
						return fmt.Errorf("the second call says %v, the first %v", again, err)
					}
					return err
				})
				for _, r := range []int{0, 2} {
					var lost *RankError
					if !errors.As(errs[r], &lost) || lost.Rank != 1 {
						t.Errorf("rank %d: %v, want an error that names rank 1", r, errs[r])
					}
				}
				// The first to notice tells the other, whose cause is then its word.
				if loss.cause != nil && !errors.Is(errs[0], loss.cause) && !errors.Is(errs[2], loss.cause) {
					t.Errorf("causes are %v and %v, want %v", errs[0], errs[2], loss.cause)
				}
				if loss.name == "gives up" && !strings.Contains(errs[0].Error(), "out of luck") {
					t.Errorf("%v does not say why", errs[0])
				}
			})
		}
	}
}

// kill closes every connection as the end of a process does.
func kill(c Comm) {
	for _, l := range c.(*mesh).links {
		if l != nil {
			l.(*socketLink).conn.Close()
		}
	}
}

// silence stops the signs of life and sends nothing, as a stopped process does.
func silence(c Comm) {
	for _, l := range c.(*mesh).links {
		if s, ok := l.(*socketLink); ok {
			s.mu.Lock()
			s.stop.Stop()
			s.mu.Unlock()
		}
	}
}

// A rank that computes for long gives signs of life and is waited for.
func TestSlowRankIsWaitedFor(t *testing.T) {
	comms := mustJoin(t, "unix", 2, func(w *World) { w.Limits = Limits{Silence: time.Second, Stall: time.Minute} })
	errs := together(comms, func(c Comm) error {
		if c.Rank() == 1 {
			time.Sleep(3 * time.Second)
		}
		return exchangeSizes(c, func(from, _ int) int { return (1 - from) * (8 << 20) })
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestStalledRank(t *testing.T) {
	comms := mustJoin(t, "unix", 2, func(w *World) { w.Limits = Limits{Silence: time.Second, Stall: 500 * time.Millisecond} })
	err := comms[0].Barrier()
	var lost *RankError
	if !errors.As(err, &lost) || lost.Rank != 1 || !errors.Is(err, ErrStalled) {
		t.Fatalf("%v, want that rank 1 stalled", err)
	}
	if err := comms[1].Barrier(); !errors.Is(err, ErrAborted) {
		t.Fatalf("%v, want that rank 0 gave up", err)
	}
}

// Ranks that disagree get an error and no numbers.
func TestMismatch(t *testing.T) {
	for name, run := range map[string]func(c Comm) error{
		"operations": func(c Comm) error {
			if c.Rank() == 0 {
				return c.Barrier()
			}
			return AllReduce(c, make([]float64, 4))
		},
		"sizes": func(c Comm) error {
			err := AllReduce(c, make([]float64, 10+10*c.Rank()))
			return errors.Join(err, c.Barrier())
		},
		"sizes of large messages": func(c Comm) error {
			err := AllReduce(c, make([]float64, (1+c.Rank())<<18))
			return errors.Join(err, c.Barrier())
		},
	} {
		for kind, comms := range map[string][]Comm{"local": Local(2, Limits{Stall: time.Second}), "unix": mustJoin(t, "unix", 2, nil)} {
			errs := together(comms, run)
			if !errors.Is(errs[0], ErrMismatch) && !errors.Is(errs[1], ErrMismatch) {
				t.Errorf("%s over %s: %v and %v", name, kind, errs[0], errs[1])
			}
			if errs[0] == nil || errs[1] == nil {
				t.Errorf("%s over %s: a rank went on: %v and %v", name, kind, errs[0], errs[1])
			}
		}
	}
}
