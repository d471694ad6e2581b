package moatless

import (
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
)

// The wire structs hold what is read of a document, under the names it uses.

type document struct {
	id, instance string
	model        string
	issue        *string // initial_message
	nodes        []*node
	submission   *string
	exitStatus   *string
	sampling     chat.Sampling
	claims       chat.Rest
	rest         chat.Rest
}

// node is a node of a tree, or a transition.
type node struct {
	id, parent *int64
	linked     bool // the list names parents
	user       *string
	assistant  *string
	steps      []actionStep
	reward     *float64
	failure    *string
	patch      *string
	model      string
	tally      usage
	rest       chat.Rest
	next       int // children so far
	up         *node
}

type actionStep struct {
	call        pipeline.ToolCall
	observation *string
	observed    bool
	rest        chat.Rest
}

// usage sums the calls of a model at one node.
type usage struct {
	prompt, completion int64
	cost               float64
	calls              int
}

func (u *usage) add(prompt, completion *int64, cost *float64) {
	if prompt == nil && completion == nil && cost == nil {
		return
	}
	u.calls++
	for _, n := range []struct{ to, from *int64 }{{&u.prompt, prompt}, {&u.completion, completion}} {
		if n.from != nil && *n.from > 0 && *n.from < 1<<50 {
			*n.to += *n.from
		}
	}
	if cost != nil {
		u.cost += *cost
	}
}
