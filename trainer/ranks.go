package trainer

import (
	"errors"
	"fmt"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/trainer/comm"
)

// Ranks are the processes that train one model together. The zero value is
// this process alone.
//
// The world is data parallel times expert parallel: EP neighbouring ranks hold
// the experts between them, and there are Size/EP such groups. Every rank takes
// its part of each global batch, whatever its place. What comes out does not
// depend on the layout but for rounding.
type Ranks struct {
	World comm.Comm // nil: alone
	EP    int       // ranks that share one set of experts; 0 means 1
}

// giveUp tells the other ranks of an error, unless it came from them.
func (r Ranks) giveUp(err error) {
	if r.World != nil && err != nil {
		r.World.Abort(err)
	}
}

// A layout is the ranks of a run by what they do together.
type layout struct {
	world    comm.Comm
	experts  comm.Comm // this rank and those that hold the other experts
	replicas comm.Comm // those that hold the same experts
	exchange comm.Comm // as experts, for what passes send each other

	sums, tokens comm.Meter // of exchange, and of all else
}

// opDispatch is the name of what passes exchange among other operations.
const opDispatch = "dispatch"

// operations are the names of all that traffic lists.
func operations() []string { return append(comm.Operations(), opDispatch) }

// traffic lists the operations so far.
func (l *layout) traffic() []comm.Traffic {
	list := l.sums.Totals()
	for _, t := range l.tokens.Totals() { // of one kind
		t.Op = opDispatch
		list = append(list, t)
	}
	return list
}

func newLayout(r Ranks, experts int) (*layout, error) {
	world, ep := r.World, max(1, r.EP)
	if world == nil {
		world = comm.Local(1, comm.Limits{})[0]
	}
	n := world.Size()
	if n%ep != 0 {
		return nil, fmt.Errorf("%d ranks are not a multiple of %d, the ranks that share experts (ep)", n, ep)
	}
	if ep > max(1, experts) {
		return nil, fmt.Errorf("%d experts for %d ranks (ep): some would hold none", experts, ep)
	}
	group, stride := make([]int, 0, ep), make([]int, 0, n/ep)
	for i := range ep {
		group = append(group, world.Rank()/ep*ep+i)
	}
	for i := range n / ep {
		stride = append(stride, i*ep+world.Rank()%ep)
	}
	l := &layout{}
	sharers, errExperts := world.Group(group)
	replicas, errReplicas := world.Group(stride)
	if err := errors.Join(errExperts, errReplicas); err != nil {
		return nil, err
	}
	l.world, l.replicas = comm.Metered(world, &l.sums), comm.Metered(replicas, &l.sums)
	l.experts, l.exchange = comm.Metered(sharers, &l.sums), comm.Metered(sharers, &l.tokens)
	return l, nil
}

func (l *layout) lead() bool  { return l.world.Rank() == 0 }
func (l *layout) alone() bool { return l.world.Size() == 1 }

// sharded reports whether the experts are spread over ranks.
func (l *layout) sharded() bool { return l.experts.Size() > 1 }

// writes reports whether this rank writes its experts: of the replicas one does.
func (l *layout) writes() bool { return l.replicas.Rank() == 0 }

func (l *layout) shard() moe.Shard {
	return moe.Shard{Rank: l.experts.Rank(), Of: l.experts.Size()}
}

// peers are what passes need: nil where every rank holds all experts.
func (l *layout) peers() moe.Peers {
	if !l.sharded() {
		return nil
	}
	return l.exchange
}

// count tells how many ranks say yes to each of some questions.
func (l *layout) count(yes ...bool) ([]int64, error) {
	x := make([]int64, len(yes))
	for i := range yes {
		if yes[i] {
			x[i] = 1
		}
	}
	return x, comm.AllReduce(l.world, x)
}
