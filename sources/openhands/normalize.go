package openhands

import (
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// argumentNames are the args of actions that a policy chooses. Beside a call
// they repeat its arguments; without one they are the call.
var argumentNames = []string{"command", "code", "path", "content", "start", "end", "file_text", "old_str", "new_str", "insert_line", "view_range",
	"url", "browser_actions", "agent", "inputs", "name", "arguments", "task_list", "final_thought", "task_completed", "outputs", "is_input", "return_axtree"}

// scaffoldArgs are the args that the scaffold adds to every action of a kind.
var scaffoldArgs = []string{"blocking", "hidden", "confirmation_state", "is_confirmed", "is_static", "keep_prompt", "cwd", "impl_source", "action_risk",
	"wait_for_response", "translated_ipython_code", "kernel_init_code", "include_extra", "browsergym_send_msg_to_user"}

// scaffoldExtras are the extras that repeat the call or the file it changed.
var scaffoldExtras = []string{"command", "command_id", "code", "path", "hidden", "impl_source", "prev_exist", "old_content", "new_content", "diff", "_diff_cache",
	"screenshot", "set_of_marks", "dom_object", "axtree_object", "extra_element_properties", "active_page_index", "focused_element_bid",
	"metadata", "exit_code", "formatted_output_and_error"}

// add takes one event of the flat stream.
func (d *dialogue) add(s *jsonscan.Scanner, e *event) {
	d.clock.See(e.timestamp)
	switch {
	case e.observation != "":
		d.observe(s, e)
	case e.action != "":
		d.act(s, e)
	default:
		d.scaffold(s, e, nil)
	}
}

func (d *dialogue) act(s *jsonscan.Scanner, e *event) {
	content := e.args.text(s, "content")
	if content == nil {
		content = e.content // the first producers
	}
	switch e.action {
	case "null", "change_agent_state", "start", "pause", "resume", "stop", "recall":
		return // of the program around the run; what a recall found is an observation
	case "system":
		d.system(s, e, content)
		return
	case "message":
		if e.source == "user" || e.source == "" && (!d.issue || d.awaits()) {
			var rest chat.Rest
			e.leftover(s, &rest, nil, []string{"content"})
			d.user(content, &rest)
			return
		}
	case "condensation", "condensation_request", "summarize":
		d.scaffold(s, e, e.args.text(s, "summary"))
		return
	}
	if e.source == "user" || e.source == "environment" {
		d.scaffold(s, e, content) // a command that the user gave, not the policy
		return
	}
	d.turn(s, e, content)
}

func (d *dialogue) system(s *jsonscan.Scanner, e *event, content *string) {
	if f := e.args.find("tools"); f != nil && len(f.raw) > 0 && f.raw[0] == '[' {
		tools := string(chat.Canonical(f.raw))
		d.tools = &tools
	}
	if v := e.args.text(s, "openhands_version"); v != nil {
		d.version = *v
	}
	if a := e.args.text(s, "agent_class"); a != nil {
		d.agent = *a
	}
	var rest chat.Rest
	e.leftover(s, &rest, nil, []string{"content", "tools", "openhands_version", "agent_class"})
	d.say(pipeline.Message{Role: pipeline.RoleSystem, Kind: pipeline.KindSystem, Content: content}, &rest)
}

// scaffold adds an event in which neither the policy nor its environment speaks.
func (d *dialogue) scaffold(s *jsonscan.Scanner, e *event, content *string) {
	var rest chat.Rest
	if e.action != "" {
		rest.Set("action", e.action)
	}
	shown := []string{}
	if content != nil {
		shown = append(shown, "content", "summary")
	}
	e.leftover(s, &rest, nil, shown)
	d.say(pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindInterrupt, Content: content}, &rest)
}

// turn adds an action of the policy: the reply that it was taken from, or what
// the event says where no reply is recorded.
func (d *dialogue) turn(s *jsonscan.Scanner, e *event, content *string) {
	if e.action == "finish" || e.action == "reject" {
		d.exit = e.action
	}
	var rest chat.Rest
	if e.call >= 0 {
		d.replied(s, e, &rest)
		return
	}
	m := pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: content}
	shown := []string{"content"}
	if e.action != "message" {
		m.Content = e.args.text(s, "thought")
		m.ToolCalls = []pipeline.ToolCall{{Name: e.action, Arguments: e.args.object(argumentNames)}}
		shown = slices.Concat(argumentNames, []string{"thought"})
	}
	e.leftover(s, &rest, nil, shown)
	d.say(m, &rest)
}

// replied adds the provider's reply behind an action, once: a reply with several
// calls becomes several actions, and each repeats it.
func (d *dialogue) replied(s *jsonscan.Scanner, e *event, rest *chat.Rest) {
	var ref callRef
	s.At(e.call, callKey, func() { ref.read(s) })
	if m := d.expected(ref.reply); m != nil {
		e.leftover(s, rest, m, argumentNames)
		noteCall(m, ref.id, rest)
		return
	}
	var r reply
	s.At(e.call, callKey, func() { r.read(s) })
	m := pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: r.message.Content,
		Reasoning: reasoning(r.message.Reasoning, r.thinking), ToolCalls: r.message.ToolCalls}
	if !r.known {
		m.Content = e.args.text(s, "thought")
	}
	if r.model != "" {
		d.model = r.model
	}
	d.spent.Tokens(r.tokens.prompt, r.tokens.completion)
	e.complete(&m, &ref)
	e.leftover(s, rest, &m, argumentNames)
	if len(r.message.Omitted) > 0 {
		rest.Set("omitted_parts", r.message.Omitted)
	}
	d.say(m, rest)
	d.expect(ref.reply)
}

// complete adds the call of an action to a reply that does not hold it.
func (e *event) complete(m *pipeline.Message, ref *callRef) {
	if e.action == "message" {
		return
	}
	for _, c := range m.ToolCalls {
		if ref.id == nil || c.ID == nil || *c.ID == *ref.id {
			return
		}
	}
	name := e.action
	if ref.function != nil {
		name = *ref.function
	}
	m.ToolCalls = append(m.ToolCalls, pipeline.ToolCall{ID: ref.id, Name: name, Arguments: e.args.object(argumentNames)})
}

// leftover keeps the args and extras that neither the message shows nor the
// scaffold adds to everything. shown names what the caller has used.
func (e *event) leftover(s *jsonscan.Scanner, rest *chat.Rest, m *pipeline.Message, shown []string) {
	e.args.each(s, func(f *field) {
		switch {
		case slices.Contains(shown, f.key), slices.Contains(scaffoldArgs, f.key):
		case f.key == "thought":
			if t := chat.OrEmpty(chat.OptText(s)); t != "" && (m == nil || !said(m, t)) {
				rest.Set(f.key, t)
			}
		case string(f.raw) == `""` || string(f.raw) == `[]` || string(f.raw) == `{}`:
		default:
			rest.Keep(s, f.key)
		}
	})
	e.extras.each(s, func(f *field) {
		if slices.Contains(scaffoldExtras, f.key) || slices.Contains(shown, f.key) || string(f.raw) == `""` || string(f.raw) == `{}` || string(f.raw) == `[]` {
			return
		}
		rest.Keep(s, f.key)
	})
}

// said reports whether a message shows a thought: as its content, as the
// argument of a call, or as both, one below the other.
func said(m *pipeline.Message, thought string) bool {
	content := chat.OrEmpty(m.Content)
	if strings.Contains(content, thought) {
		return true
	}
	for i := range m.ToolCalls {
		arg := thoughtArgument(m.ToolCalls[i].Arguments)
		if arg != "" && (thought == arg || strings.TrimSpace(thought) == strings.TrimSpace(content+"\n"+arg)) {
			return true
		}
	}
	return false
}

func thoughtArgument(arguments string) (thought string) {
	s := jsonscan.New([]byte(arguments))
	for key := range s.Fields() {
		if key == "thought" {
			thought = chat.OrEmpty(chat.OptText(s))
		}
	}
	return thought
}
