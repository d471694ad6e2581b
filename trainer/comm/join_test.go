package comm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
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

// listen stands in for rank 0.
func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln, ln.Addr().String()
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
		t.Run(network+" framed", func(t *testing.T) {
			conform(t, func(t *testing.T, n int) []Comm { return mustJoin(t, network, n, framed) })
		})
	}
}

// framed is a world whose ranks see nothing of each other's memory.
func framed(w *World) { w.Framed = true }

// Ranks of one machine find out that they can read each other.
func TestNeighboursLend(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("on Linux only")
	}
	for _, change := range []func(*World){nil, framed} {
		for _, c := range mustJoin(t, "tcp", 3, change) {
			for _, l := range c.(*mesh).links {
				if s, ok := l.(*socketLink); ok && (s.lends != (change == nil) || (s.peer != 0) != (change == nil)) {
					t.Errorf("rank %d: lends %v, reads process %d", c.Rank(), s.lends, s.peer)
				}
			}
		}
	}
}

// A rank that names another process than its own, or an address where the
// number it was given does not lie, is not read from.
func TestMemoryIsProven(t *testing.T) {
	x := []byte("0123456789abcdef")
	found := make([]byte, len(x))
	if err := readMemory(os.Getpid(), addressOf(x), found); err != nil {
		t.Skip("this process cannot read itself: ", err)
	}
	if !bytes.Equal(found, x) {
		t.Fatalf("%q", found)
	}
	if err := readMemory(os.Getpid(), 1, found); err == nil {
		t.Error("address 1 was read")
	}
	if err := readMemory(-1, addressOf(x), found); err == nil {
		t.Error("a process that is none was read")
	}
}

func TestSumsAreTheSameBits(t *testing.T) {
	for _, n := range []int{2, 3, 4} {
		local, unix := sameBits(t, Local(n, Limits{})), sameBits(t, mustJoin(t, "unix", n, nil))
		if !slices.Equal(local, unix) || !slices.Equal(local, sameBits(t, mustJoin(t, "unix", n, framed))) {
			t.Errorf("%d ranks: sockets add otherwise than memory", n)
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
	ln, address := listen(t)
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
	ln, address := listen(t)
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
	_, err := Join(context.Background(), World{Rank: 1, Size: 2, Network: "tcp", Address: address, Token: testToken, Wait: time.Second})
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
