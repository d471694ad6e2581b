package openhands

import (
	"path"
	"strconv"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// A row is one attempt of an evaluation, or the events of one session.
type row struct {
	instanceID  string
	attempt     *int64
	patch       *string // test_result.git_patch
	topPatch    *string // git_patch
	predicted   *string // model_patch
	predictor   string  // model_name_or_path
	baseCommit  string
	instruction *string
	failure     *string // error
	dialogue    dialogue
	events      int
	rawTools    *string // raw_completions.tools
	raw         []chat.Message
	metadata    metadata
	metrics     metrics
	task        task
	claims      chat.Rest
	rest        chat.Rest
}

type metadata struct {
	model    string
	dataset  string
	runName  string // the folder of the evaluation's output
	commit   string // of the scaffold
	sampling chat.Sampling
	rest     chat.Rest
}

type metrics struct {
	cost  *float64
	total tokens
	sum   chat.Tally // of the calls
	calls *int64
	rest  chat.Rest
}

// A task is what a row repeats of its data set's row.
type task struct {
	instanceID, repo, baseCommit, language, created, license, image string
	rest                                                            chat.Rest
}

func (r *row) read(s *jsonscan.Scanner) {
	if s.Kind() == jsonscan.Array {
		r.readHistory(s)
		s.End()
		return
	}
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "history", "trajectory":
			keys.Once(s, 0)
			r.readHistory(s)
		case "instance_id":
			keys.Once(s, 1)
			r.instanceID = chat.OrEmpty(chat.OptText(s))
		case "test_result":
			keys.Once(s, 2)
			r.readResult(s)
		case "git_patch":
			keys.Once(s, 3)
			r.topPatch = chat.OptText(s)
		case "instruction":
			keys.Once(s, 4)
			r.instruction = chat.OptText(s)
		case "metadata":
			keys.Once(s, 5)
			r.metadata.read(s)
		case "metrics":
			keys.Once(s, 6)
			r.metrics.read(s)
		case "instance", "swe_instance":
			keys.Once(s, 7)
			r.task.read(s)
		case "error":
			keys.Once(s, 8)
			r.readError(s)
		case "issue":
			keys.Once(s, 9)
			r.readIssue(s)
		case "raw_completions":
			keys.Once(s, 10)
			r.readCompletions(s)
		default:
			r.readRest(s, key)
		}
	}
	s.End()
}

func (r *row) readRest(s *jsonscan.Scanner, key string) {
	switch key {
	case "attempt":
		r.attempt = chat.OptInt(s)
	case "base_commit":
		r.baseCommit = chat.OrEmpty(chat.OptText(s))
	case "model_patch":
		r.predicted = chat.OptText(s)
	case "model_name_or_path":
		r.predictor = chat.OrEmpty(chat.OptText(s))
	case "report", "resolved", "fine_grained_report", "success", "comment_success", "result_explanation", "test_output", "eval_logs":
		r.claims.Keep(s, key)
	default:
		r.rest.Keep(s, key)
	}
}

// readLines reads the events of a session, one a line.
func (r *row) readLines(s *jsonscan.Scanner) {
	for s.More() {
		if r.events++; r.events > chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return
		}
		r.dialogue.read(s)
	}
}

// readHistory reads a flat list of events, or a list of pairs of them.
func (r *row) readHistory(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Array {
		return
	}
	for range s.Elements() {
		if r.events++; r.events > chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return
		}
		switch s.Kind() {
		case jsonscan.Array:
			r.readHistory(s)
		case jsonscan.Object:
			r.dialogue.read(s)
		}
	}
}

// read takes an event of any generation.
func (d *dialogue) read(s *jsonscan.Scanner) {
	before := s.Repaired()
	var all fields
	all.takeAll(s, "")
	if all.text(s, "kind") != nil {
		var e sdkEvent
		e.read(s, all)
		d.addSDK(&e)
	} else {
		var e event
		e.read(s, all)
		d.add(s, &e)
	}
	if n := s.Repaired() - before; n > 0 && len(d.messages) > 0 && s.Err() == nil {
		chat.Note(&d.messages[len(d.messages)-1], "invalid_utf8", n)
	}
}

// readResult takes the patch out of what an evaluation returns; the rest are
// claims.
func (r *row) readResult(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		r.claims.Keep(s, "test_result")
		return
	}
	for key := range s.Fields() {
		switch {
		case key == "git_patch" && s.Kind() == jsonscan.String:
			r.patch = s.OptStr()
		default:
			r.claims.Keep(s, key)
		}
	}
}

func (r *row) readError(s *jsonscan.Scanner) {
	if s.Kind() == jsonscan.String {
		r.failure = s.OptStr()
		return
	}
	r.rest.Keep(s, "error")
}

// readIssue names the instance of a run that was given an issue of a repository.
func (r *row) readIssue(s *jsonscan.Scanner) {
	var issue fields
	issue.takeAll(s, "issue")
	var number *int64
	issue.at(s, "number", func() { number = chat.OptInt(s) })
	owner, repo := chat.OrEmpty(issue.text(s, "owner")), chat.OrEmpty(issue.text(s, "repo"))
	if owner != "" && repo != "" && number != nil {
		r.task.repo = owner + "/" + repo
		r.task.instanceID = owner + "__" + repo + "-" + strconv.FormatInt(*number, 10)
	}
	var rest chat.Rest
	issue.each(s, func(f *field) { rest.Keep(s, f.key) })
	r.rest.SetJSON("issue", rest.JSON())
}

// readCompletions reads the last prompt, for rows that hold it instead of events.
func (r *row) readCompletions(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		switch {
		case key == "tools" && s.Kind() == jsonscan.Array:
			tools := string(chat.Canonical(s.Raw()))
			r.rawTools = &tools
		case key == "messages" && s.Kind() == jsonscan.Array:
			r.raw = readMessages(s)
		}
	}
}

func readMessages(s *jsonscan.Scanner) (all []chat.Message) {
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return nil
		}
		var m chat.Message
		for key := range s.Fields() {
			m.Field(s, key)
		}
		m.End(s)
		m.ContentRaw = nil // belongs to the document
		all = append(all, m)
	}
	return all
}

func (m *metadata) read(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		switch key {
		case "llm_config", "llm":
			m.readModel(s)
		case "dataset":
			m.dataset = chat.OrEmpty(chat.OptText(s))
		case "eval_output_dir":
			if dir := chat.OptText(s); dir != nil {
				m.runName = path.Base(path.Clean(*dir))
				m.rest.Set("eval_output_dir", *dir)
			}
		case "git_commit":
			m.commit = chat.OrEmpty(chat.OptText(s))
		case "agent_config", "condenser_config", "critic", "lmnr": // hold configurations of models
		default:
			if !m.sampling.Keep(s, key) {
				m.rest.Keep(s, key)
			}
		}
	}
}

func (m *metadata) readModel(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		if key == "model" {
			m.model = chat.OrEmpty(chat.OptText(s))
			continue
		}
		m.sampling.Keep(s, key)
	}
}

func (m *metrics) read(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		switch key {
		case "accumulated_cost":
			m.cost = chat.OptFloat(s)
		case "accumulated_token_usage":
			m.readTotal(s)
		case "token_usages", "costs", "response_latencies":
			m.readCalls(s, key == "token_usages")
		default:
			m.rest.Keep(s, key)
		}
	}
}

// readTotal reads a sum of tokens; what providers count beside prompt and
// completion is kept.
func (m *metrics) readTotal(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	var more chat.Rest
	for key := range s.Fields() {
		if !m.total.read(s, key) && s.Kind() == jsonscan.Number {
			more.Keep(s, key)
		}
	}
	m.rest.SetJSON("accumulated_token_usage", more.JSON())
}

// readCalls counts the calls of a list with one element for each.
func (m *metrics) readCalls(s *jsonscan.Scanner, usages bool) {
	if s.Kind() != jsonscan.Array {
		return
	}
	var n int64
	for range s.Elements() {
		n++
		if usages {
			one := readTokens(s)
			m.sum.Tokens(one.prompt, one.completion)
		}
	}
	if m.calls == nil || n > *m.calls {
		m.calls = &n
	}
}

func (t *task) read(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	texts := map[string]*string{"instance_id": &t.instanceID, "repo": &t.repo, "base_commit": &t.baseCommit, "language": &t.language,
		"repo_language": &t.language, "created_at": &t.created, "license": &t.license, "license_name": &t.license,
		"image_name": &t.image, "docker_image": &t.image, "image": &t.image}
	for key := range s.Fields() {
		if dst := texts[key]; dst != nil && s.Kind() == jsonscan.String {
			*dst = s.Str()
			continue
		}
		switch key {
		case "problem_statement", "hints_text", "patch", "test_patch", "FAIL_TO_PASS", "PASS_TO_PASS", "FAIL_TO_FAIL", "PASS_TO_FAIL": // see fates
		default:
			t.rest.Keep(s, key)
		}
	}
}
