//go:build !mpi

package comm

import "errors"

// ErrNoMPI is returned by a program that was built without MPI.
var ErrNoMPI = errors.New("comm: this program was built without MPI: build it with CGO_ENABLED=1 CC=mpicc and -tags mpi")

// HasMPI says that this program can join by MPI.
const HasMPI = false

// JoinMPI returns [ErrNoMPI]; build tag mpi brings the real one.
func JoinMPI(Limits) (Comm, error) { return nil, ErrNoMPI }
