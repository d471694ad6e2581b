package comm

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// The handshake. Both sides first send a hello of fixed size: a magic word, the
// protocol's version and a fresh nonce. Then the dialing side says who it is,
// with an HMAC under the shared token over both nonces and all it said; the
// accepting side checks it and answers in kind, or with a verdict. The labels in
// the HMAC differ by side, so an answer cannot be reflected.
const (
	magic           = "swermCOM"
	protocolVersion = 1

	nonceBytes    = 32
	helloBytes    = len(magic) + 4 + nonceBytes
	identityBytes = 8 + 2*sha256.Size
	proofBytes    = identityBytes + sha256.Size
)

// handshakeTime bounds one handshake, so that a stranger who connects and says
// nothing holds no place for long.
const handshakeTime = 10 * time.Second

// identity is what both sides must agree on, but for the rank.
type identity struct {
	rank, size      uint32
	version, config [sha256.Size]byte
}

func (id identity) encode() []byte {
	b := binary.LittleEndian.AppendUint32(nil, id.rank)
	b = binary.LittleEndian.AppendUint32(b, id.size)
	b = append(b, id.version[:]...)
	return append(b, id.config[:]...)
}

func decodeIdentity(b []byte) (id identity) {
	id.rank, id.size = binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	copy(id.version[:], b[8:])
	copy(id.config[:], b[8+sha256.Size:])
	return id
}

// compatible names the first difference.
func (id identity) compatible(other identity) error {
	switch {
	case id.version != other.version:
		return fmt.Errorf("%w: rank %d is another build than rank %d", ErrVersion, other.rank, id.rank)
	case id.config != other.config:
		return fmt.Errorf("%w: rank %d was started with another config or other inputs than rank %d", ErrConfig, other.rank, id.rank)
	case id.size != other.size:
		return fmt.Errorf("%w: rank %d counts %d ranks, rank %d counts %d", ErrConfig, other.rank, other.size, id.rank, id.size)
	case other.rank >= other.size || other.rank == id.rank:
		return fmt.Errorf("%w: rank %d of %d meets rank %d", ErrConfig, other.rank, other.size, id.rank)
	}
	return nil
}

// verdict is the accepting side's answer, one byte.
type verdict uint8

const (
	verdictWelcome verdict = iota + 1
	verdictToken
	verdictVersion
	verdictConfig
	verdictTaken // that rank is here already
)

// errVerdict is what the dialing side makes of an answer.
func errVerdict(v verdict) error {
	switch v {
	case verdictWelcome:
		return nil
	case verdictToken:
		return ErrToken
	case verdictVersion:
		return ErrVersion
	case verdictConfig:
		return ErrConfig
	case verdictTaken:
		return fmt.Errorf("%w: a rank of this number is there already", ErrConfig)
	}
	return fmt.Errorf("%w: it answered %d", ErrStranger, v)
}

func verdictOf(err error) verdict {
	switch {
	case err == nil:
		return verdictWelcome
	case errors.Is(err, ErrVersion):
		return verdictVersion
	case errors.Is(err, ErrConfig):
		return verdictConfig
	}
	return verdictToken
}

// A greeter holds what a rank needs to shake hands.
type greeter struct {
	self  identity
	token []byte
}

// dial proves who this rank is and learns who answers.
func (g *greeter) dial(c net.Conn) (identity, error) {
	c.SetDeadline(time.Now().Add(handshakeTime))
	defer c.SetDeadline(time.Time{})
	ours, theirs, err := g.hello(c)
	if err != nil {
		return identity{}, err
	}
	if _, err := c.Write(g.prove("dial", ours, theirs)); err != nil {
		return identity{}, err
	}
	var v [1]byte
	if _, err := io.ReadFull(c, v[:]); err != nil {
		return identity{}, fmt.Errorf("no answer to the handshake: %w", err)
	}
	if err := errVerdict(verdict(v[0])); err != nil {
		return identity{}, err
	}
	other, err := g.check(c, "accept", theirs, ours)
	if err == nil {
		err = g.self.compatible(other)
	}
	return other, err
}

// accept learns who dials. admit has the last word; only a caller that proved
// that it knows the token gets that far.
func (g *greeter) accept(c net.Conn, admit func(identity) error) (identity, error) {
	c.SetDeadline(time.Now().Add(handshakeTime))
	defer c.SetDeadline(time.Time{})
	ours, theirs, err := g.hello(c)
	if err != nil {
		return identity{}, err
	}
	other, err := g.check(c, "dial", theirs, ours)
	if err == nil {
		if err = g.self.compatible(other); err == nil {
			err = admit(other)
		}
	}
	answer := []byte{byte(verdictOf(err))}
	if err == nil {
		answer = append(answer, g.prove("accept", ours, theirs)...)
	}
	if _, werr := c.Write(answer); err == nil {
		err = werr
	}
	return other, err
}

// hello exchanges nonces.
func (g *greeter) hello(c net.Conn) (ours, theirs []byte, err error) {
	ours = make([]byte, nonceBytes)
	if _, err := rand.Read(ours); err != nil {
		return nil, nil, err
	}
	b := append([]byte(magic), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[len(magic):], protocolVersion)
	if _, err := c.Write(append(b, ours...)); err != nil {
		return nil, nil, err
	}
	in := make([]byte, helloBytes)
	if _, err := io.ReadFull(c, in); err != nil {
		return nil, nil, fmt.Errorf("no hello: %w", err)
	}
	if string(in[:len(magic)]) != magic {
		return nil, nil, fmt.Errorf("%w: it says %q", ErrStranger, in[:len(magic)])
	}
	if v := binary.LittleEndian.Uint32(in[len(magic):]); v != protocolVersion {
		return nil, nil, fmt.Errorf("%w: %w: it speaks protocol %d, this rank %d", ErrStranger, ErrVersion, v, protocolVersion)
	}
	return ours, in[helloBytes-nonceBytes:], nil
}

// prove is this rank's identity, sealed.
func (g *greeter) prove(side string, ours, theirs []byte) []byte {
	id := g.self.encode()
	return append(id, g.seal(side, ours, theirs, id)...)
}

// check reads and verifies the other's.
func (g *greeter) check(c net.Conn, side string, theirs, ours []byte) (identity, error) {
	b := make([]byte, proofBytes)
	if _, err := io.ReadFull(c, b); err != nil {
		return identity{}, fmt.Errorf("no proof of identity: %w", err)
	}
	id, sealed := b[:identityBytes], b[identityBytes:]
	if !hmac.Equal(sealed, g.seal(side, theirs, ours, id)) {
		return identity{}, ErrToken
	}
	return decodeIdentity(id), nil
}

// seal is the HMAC of one side's words; first is the nonce of the side that
// speaks.
func (g *greeter) seal(side string, first, second, id []byte) []byte {
	mac := hmac.New(sha256.New, g.token)
	mac.Write([]byte(side))
	mac.Write(first)
	mac.Write(second)
	mac.Write(id)
	return mac.Sum(nil)
}
