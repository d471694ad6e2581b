//go:build mpi

package comm

/*
#include <mpi.h>
#include <stdlib.h>

static int start(int *level) {
	int rc = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, level);
	if (rc == MPI_SUCCESS) rc = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
	return rc;
}
static MPI_Comm world(void) { return MPI_COMM_WORLD; }
static MPI_Datatype number(int type) { return type == 0 ? MPI_FLOAT : type == 1 ? MPI_DOUBLE : MPI_INT64_T; }
static int allreduce(MPI_Comm c, void *x, int n, int type) {
	return MPI_Allreduce(MPI_IN_PLACE, x, n, number(type), MPI_SUM, c);
}
static int reducescatter(MPI_Comm c, const void *x, void *own, const int *counts, int type) {
	return MPI_Reduce_scatter(x, own, counts, number(type), MPI_SUM, c);
}
static int allgather(MPI_Comm c, void *x, const int *counts, const int *at, int type) {
	return MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, x, counts, at, number(type), c);
}
static int broadcast(MPI_Comm c, void *x, int n, int root) { return MPI_Bcast(x, n, MPI_BYTE, root, c); }
static int iallreduce(MPI_Comm c, void *x, int n, int type, MPI_Request *r) {
	return MPI_Iallreduce(MPI_IN_PLACE, x, n, number(type), MPI_SUM, c, r);
}
static int ireducescatter(MPI_Comm c, const void *x, void *own, const int *counts, int type, MPI_Request *r) {
	return MPI_Ireduce_scatter(x, own, counts, number(type), MPI_SUM, c, r);
}
static int iallgather(MPI_Comm c, void *x, const int *counts, const int *at, int type, MPI_Request *r) {
	return MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, x, counts, at, number(type), c, r);
}
static int ibroadcast(MPI_Comm c, void *x, int n, int root, MPI_Request *r) { return MPI_Ibcast(x, n, MPI_BYTE, root, c, r); }
static int isend(MPI_Comm c, const void *x, int n, int to, MPI_Request *r) { return MPI_Isend(x, n, MPI_BYTE, to, 0, c, r); }
static int irecv(MPI_Comm c, void *x, int n, int from, MPI_Request *r) { return MPI_Irecv(x, n, MPI_BYTE, from, 0, c, r); }
static MPI_Request none(void) { return MPI_REQUEST_NULL; }
static int text(int rc, char *s, int *n) { return MPI_Error_string(rc, s, n); }
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// maxPiece bounds the count of one MPI call, which is an int of C.
const maxPiece = 1 << 30

// HasMPI says that this program can join by MPI.
const HasMPI = true

// JoinMPI starts MPI and returns the comm of MPI_COMM_WORLD, for a process
// that mpirun or srun started. MPI can start once in a process.
//
// A rank that dies takes the job with it, which is mpirun's doing. One that
// hangs is an [ErrSilent] with its number where others wait for it to come to an
// operation, and an [ErrStalled] without where it hangs in the middle of one.
func JoinMPI(limits Limits) (Comm, error) {
	f := &funnel{Limits: limits.orDefault(), calls: make(chan func()), large: largeBytes}
	go f.serve()
	m := &mpiComm{funnel: f}
	err := f.do("start", 0, nil, func() C.int {
		var level C.int
		if rc := C.start(&level); rc != C.MPI_SUCCESS {
			return rc
		}
		rc := m.adopt(C.world())
		if rc == C.MPI_SUCCESS {
			f.pulse, rc = newPulse(m.comm, m.rank, m.size, f.Silence)
		}
		return rc
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// A funnel runs every call of MPI on one operating system thread, in order:
// that is what MPI_THREAD_FUNNELED asks for.
type funnel struct {
	Limits
	calls chan func()
	pulse *pulse // of the thread; nil before the start and after the end
	large int    // bytes from which a collective is waited for

	mu  sync.Mutex
	err error

	waited atomic.Int64 // nanoseconds
}

// Waited is how long this rank has waited for others to come to an operation.
func (f *funnel) Waited() time.Duration { return time.Duration(f.waited.Load()) }

func (f *funnel) serve() {
	runtime.LockOSThread()
	ticker := time.NewTicker(f.Silence / 16)
	defer ticker.Stop()
	for {
		select {
		case call := <-f.calls:
			call()
		case <-ticker.C:
			if rc := f.look("between operations"); rc != C.MPI_SUCCESS {
				f.fail(fmt.Errorf("mpi: signs of life: %s", errorText(rc)))
			}
		}
	}
}

// look gives and takes signs of life. A silent rank breaks the comm, and is an
// error of MPI to whoever waits in an operation.
func (f *funnel) look(op string) C.int {
	if f.pulse == nil {
		return C.MPI_SUCCESS
	}
	rc, lost := f.pulse.look(op)
	if lost != nil {
		f.fail(lost)
		f.pulse = nil
		return C.MPI_ERR_OTHER
	}
	return rc
}

// slowest is the least that an operation is expected to move, in bytes per
// second, once all ranks are in it.
const slowest = 20e6

// do runs one operation and turns its code into an error. Where come is given it
// waits for the other ranks first, and the operation, which moves so many bytes,
// then has the time for them and no more. After an error, or when the operation
// does not end, the comm is broken.
func (f *funnel) do(what string, bytes int, come, call func() C.int) error {
	if err := f.broken(); err != nil {
		return err
	}
	code := make(chan C.int, 1)
	limit := f.Stall
	timer := time.NewTimer(limit)
	defer timer.Stop()
	arrived := make(chan struct{})
	run := func() {
		if come != nil {
			if rc := come(); rc != C.MPI_SUCCESS {
				code <- rc
				return
			}
			close(arrived)
		}
		code <- call()
	}
	for calls, here := f.calls, arrived; ; {
		select {
		case calls <- run:
			calls = nil
		case <-here:
			here = nil
			limit = min(limit, f.Silence+time.Duration(float64(bytes)/slowest*float64(time.Second)))
			timer.Reset(limit)
		case rc := <-code:
			if rc == C.MPI_SUCCESS {
				return nil
			}
			if err := f.broken(); err != nil {
				return err
			}
			return f.fail(fmt.Errorf("mpi: %s: %s", what, errorText(rc)))
		case <-timer.C:
			return f.fail(fmt.Errorf("mpi: %s: %w for %v", what, ErrStalled, limit))
		}
	}
}

func (f *funnel) broken() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *funnel) fail(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
	return f.err
}

func errorText(rc C.int) string {
	var buf [C.MPI_MAX_ERROR_STRING]C.char
	var n C.int
	if C.text(rc, &buf[0], &n) != C.MPI_SUCCESS {
		return fmt.Sprintf("error %d", int(rc))
	}
	return C.GoStringN(&buf[0], n)
}

// mpiComm is one communicator of MPI.
type mpiComm struct {
	*funnel
	comm       C.MPI_Comm
	rank, size int
	own        []byte // scratch of a reduced part
}

// adopt runs inside the funnel.
func (m *mpiComm) adopt(c C.MPI_Comm) C.int {
	var rank, size C.int
	if rc := C.MPI_Comm_rank(c, &rank); rc != C.MPI_SUCCESS {
		return rc
	}
	rc := C.MPI_Comm_size(c, &size)
	m.comm, m.rank, m.size = c, int(rank), int(size)
	return rc
}

// together is do after all ranks have come, so that the wait for them and the
// operation itself can be told apart.
func (m *mpiComm) together(what string, bytes int, call func() C.int) error {
	return m.do(what, bytes, func() C.int {
		began := time.Now()
		rc := m.come(what)
		m.waited.Add(int64(time.Since(began)))
		return rc
	}, call)
}

func (m *mpiComm) Rank() int { return m.rank }
func (m *mpiComm) Size() int { return m.size }

func pointer(x []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }

func (m *mpiComm) AllToAllV(send, recv [][]byte) error {
	if err := checkExchange(send, recv, m.rank, m.size); err != nil {
		return err
	}
	copy(recv[m.rank], send[m.rank])
	bytes := 0
	for r := range send {
		bytes += len(send[r]) + len(recv[r])
	}
	return m.together("alltoallv", bytes, func() C.int { return m.exchange(send, recv) })
}

// exchange posts a receive and a send for every piece and waits for all. The
// memory is pinned: MPI reads and writes it after the calls that name it.
func (m *mpiComm) exchange(send, recv [][]byte) C.int {
	var pinner runtime.Pinner
	defer pinner.Unpin()
	requests := make([]C.MPI_Request, 0, 2*m.size)
	pieces := 0
	for r := range send {
		pieces += len(send[r])/maxPiece + len(recv[r])/maxPiece + 2
	}
	requests = slices.Grow(requests, pieces) // its memory must not move either
	post := func(x []byte, start func(x []byte, r *C.MPI_Request) C.int) C.int {
		for len(x) > 0 {
			piece := x[:min(len(x), maxPiece)]
			x = x[len(piece):]
			pinner.Pin(unsafe.SliceData(piece))
			requests = requests[:len(requests)+1]
			if rc := start(piece, &requests[len(requests)-1]); rc != C.MPI_SUCCESS {
				return rc
			}
		}
		return C.MPI_SUCCESS
	}
	for d := 1; d < m.size; d++ {
		to, from := (m.rank+d)%m.size, (m.rank-d+m.size)%m.size
		rc := post(recv[from], func(x []byte, r *C.MPI_Request) C.int {
			return C.irecv(m.comm, pointer(x), C.int(len(x)), C.int(from), r)
		})
		if rc == C.MPI_SUCCESS {
			rc = post(send[to], func(x []byte, r *C.MPI_Request) C.int {
				return C.isend(m.comm, pointer(x), C.int(len(x)), C.int(to), r)
			})
		}
		if rc != C.MPI_SUCCESS {
			return rc
		}
	}
	for _, r := range requests {
		if rc := m.end("alltoallv", r); rc != C.MPI_SUCCESS {
			return rc
		}
	}
	return C.MPI_SUCCESS
}

// largeBytes may take so long that ranks outside the operation would miss signs
// of life. Below, MPI's own waiting is faster.
const largeBytes = 64 << 20

// move runs a collective, as one that is waited for where it is large. Then MPI
// uses the memory after the call that names it, so it is pinned.
func (m *mpiComm) move(op string, bytes int, memory []any, block func() C.int, start func(r *C.MPI_Request) C.int) C.int {
	if bytes < m.large {
		return block()
	}
	var pinner runtime.Pinner
	defer pinner.Unpin()
	for _, p := range memory {
		pinner.Pin(p)
	}
	request := C.none()
	if rc := start(&request); rc != C.MPI_SUCCESS {
		return rc
	}
	return m.end(op, request)
}

func (m *mpiComm) AllReduce(x []byte, t Type) error {
	return m.together("allreduce", 2*m.size*len(x), func() C.int {
		step := maxPiece * t.Size()
		for lo := 0; lo < len(x); lo += step {
			piece := x[lo:min(lo+step, len(x))]
			n := C.int(len(piece) / t.Size())
			rc := m.move("allreduce", len(piece), []any{unsafe.SliceData(piece)},
				func() C.int { return C.allreduce(m.comm, pointer(piece), n, C.int(t)) },
				func(r *C.MPI_Request) C.int { return C.iallreduce(m.comm, pointer(piece), n, C.int(t), r) })
			if rc != C.MPI_SUCCESS {
				return rc
			}
		}
		return C.MPI_SUCCESS
	})
}

// parts are the counts and places of every rank's part.
func (m *mpiComm) parts(x []byte, t Type) (counts, at []C.int, err error) {
	n := len(x) / t.Size()
	if n > maxPiece {
		return nil, nil, fmt.Errorf("mpi: %d numbers in one operation, at most %d", n, maxPiece)
	}
	for r := range m.size {
		lo, hi := Part(n, m.size, r)
		counts, at = append(counts, C.int(hi-lo)), append(at, C.int(lo))
	}
	return counts, at, nil
}

func (m *mpiComm) ReduceScatter(x []byte, t Type) error {
	counts, at, err := m.parts(x, t)
	if err != nil {
		return err
	}
	mine := x[int(at[m.rank])*t.Size():][:int(counts[m.rank])*t.Size()]
	own := scratch(&m.own, len(mine))
	err = m.together("reducescatter", m.size*len(x), func() C.int {
		return m.move("reducescatter", len(x), []any{unsafe.SliceData(x), unsafe.SliceData(own), &counts[0]},
			func() C.int { return C.reducescatter(m.comm, pointer(x), pointer(own), &counts[0], C.int(t)) },
			func(r *C.MPI_Request) C.int {
				return C.ireducescatter(m.comm, pointer(x), pointer(own), &counts[0], C.int(t), r)
			})
	})
	copy(mine, own)
	return err
}

func (m *mpiComm) AllGather(x []byte, t Type) error {
	counts, at, err := m.parts(x, t)
	if err != nil {
		return err
	}
	return m.together("allgather", m.size*len(x), func() C.int {
		return m.move("allgather", len(x), []any{unsafe.SliceData(x), &counts[0], &at[0]},
			func() C.int { return C.allgather(m.comm, pointer(x), &counts[0], &at[0], C.int(t)) },
			func(r *C.MPI_Request) C.int { return C.iallgather(m.comm, pointer(x), &counts[0], &at[0], C.int(t), r) })
	})
}

func (m *mpiComm) Broadcast(x []byte, root int) error {
	if root < 0 || root >= m.size {
		return fmt.Errorf("comm: broadcast from rank %d of %d", root, m.size)
	}
	return m.together("broadcast", m.size*len(x), func() C.int {
		for lo := 0; lo < len(x); lo += maxPiece {
			piece := x[lo:min(lo+maxPiece, len(x))]
			rc := m.move("broadcast", len(piece), []any{unsafe.SliceData(piece)},
				func() C.int { return C.broadcast(m.comm, pointer(piece), C.int(len(piece)), C.int(root)) },
				func(r *C.MPI_Request) C.int {
					return C.ibroadcast(m.comm, pointer(piece), C.int(len(piece)), C.int(root), r)
				})
			if rc != C.MPI_SUCCESS {
				return rc
			}
		}
		return C.MPI_SUCCESS
	})
}

func (m *mpiComm) Barrier() error {
	return m.do("barrier", 0, nil, func() C.int { return m.come("barrier") })
}

func (m *mpiComm) Group(ranks []int) (Comm, error) {
	if err := checkGroup(ranks, m.rank, m.size); err != nil {
		return nil, err
	}
	g := &mpiComm{funnel: m.funnel}
	err := m.do("group", 0, nil, func() C.int {
		var c C.MPI_Comm
		if rc := C.MPI_Comm_split(m.comm, C.int(ranks[0]), C.int(m.rank), &c); rc != C.MPI_SUCCESS {
			return rc
		}
		return g.adopt(c)
	})
	if err == nil && g.size != len(ranks) {
		err = m.fail(fmt.Errorf("%w: rank %d wants a group of %d, the ranks that came are %d", ErrMismatch, m.rank, len(ranks), g.size))
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Abort breaks this end. The process should leave with an error code soon:
// mpirun then ends the others.
func (m *mpiComm) Abort(cause error) { m.fail(fmt.Errorf("%w: %w", ErrAborted, cause)) }

// Close ends MPI. Every rank calls it.
func (m *mpiComm) Close() error {
	if m.broken() != nil {
		return nil
	}
	err := m.do("close", 0, nil, func() C.int {
		if rc := m.come("close"); rc != C.MPI_SUCCESS {
			return rc
		}
		if rc := m.pulse.end(); rc != C.MPI_SUCCESS {
			return rc
		}
		m.pulse = nil
		return C.MPI_Finalize()
	})
	if failed := m.fail(ErrClosed); err == nil && !errors.Is(failed, ErrClosed) {
		err = failed
	}
	return err
}
