package comm

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// An exercise is one test of the suite that every implementation passes, as
// one rank does it. It is given a fresh world, or one after other exercises
// that went well.
type exercise struct {
	name string
	run  func(c Comm) error
}

var suite = []exercise{
	{"alltoallv ragged", func(c Comm) error {
		return exchangeSizes(c, func(from, to int) int { return 8 * (from + 1) * (2*to + 1) })
	}},
	{"alltoallv empty", func(c Comm) error { return exchangeSizes(c, func(int, int) int { return 0 }) }},
	{"alltoallv one receiver", func(c Comm) error {
		return exchangeSizes(c, func(_, to int) int { return 100_003 * b2i(to == c.Size()-1) })
	}},
	{"alltoallv one sender", func(c Comm) error {
		return exchangeSizes(c, func(from, _ int) int { return 77_777 * b2i(from == 0) })
	}},
	{"alltoallv larger than buffers", func(c Comm) error { return exchangeSizes(c, func(int, int) int { return 3 << 20 }) }},
	{"allreduce float32", sums[float32]},
	{"allreduce float64", sums[float64]},
	{"allreduce int64", sums[int64]},
	{"reducescatter and allgather", scatterGather},
	{"broadcast", broadcasts},
	{"barrier", func(c Comm) error { return errors.Join(c.Barrier(), c.Barrier()) }},
	{"groups", groups},
	{"many small", func(c Comm) error {
		for i := range 200 {
			x := []int64{int64(i), int64(c.Rank())}
			if err := AllReduce(c, x); err != nil {
				return err
			}
			if n := int64(c.Size()); x[0] != n*int64(i) || x[1] != n*(n-1)/2 {
				return fmt.Errorf("sum %d is %v", i, x)
			}
		}
		return nil
	}},
	{"bad arguments leave the comm whole", func(c Comm) error {
		if c.AllToAllV(nil, make([][]byte, c.Size())) == nil {
			return errors.New("alltoallv without buffers was taken")
		}
		if c.Broadcast(nil, c.Size()) == nil {
			return errors.New("broadcast from no rank was taken")
		}
		for _, list := range [][]int{{}, {(c.Rank() + 1) % (c.Size() + 1)}, {c.Rank(), c.Rank()}, {c.Rank(), c.Size()}} {
			if _, err := c.Group(list); err == nil {
				return fmt.Errorf("group %v was taken", list)
			}
		}
		return c.Barrier()
	}},
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pattern is what from sends to to, so that a byte in the wrong place shows.
func pattern(from, to, n int) []byte {
	x := make([]byte, n)
	for i := range x {
		x[i] = byte(from*31 + to*7 + i + i>>8)
	}
	return x
}

func exchangeSizes(c Comm, size func(from, to int) int) error {
	send, recv := make([][]byte, c.Size()), make([][]byte, c.Size())
	for r := range send {
		send[r] = pattern(c.Rank(), r, size(c.Rank(), r))
		recv[r] = make([]byte, size(r, c.Rank()))
	}
	if err := c.AllToAllV(send, recv); err != nil {
		return err
	}
	for r := range recv {
		if !slices.Equal(recv[r], pattern(r, c.Rank(), size(r, c.Rank()))) {
			return fmt.Errorf("rank %d got %d wrong bytes from rank %d", c.Rank(), len(recv[r]), r)
		}
	}
	return nil
}

// sums holds sums of whole numbers, exact in every order, to their formula.
func sums[T Number](c Comm) error {
	for _, n := range []int{0, 1, 2, 3, 1000, 40_000, 300_001} {
		x := make([]T, n)
		for i := range x {
			x[i] = T((c.Rank() + 1) * (i % 1009))
		}
		if err := AllReduce(c, x); err != nil {
			return err
		}
		for i, v := range x {
			if want := T(c.Size() * (c.Size() + 1) / 2 * (i % 1009)); v != want {
				return fmt.Errorf("number %d of %d is %v, want %v", i, n, v, want)
			}
		}
	}
	return nil
}

func scatterGather(c Comm) error {
	for _, n := range []int{0, 1, 5, 100_001} {
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(i * (c.Rank() + 1))
		}
		if err := ReduceScatter(c, x); err != nil {
			return err
		}
		lo, hi := Part(n, c.Size(), c.Rank())
		for i := range x {
			if i < lo || i >= hi {
				x[i] = -1
			}
		}
		if err := AllGather(c, x); err != nil {
			return err
		}
		for i, v := range x {
			if want := float64(i * c.Size() * (c.Size() + 1) / 2); v != want {
				return fmt.Errorf("number %d of %d is %v, want %v", i, n, v, want)
			}
		}
	}
	return nil
}

func broadcasts(c Comm) error {
	for root := range c.Size() {
		for _, n := range []int{0, 1, 500_000} {
			x := make([]byte, n)
			if c.Rank() == root {
				copy(x, pattern(root, n, n))
			}
			if err := c.Broadcast(x, root); err != nil {
				return err
			}
			if !slices.Equal(x, pattern(root, n, n)) {
				return fmt.Errorf("rank %d got other bytes from root %d", c.Rank(), root)
			}
		}
	}
	return nil
}

// groups splits the world by parity and by halves, as a layout does, and uses
// both splits and the world in turn.
func groups(c Comm) error {
	split := func(of func(rank int) int) (Comm, []int, error) {
		var list []int
		for r := range c.Size() {
			if of(r) == of(c.Rank()) {
				list = append(list, r)
			}
		}
		g, err := c.Group(list)
		return g, list, err
	}
	parity, odd, err := split(func(r int) int { return r % 2 })
	if err != nil {
		return err
	}
	halves, near, err := split(func(r int) int { return r / 2 })
	if err != nil {
		return err
	}
	for range 3 {
		for _, g := range []struct {
			c    Comm
			list []int
		}{{parity, odd}, {halves, near}} {
			x, want := []int64{int64(c.Rank())}, int64(0)
			for _, r := range g.list {
				want += int64(r)
			}
			if err := AllReduce(g.c, x); err != nil {
				return err
			}
			if x[0] != want || g.c.Size() != len(g.list) || g.list[g.c.Rank()] != c.Rank() {
				return fmt.Errorf("group %v of rank %d gave %d", g.list, c.Rank(), x[0])
			}
			if err := exchangeSizes(g.c, func(from, to int) int { return 100 * (from + 2*to) }); err != nil {
				return err
			}
		}
		if err := c.Barrier(); err != nil {
			return err
		}
	}
	return nil
}

// together runs one function on every rank and returns the errors by rank.
func together(comms []Comm, run func(c Comm) error) []error {
	errs := make([]error, len(comms))
	var wg sync.WaitGroup
	for i, c := range comms {
		wg.Go(func() { errs[i] = run(c) })
	}
	wg.Wait()
	return errs
}

// conform runs the suite on worlds of several sizes.
func conform(t *testing.T, world func(t *testing.T, n int) []Comm) {
	sizes := []int{1, 2, 3, 4}
	if testing.Short() { // under the race detector
		sizes = []int{3}
	}
	for _, n := range sizes {
		t.Run(fmt.Sprintf("%d ranks", n), func(t *testing.T) {
			comms := world(t, n)
			for _, e := range suite {
				if err := errors.Join(together(comms, e.run)...); err != nil {
					t.Fatalf("%s: %v", e.name, err)
				}
			}
			if err := errors.Join(together(comms, Comm.Close)...); err != nil {
				t.Fatal(err)
			}
			for _, c := range comms {
				if err := c.Barrier(); !errors.Is(err, ErrClosed) {
					t.Errorf("after Close: %v", err)
				}
			}
		})
	}
}

// sameBits runs random sums on a world and returns them: they are the same on
// every rank, and over every implementation that adds in the order of ranks.
func sameBits(t *testing.T, comms []Comm) []float32 {
	t.Helper()
	results := make([][]float32, len(comms))
	errs := together(comms, func(c Comm) error {
		r := rand.New(rand.NewPCG(9, uint64(c.Rank())))
		x := make([]float32, 100_003)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		results[c.Rank()] = x
		return AllReduce(c, x)
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for r := range results {
		if !slices.Equal(results[r], results[0]) {
			t.Fatalf("rank %d has other bits than rank 0", r)
		}
	}
	return results[0]
}
