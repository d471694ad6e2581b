//go:build mpi

package comm

/*
#include <mpi.h>
#include <sched.h>
#include <stdlib.h>

static int ibarrier(MPI_Comm c, MPI_Request *r) { return MPI_Ibarrier(c, r); }
static int duplicate(MPI_Comm c, MPI_Comm *d) { return MPI_Comm_dup(c, d); }
static int beat(MPI_Comm c, const void *x, int to, MPI_Request *r) { return MPI_Isend(x, 1, MPI_BYTE, to, 1, c, r); }
static int listen(MPI_Comm c, void *x, int from, MPI_Request *r) { return MPI_Irecv(x, 1, MPI_BYTE, from, 1, c, r); }
static int test(MPI_Request *r, int *done) { return MPI_Test(r, done, MPI_STATUS_IGNORE); }
static int drop(MPI_Request *r) { return *r == MPI_REQUEST_NULL ? MPI_SUCCESS : MPI_Cancel(r) || MPI_Request_free(r); }
static MPI_Request none(void) { return MPI_REQUEST_NULL; }

// await tests a request for a millisecond at most. Others may want the processor.
static int await(MPI_Request *r, int *done) {
	double until = MPI_Wtime() + 1e-3;
	for (int i = 0;; i++) {
		int rc = MPI_Test(r, done, MPI_STATUS_IGNORE);
		if (rc != MPI_SUCCESS || *done || MPI_Wtime() > until) return rc;
		if (i > 50) sched_yield();
	}
}
*/
import "C"

import (
	"fmt"
	"time"
	"unsafe"
)

// A pulse gives and takes signs of life on a communicator of its own. All of
// it runs on the thread of MPI: between operations, and while it waits in one
// for other ranks to come. A rank that computes is alive by it, one that was
// stopped is not.
type pulse struct {
	comm    C.MPI_Comm
	silence time.Duration
	rank    int
	mark    unsafe.Pointer  // memory of C: a byte to send and one for each rank
	out, in []C.MPI_Request // by rank
	heard   []time.Time
	last    time.Time // when this rank looked, and gave its sign
}

// newPulse is collective.
func newPulse(world C.MPI_Comm, rank, size int, silence time.Duration) (*pulse, C.int) {
	p := &pulse{silence: silence, rank: rank, mark: C.calloc(C.size_t(size+1), 1)}
	if rc := C.duplicate(world, &p.comm); rc != C.MPI_SUCCESS {
		return nil, rc
	}
	for r := range size {
		p.out, p.in = append(p.out, C.none()), append(p.in, C.none())
		p.heard = append(p.heard, time.Now())
		if r == rank {
			continue
		}
		if rc := p.listen(r); rc != C.MPI_SUCCESS {
			return nil, rc
		}
	}
	return p, C.MPI_SUCCESS
}

func (p *pulse) listen(r int) C.int {
	return C.listen(p.comm, unsafe.Add(p.mark, 1+r), C.int(r), &p.in[r])
}

// look takes the signs that came, gives one where it is time to, and returns
// the error of a rank that has been silent for too long.
func (p *pulse) look(op string) (C.int, error) {
	now := time.Now()
	every := p.silence / 8
	if now.Sub(p.last) < every {
		return C.MPI_SUCCESS, nil
	}
	late := now.Sub(p.last) > p.silence/2 && !p.last.IsZero()
	p.last = now
	for r := range p.in {
		if r == p.rank {
			continue
		}
		if rc := p.hear(r, now); rc != C.MPI_SUCCESS {
			return rc, nil
		}
		if late { // it is this rank that could not look
			p.heard[r] = now
		}
		if silent := now.Sub(p.heard[r]); silent > p.silence {
			return C.MPI_SUCCESS, &RankError{r, op, fmt.Errorf("%w for %v", ErrSilent, p.silence)}
		}
		var done C.int
		if rc := C.test(&p.out[r], &done); rc != C.MPI_SUCCESS {
			return rc, nil
		}
		if done != 0 {
			if rc := C.beat(p.comm, p.mark, C.int(r), &p.out[r]); rc != C.MPI_SUCCESS {
				return rc, nil
			}
		}
	}
	return C.MPI_SUCCESS, nil
}

// hear takes all signs of a rank that are there.
func (p *pulse) hear(r int, now time.Time) C.int {
	for {
		var done C.int
		if rc := C.test(&p.in[r], &done); rc != C.MPI_SUCCESS || done == 0 {
			return rc
		}
		p.heard[r] = now
		if rc := p.listen(r); rc != C.MPI_SUCCESS {
			return rc
		}
	}
}

// end stops listening. Every rank calls it after all have come to do so.
func (p *pulse) end() C.int {
	for r := range p.in {
		if rc := C.drop(&p.in[r]); rc != C.MPI_SUCCESS {
			return rc
		}
	}
	return C.MPI_SUCCESS
}

// come waits until all ranks of a communicator are in the operation.
func (m *mpiComm) come(op string) C.int {
	request := C.none()
	if rc := C.ibarrier(m.comm, &request); rc != C.MPI_SUCCESS {
		return rc
	}
	return m.end(op, request)
}

// end waits for a request, and gives signs of life meanwhile.
func (m *mpiComm) end(op string, request C.MPI_Request) C.int {
	for {
		var done C.int
		if rc := C.await(&request, &done); rc != C.MPI_SUCCESS || done != 0 {
			return rc
		}
		if rc := m.look(op); rc != C.MPI_SUCCESS {
			return rc
		}
	}
}
