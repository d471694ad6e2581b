package comm

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Limits of a world and of its token.
const (
	MaxRanks      = 4096
	MinTokenBytes = 16
	maxAddress    = 256
)

// maxGreetings bounds the handshakes that go on side by side.
const maxGreetings = 64

// A World says which ranks meet, and where.
type World struct {
	Rank, Size int

	// Network is "tcp" or "unix".
	Network string
	// Address is where rank 0 listens: host:port, or for Unix sockets a
	// directory that only its owner can enter, whose path is short (a socket's
	// is at most about 100 bytes).
	Address string
	// Advertise is the host:port under which others reach this rank where
	// that is not where it listens. Other ranks than 0 listen, on a free port,
	// on the address from which they reach rank 0: on loopback where rank 0 is.
	Advertise string

	Token   []byte // shared secret, at least MinTokenBytes
	Version string // ranks of another build are refused
	Config  []byte // ranks whose config differs are refused; any length

	// Framed sends everything through the socket, also between ranks that could
	// read each other's memory.
	Framed bool

	// Wait is how long ranks may take to come; default 1 min.
	Wait time.Duration
	Limits
	Log *slog.Logger // refused strangers; nil: silent
}

// Join meets the other ranks and returns when all are connected. The error
// names the ranks that are missing, or what was refused.
func Join(ctx context.Context, w World) (Comm, error) {
	if err := w.validate(); err != nil {
		return nil, err
	}
	if w.Wait <= 0 {
		w.Wait = time.Minute
	}
	if w.Log == nil {
		w.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithTimeout(ctx, w.Wait)
	defer cancel()
	j := &joining{World: w, taken: make([]bool, w.Size), links: make([]*socketLink, w.Size), greeter: greeter{token: w.Token, self: identity{
		rank: uint32(w.Rank), size: uint32(w.Size), version: sha256.Sum256([]byte(w.Version)), config: sha256.Sum256(w.Config)}}}
	err := j.meet(ctx)
	if err == nil && !w.Framed {
		err = agreeToLend(j.links)
	}
	if err != nil {
		j.abandon(err)
		return nil, fmt.Errorf("rank %d of %d: %w", w.Rank, w.Size, err)
	}
	links := make([]link, w.Size)
	for r, l := range j.links {
		if l != nil {
			links[r] = l
		}
	}
	return newMesh(w.Rank, links), nil
}

func (w *World) validate() error {
	var errs []error
	if w.Size < 1 || w.Size > MaxRanks || w.Rank < 0 || w.Rank >= w.Size {
		errs = append(errs, fmt.Errorf("comm: rank %d of %d: want 0 to size-1, at most %d ranks", w.Rank, w.Size, MaxRanks))
	}
	if w.Network != "tcp" && w.Network != "unix" {
		errs = append(errs, fmt.Errorf("comm: network %q, want tcp or unix", w.Network))
	}
	if w.Address == "" {
		errs = append(errs, errors.New("comm: no address to meet at"))
	}
	if len(w.Token) < MinTokenBytes {
		errs = append(errs, fmt.Errorf("comm: the shared token has %d bytes, at least %d are wanted", len(w.Token), MinTokenBytes))
	}
	return errors.Join(errs...)
}

// joining is a rank on its way into the world.
type joining struct {
	World
	greeter

	mu    sync.Mutex
	taken []bool // by rank: one said that it is this rank
	links []*socketLink
}

// abandon tells those who are here already.
func (j *joining) abandon(cause error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, l := range j.links {
		if l != nil {
			l.abort(j.Rank, cause)
		}
	}
}

// meet connects every pair: a rank dials those below it and is dialed by
// those above. Rank 0, whose address all know, tells the others' addresses.
func (j *joining) meet(ctx context.Context) error {
	if j.Size == 1 {
		return nil
	}
	if j.Rank == 0 {
		ln, err := j.listen(j.Address)
		if err != nil {
			return err
		}
		defer ln.Close()
		if err := j.acceptAll(ctx, ln); err != nil {
			return err
		}
		return j.tellAddresses()
	}
	first, err := j.dial(ctx, 0, j.address(j.Address, 0))
	if err != nil {
		return err
	}
	host, _, _ := net.SplitHostPort(first.conn.LocalAddr().String())
	ln, err := j.listen(net.JoinHostPort(host, "0"))
	if err != nil {
		return err
	}
	defer ln.Close()
	addresses, err := j.learnAddresses(first, ln.Addr().String())
	if err != nil {
		return err
	}
	accepted := make(chan error, 1)
	go func() { accepted <- j.acceptAll(ctx, ln) }()
	for r := 1; r < j.Rank; r++ {
		if _, err := j.dial(ctx, r, addresses[r]); err != nil {
			return err
		}
	}
	return <-accepted
}

// address is where a rank listens that was not told otherwise.
func (j *joining) address(told string, rank int) string {
	if j.Network == "unix" {
		return filepath.Join(j.Address, fmt.Sprintf("rank-%d.sock", rank))
	}
	return told
}

func (j *joining) listen(at string) (net.Listener, error) {
	at = j.address(at, j.Rank)
	if j.Network == "unix" {
		if err := os.Remove(at); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("comm: %w", err)
		}
	}
	ln, err := net.Listen(j.Network, at)
	if err != nil {
		return nil, fmt.Errorf("comm: %w", err)
	}
	return ln, nil
}

// dial tries until the other listens. A refusal is final.
func (j *joining) dial(ctx context.Context, rank int, at string) (*socketLink, error) {
	var d net.Dialer
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		conn, err := d.DialContext(ctx, j.Network, at)
		if err == nil {
			if err = j.introduce(conn, rank); err == nil {
				return j.keep(rank, conn), nil
			}
			conn.Close()
			for _, final := range []error{ErrToken, ErrVersion, ErrConfig, ErrStranger} {
				if errors.Is(err, final) {
					return nil, fmt.Errorf("rank %d at %s: %w", rank, at, err)
				}
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: rank %d at %s: %w", ErrJoin, rank, at, err)
		case <-time.After(pause):
		}
	}
}

func (j *joining) introduce(conn net.Conn, want int) error {
	other, err := j.greeter.dial(conn)
	if err != nil {
		return err
	}
	if int(other.rank) != want {
		return fmt.Errorf("%w: rank %d answers where rank %d should", ErrConfig, other.rank, want)
	}
	return j.take(other)
}

// take gives a rank's place to who asks first.
func (j *joining) take(id identity) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.taken[id.rank] {
		return fmt.Errorf("%w: rank %d is here already", ErrConfig, id.rank)
	}
	j.taken[id.rank] = true
	return nil
}

func (j *joining) keep(rank int, conn net.Conn) *socketLink {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.links[rank] = newSocketLink(conn, j.Limits)
	return j.links[rank]
}

// acceptAll waits for every rank above this one. Strangers are refused and
// forgotten; a rank that knows the token and was started for another build or
// config ends the run, since it would be missing.
func (j *joining) acceptAll(ctx context.Context, ln net.Listener) error {
	missing := j.Size - 1 - j.Rank
	if missing == 0 {
		return nil
	}
	results, room := make(chan error), make(chan struct{}, maxGreetings)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(ctx, func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			room <- struct{}{}
			go func() {
				defer func() { <-room }()
				select {
				case results <- j.greet(conn):
				case <-ctx.Done():
				}
			}()
		}
	}()
	var refused error
	for missing > 0 {
		select {
		case err := <-results:
			switch {
			case err == nil:
				missing--
			case !errors.Is(err, ErrStranger) && (errors.Is(err, ErrConfig) || errors.Is(err, ErrVersion)):
				return err
			default:
				refused = err
				j.Log.Warn("a connection was refused", "cause", err)
			}
		case <-ctx.Done():
			return j.late(ctx, refused)
		}
	}
	return nil
}

// greet shakes hands with a connection and keeps or closes it.
func (j *joining) greet(conn net.Conn) error {
	took := false
	id, err := j.greeter.accept(conn, func(id identity) error {
		if int(id.rank) < j.Rank {
			return fmt.Errorf("%w: rank %d dials rank %d", ErrConfig, id.rank, j.Rank)
		}
		err := j.take(id)
		took = err == nil
		return err
	})
	if err == nil {
		j.keep(int(id.rank), conn)
		return nil
	}
	conn.Close()
	if took { // it may try again
		j.mu.Lock()
		defer j.mu.Unlock()
		j.taken[id.rank] = false
	}
	return err
}

func (j *joining) late(ctx context.Context, refused error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var names []string
	for r := j.Rank + 1; r < j.Size; r++ {
		if j.links[r] == nil {
			names = append(names, fmt.Sprint(r))
		}
	}
	err := fmt.Errorf("%w: %s did not come within %v", ErrJoin, strings.Join(names, ", "), j.Wait)
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = ctx.Err()
	}
	return errors.Join(err, refused)
}

// tellAddresses collects where the others listen and sends the list to all.
func (j *joining) tellAddresses() error {
	addresses := make([]byte, j.Size*maxAddress)
	for r := 1; r < j.Size; r++ {
		if err := j.links[r].recv(call{op: opAddress}, addresses[r*maxAddress:(r+1)*maxAddress]); err != nil {
			return &RankError{r, opAddress.String(), err}
		}
	}
	for _, l := range j.links[1:] {
		l.send(call{op: opAddress}, addresses)
	}
	for r, l := range j.links[1:] {
		if err := l.flush(); err != nil {
			return &RankError{r + 1, opAddress.String(), err}
		}
	}
	return nil
}

func (j *joining) learnAddresses(first *socketLink, own string) ([]string, error) {
	if j.Network == "unix" {
		own = ""
	} else if j.Advertise != "" {
		own = j.Advertise
	}
	if len(own) > maxAddress {
		return nil, fmt.Errorf("comm: the address %q has %d bytes, at most %d", own, len(own), maxAddress)
	}
	mine, all := make([]byte, maxAddress), make([]byte, j.Size*maxAddress)
	copy(mine, own)
	first.send(call{op: opAddress}, mine)
	err := first.flush()
	if err == nil {
		err = first.recv(call{op: opAddress}, all)
	}
	if err != nil {
		return nil, &RankError{0, opAddress.String(), err}
	}
	list := make([]string, j.Size)
	for r := range list {
		list[r] = j.address(strings.TrimRight(string(all[r*maxAddress:(r+1)*maxAddress]), "\x00"), r)
	}
	return list, nil
}
