package moatless

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// maxNodes bounds the nodes of a document.
const maxNodes = 10_000

var errNodes = fmt.Errorf("more than %d nodes", maxNodes)

// idKeys are what versions call a document's own name.
var idKeys = []string{"trajectory_id", "id", "name"}

func (d *document) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "root":
			keys.Once(s, 0)
			d.readTree(s, nil)
		case "nodes":
			keys.Once(s, 1)
			d.readNodes(s)
		case "transitions":
			keys.Once(s, 2)
			for range s.Elements() {
				d.readTransition(s)
			}
		case "initial_message":
			keys.Once(s, 3)
			d.issue = s.OptStr()
		case "trajectory_id", "id", "name":
			keys.Once(s, 7+slices.Index(idKeys, key))
			if s.Kind() == jsonscan.String && d.id == "" {
				d.id = s.Str()
				continue
			}
			d.rest.Keep(s, key)
		case "metadata":
			keys.Once(s, 4)
			d.readMetadata(s)
		case "info":
			keys.Once(s, 5)
			d.readInfo(s)
		case "agent":
			keys.Once(s, 6)
			d.readAgent(s)
		case "workspace", "selector", "expander", "value_function", "feedback_generator", "discriminator", "artifact_handlers", "repository", "persist_path": // see the fates
		default:
			d.rest.Keep(s, key)
		}
	}
	s.End()
}

// readMetadata keeps all of it, and finds the task's id.
func (d *document) readMetadata(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		d.rest.Keep(s, "metadata")
		return
	}
	var rest chat.Rest
	for key := range s.Fields() {
		if key == "instance_id" && s.Kind() == jsonscan.String {
			d.instance = s.Str()
			continue
		}
		rest.Keep(s, key)
	}
	d.rest.SetJSON("metadata", rest.JSON())
}

func (d *document) readInfo(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	var rest chat.Rest
	for key := range s.Fields() {
		switch key {
		case "instance_id":
			d.instance = chat.OrEmpty(chat.OptText(s))
		case "submission":
			d.submission = chat.OptText(s)
		case "status", "exit_status":
			d.exitStatus = chat.OptText(s)
		case "resolved", "report", "test_output", "eval_result":
			d.claims.KeepWhole(s, key)
		default:
			rest.Keep(s, key)
		}
	}
	d.rest.SetJSON("info", rest.JSON())
}

// readAgent finds the model in agent.completion, under the names that versions
// give it, and leaves the rest of the configuration.
func (d *document) readAgent(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		if key != "completion" && key != "completion_model" || s.Kind() != jsonscan.Object {
			continue
		}
		for key := range s.Fields() {
			if key == "model" {
				d.model = chat.OrEmpty(chat.OptText(s))
				continue
			}
			d.sampling.Keep(s, key)
		}
	}
}

func (d *document) add(s *jsonscan.Scanner, n *node) {
	if len(d.nodes) == maxNodes {
		s.Fail(errNodes)
		return
	}
	d.nodes = append(d.nodes, n)
}

func (d *document) readNodes(s *jsonscan.Scanner) {
	if s.Kind() == jsonscan.Object { // a tree under the name of the list
		d.readTree(s, nil)
		return
	}
	for range s.Elements() {
		d.readTree(s, nil)
	}
}

// readTree reads a node and those below it, in the order of the document.
func (d *document) readTree(s *jsonscan.Scanner, up *node) {
	n := &node{up: up}
	d.add(s, n)
	var keys chat.Seen
	for key := range s.Fields() {
		if key == "children" {
			keys.Once(s, 0)
			for range s.Elements() {
				if s.Kind() == jsonscan.Object {
					d.readTree(s, n)
				}
			}
			continue
		}
		n.field(s, key, &keys)
	}
}

func (n *node) field(s *jsonscan.Scanner, key string, keys *chat.Seen) {
	switch key {
	case "node_id":
		keys.Once(s, 1)
		n.id = s.OptInt()
	case "parent_id":
		keys.Once(s, 2)
		n.linked = true
		n.parent = s.OptInt()
	case "user_message", "message":
		if text := chat.OptText(s); text != nil {
			n.user = text
		}
	case "assistant_message":
		keys.Once(s, 3)
		n.assistant = chat.OptText(s)
	case "thoughts":
		keys.Once(s, 4)
		n.readThoughts(s)
	case "action_steps":
		keys.Once(s, 5)
		n.readSteps(s)
	case "action":
		keys.Once(s, 6)
		if s.Kind() == jsonscan.Object {
			n.step(0).readAction(s)
		}
	case "output", "observation":
		keys.Once(s, 7)
		if s.Kind() == jsonscan.Object {
			n.step(0).readObservation(s)
		}
	case "reward":
		keys.Once(s, 8)
		n.readReward(s)
	case "error":
		keys.Once(s, 9)
		n.failure = chat.OptText(s)
	case "completions":
		keys.Once(s, 10)
		n.readCompletions(s)
	case "file_context":
		keys.Once(s, 11)
		n.readFiles(s)
	case "possible_actions", "timestamp", "max_expansions", "artifact_changes": // see the fates
	default:
		n.rest.Keep(s, key)
	}
}

func (n *node) readThoughts(s *jsonscan.Scanner) {
	text := chat.OptText(s)
	if s.Kind() == jsonscan.Object {
		for key := range s.Fields() {
			if key == "text" {
				text = chat.OptText(s)
			}
		}
	}
	if n.assistant == nil {
		n.assistant = text
	} else if text != nil {
		n.rest.Set("thoughts", *text)
	}
}

// step returns the i-th step, which is made where it is not there yet: a node
// that writes its action twice writes the same one.
func (n *node) step(i int) *actionStep {
	for len(n.steps) <= i {
		n.steps = append(n.steps, actionStep{})
	}
	return &n.steps[i]
}

func (n *node) readSteps(s *jsonscan.Scanner) {
	for i := range s.Elements() {
		if i == chat.MaxToolCalls {
			s.Fail(chat.ErrToolCalls)
			return
		}
		if s.Kind() != jsonscan.Object {
			continue
		}
		st := n.step(i)
		for key := range s.Fields() {
			switch {
			case key == "action" && s.Kind() == jsonscan.Object:
				st.readAction(s)
			case key == "observation" && s.Kind() == jsonscan.Object:
				st.readObservation(s)
			case key == "completion" && s.Kind() == jsonscan.Object:
				n.readCompletion(s)
			case key == "completions" && s.Kind() == jsonscan.Object:
				n.readCompletions(s)
			default:
				st.rest.Keep(s, key)
			}
		}
	}
}

// readAction keeps the action as it is written and finds its name in it.
func (st *actionStep) readAction(s *jsonscan.Scanner) {
	st.call.Arguments = s.RawText()
	in, name, class := jsonscan.New([]byte(st.call.Arguments)), "", ""
	for key := range in.Fields() {
		switch key {
		case "name", "action_name":
			name = chat.OrEmpty(chat.OptText(in))
		case "action_args_class":
			class = chat.OrEmpty(chat.OptText(in))
		}
	}
	if s.Err() == nil && in.Err() != nil {
		s.Fail(in.Err())
	}
	if s.Err() != nil {
		return
	}
	if name == "" {
		class = class[strings.LastIndex(class, ".")+1:]
		name = strings.TrimSuffix(strings.TrimSuffix(class, "Args"), "ActionArguments")
	}
	st.call.Name = name
}

func (st *actionStep) readObservation(s *jsonscan.Scanner) {
	st.observed = true
	for key := range s.Fields() {
		switch key {
		case "message":
			st.observation = chat.OptText(s)
		case "execution_completion": // see the fates
		default:
			st.rest.Keep(s, key)
		}
	}
}

func (n *node) readReward(s *jsonscan.Scanner) {
	if s.Kind() == jsonscan.Number {
		n.reward = s.OptFloat()
		return
	}
	if s.Kind() != jsonscan.Object {
		return
	}
	var rest chat.Rest
	for key := range s.Fields() {
		if key == "value" && s.Kind() == jsonscan.Number {
			n.reward = s.OptFloat()
			continue
		}
		rest.Keep(s, key)
	}
	n.rest.SetJSON("reward", rest.JSON())
}

// readCompletions reads the calls of models at a node, by what they were for.
func (n *node) readCompletions(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for range s.Fields() {
		if s.Kind() == jsonscan.Object {
			n.readCompletion(s)
		}
	}
}

// readCompletion takes model and usage out of a call: its own, or that of its
// attempts.
func (n *node) readCompletion(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch {
		case key == "model":
			if model := chat.OrEmpty(chat.OptText(s)); n.model == "" {
				n.model = model
			}
		case key == "usage" && s.Kind() == jsonscan.Object:
			n.readUsage(s)
		case key == "attempts" && s.Kind() == jsonscan.Array:
			for range s.Elements() {
				if s.Kind() != jsonscan.Object {
					continue
				}
				for key := range s.Fields() {
					if key == "usage" && s.Kind() == jsonscan.Object {
						n.readUsage(s)
					}
				}
			}
		}
	}
}

func (n *node) readUsage(s *jsonscan.Scanner) {
	var prompt, completion *int64
	var cost *float64
	for key := range s.Fields() {
		switch key {
		case "prompt_tokens":
			prompt = s.OptInt()
		case "completion_tokens":
			completion = s.OptInt()
		case "completion_cost":
			cost = s.OptFloat()
		}
	}
	n.tally.add(prompt, completion, cost)
}

// readFiles joins the patches of the files at a node.
func (n *node) readFiles(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	var patches chat.Texts
	for key := range s.Fields() {
		if key != "files" || s.Kind() != jsonscan.Array {
			continue
		}
		for range s.Elements() {
			if s.Kind() != jsonscan.Object {
				continue
			}
			for key := range s.Fields() {
				if key != "patch" {
					continue
				}
				if patch := strings.TrimRight(chat.OrEmpty(chat.OptText(s)), "\n"); patch != "" {
					patch += "\n"
					patches.Add(&patch)
				}
			}
		}
	}
	n.patch = patches.Join("")
}
