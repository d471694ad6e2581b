package atif

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
)

// trialFolders are where a trial's own files lie, seen from its trajectory:
// above agent/, and above agent/ of one of several steps.
var trialFolders = []string{"../", "../../../", ""}

// maxOutputBytes bounds how much of a test's output a claim carries.
const maxOutputBytes = 256 << 10

// Neighbors lists the files of a trial that are read with its trajectory.
func (Format) Neighbors() []string {
	var all []string
	for _, dir := range trialFolders {
		all = append(all, dir+"result.json", dir+"verifier/reward.txt", dir+"verifier/test-stdout.txt")
	}
	return all
}

// findTrial reads the trial around a document, nil where there is none.
func findTrial(d *format.Document) *trial {
	for _, dir := range trialFolders {
		raw := bytes.ToValidUTF8(d.Beside(dir+"result.json"), []byte("\uFFFD"))
		var t trial
		if len(raw) == 0 || json.Unmarshal(raw, &t) != nil || t.TaskName == "" && t.TrialName == "" {
			continue
		}
		t.dir = dir
		return &t
	}
	return nil
}

// describe names a run by its trial, and by its file where there is none.
func (t *trial) describe(r *format.Record, d *format.Document) {
	if t == nil {
		if chat.OrEmpty(r.InstanceID) == "" {
			stem := d.Stem()
			r.InstanceID = &stem
		}
		r.RunHint = d.Folder(0)
		return
	}
	if t.TaskName != "" {
		r.InstanceID = &t.TaskName
	} else if chat.OrEmpty(r.InstanceID) == "" {
		r.InstanceID = &t.TrialName
	}
	r.Source = t.Source
	r.RunHint = d.Folder(1 + strings.Count(t.dir, "../"))
	if r.Scaffold == "atif" && t.AgentInfo.Name != "" {
		r.Scaffold = t.AgentInfo.Name
	}
	if r.PolicyRaw == nil {
		r.PolicyRaw = chat.NonEmpty(t.model())
	}
	t.usage(r)
	if t.Exception != nil {
		r.ExitStatus = chat.NonEmpty(t.Exception.Type)
	}
	r.Claims = t.claims(d)
	r.Extra = t.note(r.Extra)
}

func (t *trial) model() string {
	m := t.AgentInfo.ModelInfo
	switch {
	case m == nil:
		return ""
	case m.Provider == "":
		return m.Name
	}
	return m.Provider + "/" + m.Name
}

func (t *trial) usage(r *format.Record) {
	u := &r.Usage
	if a := t.AgentResult; a != nil {
		if u.PromptTokens == nil {
			u.PromptTokens = a.InputTokens
		}
		if u.CompletionTokens == nil {
			u.CompletionTokens = a.OutputTokens
		}
		if u.CostUSD == nil {
			u.CostUSD = a.CostUSD
		}
	}
	if u.WallSeconds == nil {
		var clock chat.Clock
		clock.See(t.StartedAt)
		clock.See(t.FinishedAt)
		u.WallSeconds = clock.Seconds()
	}
}

// claims are what the verifier said, under the names that the trial uses.
func (t *trial) claims(d *format.Document) *string {
	var c chat.Rest
	reward := bytes.TrimSpace(bytes.ToValidUTF8(d.Beside(t.dir+"verifier/reward.txt"), nil))
	switch v := t.VerifierResult; {
	case len(v) > 0 && string(v) != "null":
		c.Set("verifier_result", v)
	case len(reward) > 0 && json.Valid(reward): // what a result is made of
		c.Set("verifier_result", map[string]any{"rewards": map[string]any{"reward": json.RawMessage(reward)}})
	}
	if t.Exception != nil {
		c.Set("exception_info", t.Exception)
	}
	if out := d.Beside(t.dir + "verifier/test-stdout.txt"); len(out) > 0 {
		c.Set("test_output", strings.ToValidUTF8(string(out[:min(len(out), maxOutputBytes)]), "\uFFFD"))
	}
	return c.JSON()
}

// note adds what the trial says that has no column.
func (t *trial) note(extra *string) *string {
	var rest chat.Rest
	rest.Add(extra)
	for key, value := range map[string]string{"trial_name": t.TrialName, "task_checksum": t.Checksum, "started_at": t.StartedAt, "finished_at": t.FinishedAt} {
		if value != "" {
			rest.Set(key, value)
		}
	}
	if a := t.AgentResult; a != nil && a.CacheTokens != nil {
		rest.Set("n_cache_tokens", *a.CacheTokens)
	}
	return rest.JSON()
}
