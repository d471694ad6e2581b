package r2egym

import (
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

func (d *document) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "trajectory_steps":
			keys.Once(s, 0)
			d.readSteps(s)
		case "problem_statement":
			keys.Once(s, 1)
			d.problem = chat.OptText(s)
		case "docker_image":
			keys.Once(s, 2)
			d.image = chat.OrEmpty(chat.OptText(s))
		case "exp_name":
			keys.Once(s, 3)
			d.experiment = chat.OrEmpty(chat.OptText(s))
		case "exit_reason":
			keys.Once(s, 4)
			d.exit = chat.OptText(s)
		case "output_patch":
			keys.Once(s, 5)
			d.patch = chat.OptText(s)
		case "reward":
			keys.Once(s, 6)
			d.reward = chat.OptFloat(s)
		case "test_output":
			keys.Once(s, 7)
			d.testOutput = chat.OptText(s)
		case "agent_args":
			keys.Once(s, 8)
			d.agent.read(s)
		case "ds":
			keys.Once(s, 9)
			d.task.read(s)
		case "env_args":
			keys.Once(s, 10)
			d.readEnvironment(s)
		default:
			d.readRest(s, key)
		}
	}
	s.End()
}

func (d *document) readRest(s *jsonscan.Scanner, key string) {
	switch key {
	case "max_steps", "max_steps_absolute", "max_token_limit", "max_llm_time", "max_exec_time", "max_total_time", "temperature":
		d.limits.Keep(s, key)
	case "regression_test_output", "custom_test_outputs", "verifier_prob", "reproduction_test_scores":
		d.claims.Keep(s, key)
	default:
		d.rest.Keep(s, key)
	}
}

func (d *document) readSteps(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Array {
		return
	}
	for i := range s.Elements() {
		if i == chat.MaxMessages/2 {
			s.Fail(chat.ErrMessages)
			return
		}
		var st step
		st.read(s)
		d.steps = append(d.steps, st)
	}
}

func (st *step) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "thought":
			keys.Once(s, 0)
			st.thought = chat.OptText(s)
		case "action":
			keys.Once(s, 1)
			st.action = chat.OptText(s)
		case "observation":
			keys.Once(s, 2)
			st.observation = chat.OptText(s)
		case "assistant_message":
			keys.Once(s, 3)
			st.readSaid(s)
		case "reasoning", "reasoning_content":
			st.reasoning = chat.OptText(s)
		case "reward":
			st.reward = chat.OptFloat(s)
		default:
			st.readMeasures(s, key)
		}
	}
}

// readSaid reads what the policy wrote: its text, or the message of a provider
// that calls functions.
func (st *step) readSaid(s *jsonscan.Scanner) {
	switch s.Kind() {
	case jsonscan.String:
		st.said = &chat.Message{Content: s.OptStr()}
	case jsonscan.Object:
		st.said = &chat.Message{Role: "assistant"}
		for key := range s.Fields() {
			st.said.Field(s, key)
		}
		st.said.End(s)
		st.said.ContentRaw = nil // belongs to the document
	}
}

func (st *step) readMeasures(s *jsonscan.Scanner, key string) {
	switch key {
	case "step_idx", "step_count", "done", "token_usage_total", "llm_exec_time", "env_exec_time", "total_step_time": // see fates
	case "token_usage_prompt":
		st.prompt = chat.OptInt(s)
	case "token_usage_completion":
		st.completion = chat.OptInt(s)
	case "total_time_traj":
		st.total = chat.OptFloat(s)
	case "info":
		if s.Kind() == jsonscan.Object {
			for name := range s.Fields() {
				st.rest.Keep(s, name)
			}
			return
		}
		st.rest.Keep(s, key)
	default:
		st.rest.Keep(s, key)
	}
}

func (a *agent) read(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		switch key {
		case "llm_name":
			a.model = chat.OrEmpty(chat.OptText(s))
		case "local_model_path":
			a.local = chat.OrEmpty(chat.OptText(s))
		case "system_prompt":
			a.system = chat.OptText(s)
		case "llm_base_url", "other_args": // may hold credentials
		default:
			a.rest.Keep(s, key)
		}
	}
}

// readEnvironment reads the task again, for rows that hold it there alone.
func (d *document) readEnvironment(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		if key == "ds" {
			d.task.read(s)
		}
	}
}

func (t *task) read(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	texts := map[string]*string{"instance_id": &t.instance, "repo": &t.repo, "repo_name": &t.repoName, "base_commit": &t.baseCommit,
		"commit_hash": &t.commit, "language": &t.language, "repo_language": &t.language, "created_at": &t.created,
		"license": &t.license, "license_name": &t.license}
	for key := range s.Fields() {
		if dst := texts[key]; dst != nil && s.Kind() == jsonscan.String && *dst == "" {
			*dst = s.Str()
		}
	}
}
