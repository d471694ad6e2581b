package dataset

import "github.com/swerm/swerm/pipeline"

// The columns of every kind, in the order they have on disk. Names are public:
// SQL over the parts uses them, and so do ReadOptions.Columns.

type (
	traj    = pipeline.Trajectory
	message = pipeline.Message
	call    = pipeline.ToolCall
	usage   = pipeline.Usage
	origin  = pipeline.Origin
)

func trajectoryColumns() []column[traj] {
	return []column[traj]{
		text("trajectory_id", func(t *traj) *string { return &t.ID }),
		optText("instance_id", func(t *traj) **string { return &t.InstanceID }),
		few(optText("repo", func(t *traj) **string { return &t.Repo })),
		optText("base_commit", func(t *traj) **string { return &t.BaseCommit }),
		text("task_id", func(t *traj) *string { return &t.TaskID }),
		few(text("source", func(t *traj) *string { return &t.Source })),
		few(text("policy", func(t *traj) *string { return &t.Policy })),
		few(optText("policy_raw", func(t *traj) **string { return &t.PolicyRaw })),
		few(text("scaffold", func(t *traj) *string { return &t.Scaffold })),
		few(optText("run", func(t *traj) **string { return &t.Run })),
		optNumber("rollout", func(t *traj) **int32 { return &t.Rollout }),
		optNumber("attempt", func(t *traj) **int32 { return &t.Attempt }),
		optText("parent_id", func(t *traj) **string { return &t.ParentID }),
		few(optText("language", func(t *traj) **string { return &t.Language })),
		optText("created_at", func(t *traj) **string { return &t.CreatedAt }),
		few(optText("license", func(t *traj) **string { return &t.License })),
		few(optText("environment", func(t *traj) **string { return &t.Environment })),
		few(optText("sampling", func(t *traj) **string { return &t.Sampling })),
		owned(list("messages", func(t *traj) *[]message { return &t.Messages }, messageColumns()...)),
		few(owned(optText("tools", func(t *traj) **string { return &t.Tools }))),
		owned(optText("patch", func(t *traj) **string { return &t.Patch })),
		few(optText("exit_status", func(t *traj) **string { return &t.ExitStatus })),
		group("usage", func(t *traj) *usage { return &t.Usage }, usageColumns()...),
		owned(optText("claims", func(t *traj) **string { return &t.Claims })),
		owned(optText("extra", func(t *traj) **string { return &t.Extra })),
		group("origin", func(t *traj) *origin { return &t.Origin }, originColumns()...),
	}
}

func messageColumns() []column[message] {
	return []column[message]{
		few(text("role", func(m *message) *pipeline.Role { return &m.Role })),
		few(text("kind", func(m *message) *pipeline.MessageKind { return &m.Kind })),
		optText("content", func(m *message) **string { return &m.Content }),
		optText("reasoning", func(m *message) **string { return &m.Reasoning }),
		optText("raw_output", func(m *message) **string { return &m.RawOutput }),
		optNumber("return_code", func(m *message) **int32 { return &m.ReturnCode }),
		few(optText("name", func(m *message) **string { return &m.Name })),
		optText("tool_call_id", func(m *message) **string { return &m.ToolCallID }),
		list("tool_calls", func(m *message) *[]call { return &m.ToolCalls },
			optText("id", func(c *call) **string { return &c.ID }),
			few(text("name", func(c *call) *string { return &c.Name })),
			text("arguments", func(c *call) *string { return &c.Arguments })),
		optBool("mask", func(m *message) **bool { return &m.Mask }),
		optNumber("reward", func(m *message) **float64 { return &m.Reward }),
		optText("extra", func(m *message) **string { return &m.Extra }),
	}
}

func usageColumns() []column[usage] {
	return []column[usage]{
		optNumber("turns", func(u *usage) **int32 { return &u.Turns }),
		optNumber("api_calls", func(u *usage) **int32 { return &u.APICalls }),
		optNumber("cost_usd", func(u *usage) **float64 { return &u.CostUSD }),
		optNumber("prompt_tokens", func(u *usage) **int64 { return &u.PromptTokens }),
		optNumber("completion_tokens", func(u *usage) **int64 { return &u.CompletionTokens }),
		optNumber("wall_seconds", func(u *usage) **float64 { return &u.WallSeconds }),
	}
}

func originColumns() []column[origin] {
	return []column[origin]{
		text("uri", func(o *origin) *string { return &o.URI }),
		number("row", func(o *origin) *int64 { return &o.Row }),
		text("content_hash", func(o *origin) *string { return &o.ContentHash }),
		few(text("format", func(o *origin) *string { return &o.Format })),
		few(text("version", func(o *origin) *string { return &o.Version })),
	}
}

func labelColumns() []column[pipeline.Label] {
	type label = pipeline.Label
	return []column[label]{
		text("trajectory_id", func(l *label) *string { return &l.TrajectoryID }),
		optText("patch_hash", func(l *label) **string { return &l.PatchHash }),
		few(text("verdict", func(l *label) *pipeline.Verdict { return &l.Verdict })),
		few(text("reason", func(l *label) *string { return &l.Reason })),
		optNumber("pass_rate", func(l *label) **float64 { return &l.PassRate }),
		optNumber("runs", func(l *label) **int32 { return &l.Runs }),
		few(text("rules", func(l *label) *string { return &l.Rules })),
		few(text("rules_version", func(l *label) *string { return &l.RulesVersion })),
		few(text("parser", func(l *label) *string { return &l.Parser })),
		few(text("parser_version", func(l *label) *string { return &l.ParserVersion })),
		few(text("harness", func(l *label) *string { return &l.Harness })),
		few(text("harness_version", func(l *label) *string { return &l.HarnessVersion })),
		optNumber("f2p_pass", func(l *label) **int32 { return &l.F2PPass }),
		optNumber("f2p_total", func(l *label) **int32 { return &l.F2PTotal }),
		optNumber("p2p_pass", func(l *label) **int32 { return &l.P2PPass }),
		optNumber("p2p_total", func(l *label) **int32 { return &l.P2PTotal }),
		optText("status_hash", func(l *label) **string { return &l.StatusHash }),
		texts("findings", func(l *label) *[]string { return &l.Findings }),
		optText("evidence_key", func(l *label) **string { return &l.EvidenceKey }),
	}
}

func selectionColumns() []column[pipeline.Selection] {
	type sel = pipeline.Selection
	return []column[sel]{
		text("trajectory_id", func(s *sel) *string { return &s.TrajectoryID }),
		few(text("part", func(s *sel) *string { return &s.Part })),
		number("row", func(s *sel) *int64 { return &s.Row }),
		number("count", func(s *sel) *int32 { return &s.Count }),
		few(text("split", func(s *sel) *string { return &s.Split })),
		number("scale", func(s *sel) *int64 { return &s.Scale }),
		few(text("task_id", func(s *sel) *string { return &s.TaskID })),
		few(optText("repo", func(s *sel) **string { return &s.Repo })),
		few(text("source", func(s *sel) *string { return &s.Source })),
		few(text("policy", func(s *sel) *string { return &s.Policy })),
		few(text("scaffold", func(s *sel) *string { return &s.Scaffold })),
		few(text("verdict", func(s *sel) *pipeline.Verdict { return &s.Verdict })),
	}
}

func tokenColumns() []column[pipeline.TokenRow] {
	type row = pipeline.TokenRow
	return []column[row]{
		text("trajectory_id", func(r *row) *string { return &r.TrajectoryID }),
		text("task_id", func(r *row) *string { return &r.TaskID }),
		owned(int32Lists("ids", func(r *row) *[]int32 { return &r.IDs })),
		number("tokens_full", func(r *row) *int32 { return &r.TokensFull }),
		number("tokens_elided", func(r *row) *int32 { return &r.TokensElided }),
		number("segments", func(r *row) *int32 { return &r.Segments }),
		few(text("overflow", func(r *row) *string { return &r.Overflow })),
	}
}

func scoreColumns() []column[pipeline.Score] {
	type score = pipeline.Score
	return []column[score]{
		text("trajectory_id", func(s *score) *string { return &s.TrajectoryID }),
		text("task_id", func(s *score) *string { return &s.TaskID }),
		optNumber("logit_yes", func(s *score) **float64 { return &s.LogitYes }),
		optNumber("logit_no", func(s *score) **float64 { return &s.LogitNo }),
		optNumber("logit_rest", func(s *score) **float64 { return &s.LogitRest }),
		optNumber("score", func(s *score) **float64 { return &s.Score }),
		few(text("reason", func(s *score) *string { return &s.Reason })),
		number("tokens_read", func(s *score) *int32 { return &s.TokensRead }),
		number("tokens_full", func(s *score) *int32 { return &s.TokensFull }),
	}
}
