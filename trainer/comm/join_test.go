package comm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var testToken = []byte("a token of some length")

// freePort is an address on loopback that nothing listens on just now.
func freePort(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// socketDir is a directory whose path is short enough for sockets.
func socketDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "comm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// joinAll lets n ranks meet; change may make one different.
func joinAll(network, address string, n int, change func(w *World)) ([]Comm, []error) {
	comms, errs := make([]Comm, n), make([]error, n)
	var wg sync.WaitGroup
	for r := range n {
		wg.Go(func() {
			w := World{Rank: r, Size: n, Network: network, Address: address, Token: testToken, Version: "v1",
				Config: []byte("config"), Wait: 20 * time.Second}
			if change != nil {
				change(&w)
			}
			comms[r], errs[r] = Join(context.Background(), w)
		})
	}
	wg.Wait()
	return comms, errs
}

func mustJoin(t testing.TB, network string, n int, change func(w *World)) []Comm {
	t.Helper()
	address := socketDir(t)
	if network == "tcp" {
		address = freePort(t)
	}
	comms, errs := joinAll(network, address, n, change)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return comms
}

func TestConformance(t *testing.T) {
	t.Run("local", func(t *testing.T) {
		conform(t, func(_ *testing.T, n int) []Comm { return Local(n, Limits{}) })
	})
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			conform(t, func(t *testing.T, n int) []Comm { return mustJoin(t, network, n, nil) })
		})
	}
}

func TestSumsAreTheSameBits(t *testing.T) {
	for _, n := range []int{2, 3, 4} {
		local, unix := sameBits(t, Local(n, Limits{})), sameBits(t, mustJoin(t, "unix", n, nil))
		if !slices.Equal(local, unix) {
			t.Errorf("%d ranks: sockets add otherwise than memory", n)
		}
	}
}

// A rank that is gone, mute or has given up ends the operation of all others,
// and the error names it.
func TestLostRanks(t *testing.T) {
	impatient := func(w *World) { w.Limits = Limits{Silence: 400 * time.Millisecond, Stall: time.Minute} }
	worlds := map[string]func(t *testing.T) []Comm{
		"local": func(t *testing.T) []Comm { return Local(3, Limits{Stall: 400 * time.Millisecond}) },
		"unix":  func(t *testing.T) []Comm { return mustJoin(t, "unix", 3, impatient) },
		"tcp":   func(t *testing.T) []Comm { return mustJoin(t, "tcp", 3, impatient) },
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
	comms := mustJoin(t, "unix", 2, func(w *World) { w.Limits = Limits{Silence: 200 * time.Millisecond, Stall: time.Minute} })
	errs := together(comms, func(c Comm) error {
		if c.Rank() == 1 {
			time.Sleep(time.Second)
		}
		return exchangeSizes(c, func(from, _ int) int { return (1 - from) * (8 << 20) })
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestStalledRank(t *testing.T) {
	comms := mustJoin(t, "unix", 2, func(w *World) { w.Limits = Limits{Silence: 200 * time.Millisecond, Stall: 500 * time.Millisecond} })
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

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(w *World)
		want   error
		both   bool // the rank that refuses gives up too: nobody else can take that place
	}{
		{"another token", func(w *World) { w.Token = []byte("another token altogether") }, ErrToken, false},
		{"another build", func(w *World) { w.Version = "v2" }, ErrVersion, true},
		{"another config", func(w *World) { w.Config = []byte("other") }, ErrConfig, true},
		{"another size", func(w *World) { w.Size = 3 }, ErrConfig, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, errs := joinAll("tcp", freePort(t), 2, func(w *World) {
				w.Wait = 700 * time.Millisecond
				if w.Rank == 1 {
					c.change(w)
				}
			})
			if !errors.Is(errs[1], c.want) {
				t.Errorf("the refused rank: %v", errs[1])
			}
			if c.both && !errors.Is(errs[0], c.want) {
				t.Errorf("the other rank: %v", errs[0])
			}
			if !c.both && (!errors.Is(errs[0], ErrJoin) || !errors.Is(errs[0], c.want)) {
				t.Errorf("the other rank: %v, want that rank 1 is missing, and what was refused", errs[0])
			}
		})
	}
}

// Strangers on the port neither join nor keep the ranks from joining.
func TestStrangers(t *testing.T) {
	address := freePort(t)
	stop := make(chan struct{})
	var strangers sync.WaitGroup
	for _, say := range []string{"", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", magic, magic + "\x02\x00\x00\x00" + strings.Repeat("n", nonceBytes),
		magic + "\x01\x00\x00\x00" + strings.Repeat("n", nonceBytes) + strings.Repeat("\xff", proofBytes)} {
		strangers.Go(func() {
			conn := dialUntil(address, stop)
			if conn == nil {
				return
			}
			defer conn.Close()
			io.WriteString(conn, say)
			<-stop
		})
	}
	var log lockedBuffer
	comms, errs := joinAll("tcp", address, 3, func(w *World) {
		w.Log = slog.New(slog.NewTextHandler(&log, nil))
		if w.Rank > 0 {
			time.Sleep(300 * time.Millisecond)
		}
	})
	close(stop)
	strangers.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	if err := errors.Join(together(comms, Comm.Barrier)...); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "refused") {
		t.Errorf("no stranger was refused: %s", log.String())
	}
}

func dialUntil(address string, stop chan struct{}) net.Conn {
	for {
		if conn, err := net.Dial("tcp", address); err == nil {
			return conn
		}
		select {
		case <-stop:
			return nil
		case <-time.After(5 * time.Millisecond):
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// The token is never among the bytes that a rank sends, and what it sends
// before the other proved itself has a fixed length.
func TestTokenIsNotSent(t *testing.T) {
	address := freePort(t)
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		_, _ = Join(context.Background(), World{Rank: 1, Size: 2, Network: "tcp", Address: address, Token: testToken, Wait: time.Second})
	}()
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, magic+"\x01\x00\x00\x00"+strings.Repeat("n", nonceBytes))
	conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	said, _ := io.ReadAll(conn)
	if len(said) != helloBytes+proofBytes {
		t.Errorf("a rank says %d bytes to a stranger, want %d", len(said), helloBytes+proofBytes)
	}
	if bytes.Contains(said, testToken) {
		t.Error("the token is among them")
	}
}

// An answer that only reflects what the rank said is no proof.
func TestReflectionIsRefused(t *testing.T) {
	address := freePort(t)
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		hello := make([]byte, helloBytes)
		io.ReadFull(conn, hello)
		conn.Write(hello)
		proof := make([]byte, proofBytes)
		io.ReadFull(conn, proof)
		conn.Write(append([]byte{byte(verdictWelcome)}, proof...))
	}()
	_, err = Join(context.Background(), World{Rank: 1, Size: 2, Network: "tcp", Address: address, Token: testToken, Wait: time.Second})
	if !errors.Is(err, ErrToken) {
		t.Fatalf("%v, want that the other does not know the token", err)
	}
}

func TestMissingRanksAreNamed(t *testing.T) {
	_, err := Join(context.Background(), World{Rank: 0, Size: 4, Network: "unix", Address: socketDir(t), Token: testToken, Wait: 100 * time.Millisecond})
	if !errors.Is(err, ErrJoin) || !strings.Contains(err.Error(), "1, 2, 3") {
		t.Fatal(err)
	}
}

func TestWorldIsValidated(t *testing.T) {
	_, err := Join(context.Background(), World{Rank: 2, Size: 2, Network: "ipx", Token: []byte("short")})
	for _, want := range []string{"rank 2 of 2", "ipx", "no address", "5 bytes"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not mention %q", err, want)
		}
	}
}

func FuzzDecodeHeader(f *testing.F) {
	h := header{kindData, call{opAllReduce, 1, 7}, 99}.encode()
	f.Add(h[:])
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) != headerBytes {
			return
		}
		h, err := decodeHeader([headerBytes]byte(b))
		if err != nil {
			return
		}
		if h.size < 0 || h.size > maxFrame {
			t.Fatalf("a frame of %d bytes passed", h.size)
		}
		again, err := decodeHeader(h.encode())
		if err != nil || again != h {
			t.Fatalf("%+v came back as %+v: %v", h, again, err)
		}
	})
}
