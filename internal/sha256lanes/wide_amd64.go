package sha256lanes

import (
	"cmp"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"slices"
	"unsafe"

	"github.com/klauspost/cpuid/v2"
	"golang.org/x/sys/cpu"
)

const blockSize = sha256.BlockSize

// blocks hashes n blocks of every lane, which lie one behind the other from
// at[lane] on, into the lane's column of state.
//
//go:noescape
func blocks(state *[8][Lanes]uint32, at *[Lanes]*byte, n int)

// pair does the same for the first two lanes.
//
//go:noescape
func pair(state *[8][Lanes]uint32, at *[Lanes]*byte, n int)

// A kernel hashes blocks of some lanes at once.
type kernel struct {
	lanes  int
	few    int // messages that are hashed in less time one after the other
	blocks func(state *[8][Lanes]uint32, at *[Lanes]*byte, n int)
}

// kernels are what the machine has, the fastest first.
func kernels() []kernel {
	var ks []kernel
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW {
		ks = append(ks, kernel{Lanes, 2, blocks})
	}
	if cpuid.CPU.Supports(cpuid.SHA, cpuid.SSSE3, cpuid.SSE4) {
		ks = append(ks, kernel{2, 1, pair})
	}
	return ks
}

// A lane works on one message: first the whole blocks of it, then the tail,
// which is what is left with padding and length.
type lane struct {
	message int // -1: idle
	rest    []byte
	inTail  bool
	tail    [2 * blockSize]byte
}

func (l *lane) begin(message int, m []byte) {
	whole := len(m) - len(m)%blockSize
	n := copy(l.tail[:], m[whole:])
	l.tail[n] = 0x80
	clear(l.tail[n+1:])
	l.message, l.rest, l.inTail = message, m[:whole], false
	if whole == 0 {
		l.endWhole(len(m))
	}
}

// endWhole turns to the tail of a message of size bytes.
func (l *lane) endWhole(size int) {
	end := blockSize
	if size%blockSize >= blockSize-8 {
		end = 2 * blockSize
	}
	binary.BigEndian.PutUint64(l.tail[end-8:], uint64(size)*8)
	l.rest, l.inTail = l.tail[:end], true
}

// A schedule gives messages to lanes, the longest first, so that they end at
// about the same time.
type schedule struct {
	sums     [][sha256.Size]byte
	messages [][]byte
	order    []int // of messages that wait

	kernel kernel
	lanes  []lane
	busy   int
	at     [Lanes]*byte
	state  [8][Lanes]uint32
}

// sum hashes messages with a kernel.
func (k kernel) sum(sums [][sha256.Size]byte, messages [][]byte) {
	s := schedule{sums: sums, messages: messages, order: make([]int, len(messages)), kernel: k, lanes: make([]lane, k.lanes)}
	for i := range s.order {
		s.order[i] = i
	}
	slices.SortFunc(s.order, func(a, b int) int { return cmp.Compare(len(messages[b]), len(messages[a])) })
	for i := range s.lanes {
		s.refill(i)
	}
	for s.busy > k.few || s.ending() {
		s.step()
	}
	for i := range s.lanes {
		s.alone(i)
	}
}

var initial = [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}

func (s *schedule) refill(i int) {
	l := &s.lanes[i]
	if len(s.order) == 0 {
		l.message = -1
		return
	}
	l.begin(s.order[0], s.messages[s.order[0]])
	s.order = s.order[1:]
	s.busy++
	for w, v := range initial {
		s.state[w][i] = v
	}
}

// step hashes as many blocks as every busy lane has; idle lanes repeat what
// another does.
func (s *schedule) step() {
	clear(s.at[:])
	var any *byte
	n := int(^uint(0) >> 1)
	for i := range s.lanes {
		if l := &s.lanes[i]; l.message >= 0 {
			s.at[i] = unsafe.SliceData(l.rest)
			any, n = s.at[i], min(n, len(l.rest)/blockSize)
		}
	}
	for i := range s.at {
		if s.at[i] == nil {
			s.at[i] = any
		}
	}
	s.kernel.blocks(&s.state, &s.at, n)
	for i := range s.lanes {
		l := &s.lanes[i]
		if l.message < 0 {
			continue
		}
		if l.rest = l.rest[n*blockSize:]; len(l.rest) > 0 {
			continue
		}
		if !l.inTail {
			l.endWhole(len(s.messages[l.message]))
			continue
		}
		for w := range s.state {
			binary.BigEndian.PutUint32(s.sums[l.message][4*w:], s.state[w][i])
		}
		s.busy--
		s.refill(i)
	}
}

// magic begins the marshalled state of crypto/sha256.
const magic = "sha\x03"

// alone ends what a lane has left of whole blocks with crypto/sha256.
func (s *schedule) alone(i int) {
	l := &s.lanes[i]
	if l.message < 0 {
		return
	}
	m := s.messages[l.message]
	done := len(m) - len(m)%blockSize - len(l.rest)
	text := []byte(magic)
	for w := range s.state {
		text = binary.BigEndian.AppendUint32(text, s.state[w][i])
	}
	text = append(text, make([]byte, blockSize)...)
	text = binary.BigEndian.AppendUint64(text, uint64(done))
	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(text); err != nil {
		s.sums[l.message] = sha256.Sum256(m)
		return
	}
	h.Write(m[done:])
	h.Sum(s.sums[l.message][:0])
}

// ending reports whether a busy lane is in its tail, which only blocks can end.
func (s *schedule) ending() bool {
	for i := range s.lanes {
		if l := &s.lanes[i]; l.message >= 0 && l.inTail {
			return true
		}
	}
	return false
}
