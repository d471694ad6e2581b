package moatless

import (
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// readTransition reads a state of the first versions and what was done in it:
// each action is a node, since each was an answer of the model.
func (d *document) readTransition(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	var rest chat.Rest
	var keys chat.Seen
	first := len(d.nodes)
	for key := range s.Fields() {
		switch key {
		case "actions":
			keys.Once(s, 0)
			for range s.Elements() {
				if s.Kind() == jsonscan.Object {
					d.readTransitionAction(s)
				}
			}
		case "snapshot": // see the fates
		default:
			rest.Keep(s, key)
		}
	}
	if s.Err() != nil {
		return
	}
	if len(d.nodes) == first { // a state without an action says something all the same
		d.add(s, &node{})
	}
	if len(d.nodes) > first {
		d.nodes[first].rest.SetJSON("transition", rest.JSON())
	}
}

func (d *document) readTransitionAction(s *jsonscan.Scanner) {
	n := &node{}
	d.add(s, n)
	var prompt, completion *int64
	var cost *float64
	var retry *string
	for key := range s.Fields() {
		switch key {
		case "action":
			if s.Kind() == jsonscan.Object {
				n.step(0).readAction(s)
			}
		case "output":
			if s.Kind() == jsonscan.Object {
				n.step(0).readObservation(s)
			}
		case "retry_message":
			retry = chat.OptText(s)
		case "completion_cost":
			cost = s.OptFloat()
		case "input_tokens":
			prompt = s.OptInt()
		case "output_tokens":
			completion = s.OptInt()
		case "completion":
			if s.Kind() == jsonscan.Object {
				n.readCompletion(s)
			}
		default:
			n.rest.Keep(s, key)
		}
	}
	if retry != nil {
		n.failure = retry
	}
	n.tally.add(prompt, completion, cost)
}
