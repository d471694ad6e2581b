package terminalbench

import (
	"encoding/json"
	"fmt"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"github.com/swerm/swerm/internal/term"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is Terminal-Bench.
type Format struct{}

// Scaffold is how records name the harness where no agent is named.
const Scaffold = "terminal-bench"

// version rises whenever equal documents would give other records.
const version = "1"

// Name returns "terminal-bench".
func (Format) Name() string { return Scaffold }

// Neighbors lists the files of a trial and of its run that are read.
func (Format) Neighbors() []string {
	return []string{"commands.txt", "panes/*.txt", "sessions/*.log", "agent-logs/*/prompt.txt", "agent-logs/*/response.txt", "agent-logs/*/response.json",
		"../run_metadata.json", "../../run_metadata.json"}
}

// Detect claims results of one trial.
func (Format) Detect(sh format.Shape) bool {
	return !sh.Lines && sh.Key("is_resolved") != nil && sh.Key("task_id") != nil && (sh.Key("trial_name") != nil || sh.Key("parser_results") != nil)
}

// Decode reads the one attempt of a trial.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		var t trial
		if t.read(s); s.Err() != nil {
			yield(nil, fmt.Errorf("terminalbench: %w", s.Err()))
			return
		}
		r := t.record(&d)
		r.Repaired = s.Repaired()
		yield(r, nil)
	}
}

func (t *trial) record(d *format.Document) *format.Record {
	r := &format.Record{RunHint: t.run(d)}
	tr := &r.Trajectory
	instance := t.taskID
	if instance == "" {
		instance = d.Stem()
	}
	tr.InstanceID, tr.Rollout = &instance, rollout(t.trialName)
	meta := readMetadata(d)
	tr.PolicyRaw = chat.NonEmpty(meta.Model)
	tr.Scaffold, tr.Source = orElse(meta.Agent, Scaffold), orElse(meta.Dataset, Scaffold)
	tr.ExitStatus = t.failureMode
	t.dialogue(tr, d)
	t.usage(tr)
	tr.Claims = t.claim(d)
	for key, value := range map[string]string{"trial_name": t.trialName, "dataset_version": meta.Version} {
		if value != "" {
			t.rest.Set(key, value)
		}
	}
	tr.Extra = t.rest.JSON()
	tr.Origin = pipeline.Origin{Format: Scaffold, Version: version}
	return r
}

func orElse(name, other string) string {
	if name != "" {
		return name
	}
	return other
}

// run is the folder above the task's and the trial's own, as far as they are
// there. A folder's name may lack the time that the trial's ends with.
func (t *trial) run(d *format.Document) string {
	up := 0
	for _, name := range []string{t.trialName, t.taskID} {
		if folder := d.Folder(up); folder != "" && strings.HasPrefix(name, folder) {
			up++
		}
	}
	return d.Folder(up)
}

var sampleName = regexp.MustCompile(`\.(\d{1,4})-of-\d{1,4}(?:\.|$)`)

func rollout(trialName string) *int32 {
	m := sampleName.FindStringSubmatch(trialName)
	if m == nil {
		return nil
	}
	n, err := strconv.ParseInt(m[1], 10, 32)
	if err != nil {
		return nil
	}
	return chat.Int32(&n)
}

func readMetadata(d *format.Document) metadata {
	for _, name := range []string{"../../run_metadata.json", "../run_metadata.json"} {
		var m metadata
		if raw := d.Beside(name); len(raw) > 0 && json.Unmarshal(raw, &m) == nil {
			return m
		}
	}
	return metadata{}
}

func (t *trial) usage(tr *pipeline.Trajectory) {
	tr.Usage.Turns = chat.Turns(tr.Messages)
	for key, n := range map[string]struct {
		from *int64
		to   **int64
	}{"total_input_tokens": {t.prompt, &tr.Usage.PromptTokens}, "total_output_tokens": {t.completion, &tr.Usage.CompletionTokens}} {
		switch {
		case n.from == nil:
		case *n.from == 0:
			t.rest.Set(key, 0) // nobody counted
		default:
			*n.to = n.from
		}
	}
	for _, who := range []string{"agent", "trial"} {
		var clock chat.Clock
		clock.See(t.stamps[who+"_started_at"])
		clock.See(t.stamps[who+"_ended_at"])
		if tr.Usage.WallSeconds = clock.Seconds(); tr.Usage.WallSeconds != nil {
			return
		}
	}
}

// maxOutputBytes bounds how much of the tests' output a claim carries.
const maxOutputBytes = 256 << 10

// claim is what the trial says of its success.
func (t *trial) claim(d *format.Document) *string {
	if t.failureMode != nil {
		t.claims.Set("failure_mode", *t.failureMode)
	}
	for _, name := range []string{"sessions/tests.log", "panes/post-test.txt"} {
		if out := d.Beside(name); len(out) > 0 {
			t.claims.Set("test_output", valid(out[:min(len(out), maxOutputBytes)]))
			break
		}
	}
	return t.claims.JSON()
}

func valid(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }

// dialogue builds what is known of the run: the agent's own log, else keys and
// terminal.
func (t *trial) dialogue(tr *pipeline.Trajectory, d *format.Document) {
	if t.episodes(tr, d) {
		return
	}
	if t.instruction != nil {
		tr.Messages = append(tr.Messages, pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindIssue, Content: t.instruction})
	}
	t.keystrokes(tr, d)
	if m, ok := terminal(d); ok {
		tr.Messages = append(tr.Messages, m)
	}
}

// episodes reads the turns that agents of the harness log one a folder, counted
// from 0. The first prompt holds the instruction.
func (t *trial) episodes(tr *pipeline.Trajectory, d *format.Document) bool {
	acted := false
	for i := range chat.MaxMessages {
		folder := fmt.Sprintf("agent-logs/episode-%d", i)
		prompt := d.Beside(folder + "/prompt.txt")
		answer := d.Beside(folder + "/response.txt")
		if len(answer) == 0 {
			answer = d.Beside(folder + "/response.json")
		}
		if len(prompt) == 0 && len(answer) == 0 {
			break
		}
		if len(prompt) > 0 {
			t.prompted(tr, valid(prompt), i == 0)
		}
		if len(answer) > 0 {
			text := valid(answer)
			tr.Messages = append(tr.Messages, pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: &text})
			acted = true
		}
	}
	if !acted {
		tr.Messages = nil
	}
	return acted
}

func (t *trial) prompted(tr *pipeline.Trajectory, prompt string, first bool) {
	m := pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindObservation, Content: &prompt}
	if first {
		m.Kind = pipeline.KindIssue
		if task := strings.TrimSpace(chat.OrEmpty(t.instruction)); !strings.Contains(prompt, task) {
			chat.Note(&m, "instruction", task)
		}
	}
	tr.Messages = append(tr.Messages, m)
}

// keystrokes makes an action of each line that the policy typed.
func (t *trial) keystrokes(tr *pipeline.Trajectory, d *format.Document) {
	var harness []string
	for line := range strings.Lines(valid(d.Beside("commands.txt"))) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || len(tr.Messages) >= chat.MaxMessages {
			continue
		}
		keys, ok := parseKeys(line)
		if ofHarness(append(keys, line)) {
			harness = append(harness, line)
			continue
		}
		m := pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction}
		if ok {
			m.ToolCalls = []pipeline.ToolCall{{Name: "send_keys", Arguments: keysJSON(keys)}}
		} else {
			m.Content = &line
		}
		tr.Messages = append(tr.Messages, m)
	}
	if len(harness) > 0 {
		t.rest.Set("harness_keys", harness)
	}
}

// terminal is what the terminal showed: the log of the session, or the pane as
// it was after the agent.
func terminal(d *format.Document) (pipeline.Message, bool) {
	m := pipeline.Message{Role: pipeline.RoleTool, Kind: pipeline.KindObservation}
	for _, name := range []string{"sessions/agent.log", "panes/post-agent.txt"} {
		out := d.Beside(name)
		if len(out) == 0 {
			continue
		}
		raw := valid(out)
		text := term.Text(raw)
		m.Content = &text
		if text != raw {
			m.RawOutput = &raw
		}
		return m, true
	}
	return m, false
}
