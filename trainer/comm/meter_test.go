package comm

import (
	"errors"
	"testing"
)

// The bytes that the meter reports are those of the formulas: a sum moves each
// part to its owner and back.
func TestMeter(t *testing.T) {
	meters := make([]Meter, 3)
	errs := together(Local(3, Limits{}), func(c Comm) error {
		m := Metered(c, &meters[c.Rank()])
		g, err := m.Group([]int{0, 1, 2})
		if err != nil {
			return err
		}
		send, recv := [][]byte{make([]byte, 5), make([]byte, 5), make([]byte, 5)}, [][]byte{make([]byte, 5), make([]byte, 5), make([]byte, 5)}
		return errors.Join(AllReduce(g, make([]float32, 9)), ReduceScatter(m, make([]float64, 6)), AllGather(m, make([]float64, 6)),
			m.AllToAllV(send, recv), m.Broadcast(make([]byte, 7), 1), m.Barrier())
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{"allreduce": 4*6 + 4*6, "reducescatter": 8 * 4, "allgather": 8 * 4, "alltoallv": 10, "broadcast": 14, "barrier": 2}
	totals := meters[1].Totals()
	if len(totals) != len(want) {
		t.Fatalf("%+v", totals)
	}
	for _, got := range totals {
		if got.BytesSent != want[got.Op] || got.Calls != 1 {
			t.Errorf("%+v, want %d bytes", got, want[got.Op])
		}
	}
}
