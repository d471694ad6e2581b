package trainer

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swerm/swerm/trainer/comm"
)

// A proxy stands between rank 0 and the others and makes the network bad.
type proxy struct {
	ln    net.Listener
	to    string
	delay time.Duration

	stalled atomic.Bool
	mu      sync.Mutex
	conns   []*net.TCPConn
}

func newProxy(t *testing.T, to string, delay time.Duration) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{ln: ln, to: to, delay: delay}
	t.Cleanup(func() { ln.Close(); p.reset() })
	go p.serve()
	return p
}

func (p *proxy) serve() {
	for {
		in, err := p.ln.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil { // rank 0 is not there yet
			in.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, in.(*net.TCPConn), out.(*net.TCPConn))
		p.mu.Unlock()
		go p.pipe(in, out)
		go p.pipe(out, in)
	}
}

// pipe carries one direction: every piece comes late by the delay, in order.
func (p *proxy) pipe(from, to net.Conn) {
	type piece struct {
		data []byte
		due  time.Time
	}
	queue := make(chan piece, 1<<10)
	go func() {
		defer close(queue)
		for {
			data := make([]byte, 64<<10)
			n, err := from.Read(data)
			if n > 0 {
				queue <- piece{data[:n], time.Now().Add(p.delay)}
			}
			if err != nil {
				return
			}
		}
	}()
	for item := range queue {
		time.Sleep(time.Until(item.due))
		for p.stalled.Load() {
			time.Sleep(time.Millisecond)
		}
		if _, err := to.Write(item.data); err != nil {
			break
		}
	}
	if c, ok := to.(*net.TCPConn); ok {
		c.CloseWrite()
	}
}

// reset breaks every connection at once.
func (p *proxy) reset() {
	p.stalled.Store(false)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.SetLinger(0)
		c.Close()
	}
}

// proxiedWorld is three ranks that reach rank 0 through a proxy, with all bytes,
// as from other machines.
func proxiedWorld(t *testing.T, delay time.Duration, limits comm.Limits) ([]comm.Comm, *proxy) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ln.Close()
	p := newProxy(t, address, delay)
	comms := make([]comm.Comm, 3)
	err = eachRank(len(comms), func(r int) (err error) {
		w := comm.World{Rank: r, Size: len(comms), Network: "tcp", Address: address, Token: []byte("the token of this test"), Limits: limits, Framed: true}
		if r > 0 {
			w.Address = p.ln.Addr().String()
		}
		comms[r], err = comm.Join(context.Background(), w)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return comms, p
}

// A slow network changes nothing but time.
func TestSlowNetwork(t *testing.T) {
	notUnderRace(t)
	c := layoutCase(func(c *Config) { c.Steps, c.Eval.Every = 3, 0 })
	want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
	world, _ := proxiedWorld(t, 20*time.Millisecond, comm.Limits{})
	if far := trainOn(t, c, world, 3, t.TempDir()).distance(t, want); !(far <= layoutBound) {
		t.Errorf("off by %v", far)
	}
}

// A network that stalls or breaks ends every rank, with the name of one that
// it lost.
func TestBrokenNetwork(t *testing.T) {
	for name, spoil := range map[string]func(p *proxy){
		"stalls": func(p *proxy) { p.stalled.Store(true) },
		"resets": (*proxy).reset,
	} {
		t.Run(name, func(t *testing.T) {
			c := layoutCase(nil)
			world, p := proxiedWorld(t, 0, comm.Limits{Silence: time.Second, Stall: time.Minute})
			_, errs := runEach(t, c, world, 3, t.TempDir(), func(r int, tr *training) context.Context {
				if r == 0 {
					tr.progress = &killer{5, func() { spoil(p) }}
				}
				return context.Background()
			})
			for r, err := range errs {
				var lost *comm.RankError
				if !errors.As(err, &lost) || lost.Rank == r {
					t.Errorf("rank %d: %v", r, err)
				}
			}
		})
	}
}
