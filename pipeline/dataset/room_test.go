package dataset

import (
	"context"
	"testing"
	"testing/synctest"
)

func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := newRoom(10)
		var in []string
		enter := func(name string, n int64) {
			go func() {
				if r.enter(ctx, n) {
					in = append(in, name)
				}
			}()
			synctest.Wait()
		}
		inside := func(want int) {
			t.Helper()
			if synctest.Wait(); len(in) != want {
				t.Errorf("inside are %v", in)
			}
		}
		enter("larger than the room", 30)
		inside(1)
		enter("none beside it", 0)
		inside(1)
		r.leave(30)
		inside(2)
		enter("beside it", 10)
		inside(3)
		enter("one too many", 1)
		inside(3)
		r.leave(10)
		inside(4)
		enter("never", 10)
		cancel()
		inside(4)
	})
}
