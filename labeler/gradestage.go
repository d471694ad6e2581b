package labeler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/instance"
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/regrade"
	"github.com/swerm/swerm/labeler/report"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// gradeVersion rises whenever equal inputs would give other labels.
const gradeVersion = 2

// GradeFile is where the stage keeps its result.
const GradeFile = "grading.json"

// ReasonUnread is the reason of a label whose log, report or task could not be
// read.
const ReasonUnread = "log_not_read"

// GradeStage returns the stage "label_grade".
func GradeStage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:    "label_grade",
		Version: gradeVersion,
		Doc:     "grade the test logs that harnesses left",
		Inputs: []pipeline.Port{
			{Name: "dataset", Kind: pipeline.KindTrajectories},
			{Name: "logs", Kind: pipeline.KindRaw, Many: true},
			{Name: "tasks", Kind: pipeline.KindRaw, Optional: true, Many: true},
		},
		Output:    pipeline.KindLabels,
		NewConfig: func() pipeline.Config { return &GradeConfig{} },
		Run:       labelGrade,
	}
}

// GradeResult is what the verb prints. All but Seconds also stands beside the
// labels, in GradeFile.
type GradeResult struct {
	Labels    int64                      `json:"labels"`
	ByVerdict map[pipeline.Verdict]int64 `json:"by_verdict"`
	ByReason  map[string]int64           `json:"by_reason"`
	ByRule    map[string]int64           `json:"by_rule"` // folder, run, patch, none
	Findings  map[string]int64           `json:"findings"`
	Logs      int64                      `json:"logs"`
	Orphans   []Orphan                   `json:"orphans"` // logs that belong to no trajectory
	Unread    []report.Malformed         `json:"unread"`
	Seconds   float64                    `json:"seconds,omitempty"`
}

// Table shows the verdicts with their reasons' counts.
func (r *GradeResult) Table() string { return verdictTable(r.ByVerdict, r.ByReason, r.Findings) }

// gradeJob is a task of the stage in work.
type gradeJob struct {
	t        *pipeline.Task
	cfg      *GradeConfig
	data     *dataset.Dataset
	options  regrade.Options
	logs     report.Tree                 // where the logs lie
	outcomes map[string]*regrade.Outcome // by the evidence of their report
	res      *GradeResult
}

func labelGrade(ctx context.Context, t *pipeline.Task) error {
	start := time.Now()
	j, err := newGradeJob(ctx, t)
	if err == nil {
		err = j.label(ctx)
	}
	if err != nil {
		return fmt.Errorf("label_grade: %w", err)
	}
	j.res.Seconds = time.Since(start).Seconds()
	t.Result = j.res
	return nil
}

func newGradeJob(ctx context.Context, t *pipeline.Task) (*gradeJob, error) {
	cfg, ok := t.Config.(*GradeConfig)
	if !ok {
		return nil, fmt.Errorf("config is %T", t.Config)
	}
	j := &gradeJob{t: t, cfg: cfg, outcomes: map[string]*regrade.Outcome{}, res: &GradeResult{
		ByVerdict: map[pipeline.Verdict]int64{}, ByReason: map[string]int64{}, ByRule: map[string]int64{}, Findings: map[string]int64{},
		Orphans: []Orphan{}, Unread: []report.Malformed{}}}
	for _, v := range pipeline.Verdicts() {
		j.res.ByVerdict[v] = 0
	}
	j.options = regrade.Options{Workers: t.Workers, Tasks: map[string]*instance.Task{}}
	if cfg.Rules != "" {
		r, err := grade.Find(cfg.Rules)
		if err != nil {
			return nil, err
		}
		j.options.Rules = []grade.RuleSet{r}
	}
	in, ok := t.Input("dataset")
	if !ok {
		return nil, errors.New("no dataset given")
	}
	var err error
	if j.data, err = dataset.Open(ctx, in.URI); err != nil {
		return nil, err
	}
	for _, in := range t.All("tasks") {
		if err := j.readTasks(ctx, in); err != nil {
			return nil, err
		}
	}
	return j, nil
}

// taskSuffixes are the names of files that tasks are read from.
var taskSuffixes = []string{".json", ".jsonl", ".parquet", ".arrow"}

// readTasks adds the tasks of a file, or of every file of a folder.
func (j *gradeJob) readTasks(ctx context.Context, in pipeline.Input) error {
	src, err := sourceOf(ctx, in, nil)
	if err != nil {
		return err
	}
	for m, err := range src.Walk(ctx, archive.Limits{}) {
		if err != nil {
			return err
		}
		if !slices.Contains(taskSuffixes, path.Ext(archive.TrimSuffix(m.Path))) {
			continue
		}
		r, err := m.Open()
		if err != nil {
			return err
		}
		err = j.addTasks(ctx, r, in.Name+"/"+m.Path)
		if err = errors.Join(err, r.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (j *gradeJob) addTasks(ctx context.Context, r io.Reader, uri string) error {
	for task, err := range instance.Read(ctx, r, uri) {
		var row *instance.RowError
		switch {
		case errors.As(err, &row):
			j.res.Unread = append(j.res.Unread, report.Malformed{Evidence: uri, Error: err.Error()})
		case err != nil:
			return err
		default:
			j.options.Tasks[task.ID] = task
		}
	}
	return nil
}

// label grades every log, finds the trajectory of each, and writes.
func (j *gradeJob) label(ctx context.Context) error {
	for _, in := range j.t.All("logs") {
		src, err := sourceOf(ctx, in, j.data.Manifest.Parents)
		if err != nil {
			return err
		}
		if err := j.gradeTree(ctx, &src); err != nil {
			return fmt.Errorf("%s: %w", in.Name, err)
		}
	}
	attempts, _, err := readAttempts(ctx, j.data, &ReportsConfig{NoClaims: true})
	if err != nil {
		return err
	}
	found := report.MatchAll(attempts, &j.logs)
	for _, r := range found.Orphans {
		j.res.Orphans = append(j.res.Orphans, Orphan{Evidence: r.Evidence, Instance: r.Instance, Verdict: r.Verdict.Verdict})
	}
	return j.write(ctx, attempts, found.Matches)
}

func (j *gradeJob) gradeTree(ctx context.Context, src *report.Source) error {
	tree, err := regrade.Collect(src.Walk(ctx, archive.Limits{}))
	if err != nil {
		return err
	}
	defer tree.Close()
	for _, bad := range tree.Bad {
		j.res.Unread = append(j.res.Unread, report.Malformed{Evidence: src.Name, Error: bad.Error()})
	}
	all, err := regrade.Grade(ctx, tree, j.options)
	if err != nil {
		return err
	}
	for _, o := range all {
		a := o.Of
		r := src.At(a.Dir(), a.Evidence().Path, o.Instance)
		j.outcomes[r.Evidence] = o
		r.Verdict = verdictOf(o)
		if o.Err != nil {
			j.res.Unread = append(j.res.Unread, report.Malformed{Evidence: r.Evidence, Error: o.Err.Error()})
		}
		if a.Patch != nil {
			text, err := a.Patch.Read(regrade.MaxPatchBytes)
			if err != nil {
				return err
			}
			hash := pipeline.PatchHash(string(text))
			r.Patch = &hash
		}
		j.logs.Reports = append(j.logs.Reports, r)
		j.res.Logs++
	}
	return nil
}

// verdictOf says what an outcome is worth where two logs may be of one attempt.
func verdictOf(o *regrade.Outcome) report.Verdict {
	if o.Err != nil || len(o.Results) == 0 {
		return report.Verdict{Verdict: pipeline.VerdictUnknown, Reason: ReasonUnread}
	}
	r := &o.Results[0]
	return report.Verdict{Verdict: r.Verdict, Reason: r.Reason, StatusHash: &r.StatusHash}
}

// write makes a label of every trajectory, in their order. The commands of
// trajectories are read as they come: they are most of the data.
func (j *gradeJob) write(ctx context.Context, attempts []report.Attempt, matches []report.Match) error {
	w, err := dataset.Create[pipeline.Label](ctx, j.t.Out, dataset.SpecOf(j.t))
	if err != nil {
		return err
	}
	defer w.Abort() // does nothing once the labels are published
	book, err := newEvidenceBook(w.Attach)
	if err != nil {
		return err
	}
	columns := []string{"trajectory_id", "repo", "instance_id"}
	if !j.cfg.NoHistory {
		columns = append(columns, "messages.role", "messages.content", "messages.tool_calls.arguments")
	}
	row := 0
	for l, err := range dataset.Read[pipeline.Trajectory](ctx, j.data, dataset.ReadOptions{Columns: columns}) {
		if err != nil {
			return err
		}
		label, doc := j.labelFor(&attempts[row], &matches[row], l.Value)
		if doc != nil {
			key, err := book.add(doc)
			if err != nil {
				return err
			}
			label.EvidenceKey = &key
		}
		j.count(&label, &matches[row])
		if err := w.Add(&label, dataset.Cursor{Row: int64(row)}); err != nil {
			return err
		}
		row++
	}
	w.Expect(int64(len(attempts)))
	side, err := json.MarshalIndent(j.res, "", "  ")
	if err == nil {
		err = errors.Join(book.close(), w.Attach(GradeFile, append(side, '\n')))
	}
	if err != nil {
		return err
	}
	_, err = w.Close(ctx)
	return err
}

// labelFor makes one label, and what it rests on where that is kept.
func (j *gradeJob) labelFor(a *report.Attempt, m *report.Match, t *pipeline.Trajectory) (pipeline.Label, []byte) {
	l := pipeline.Label{TrajectoryID: a.ID, PatchHash: a.Patch, Verdict: pipeline.VerdictUnknown, Reason: m.Reason,
		Rules: RulesNone, RulesVersion: fmt.Sprint(gradeVersion)}
	if m.Report == nil {
		return l, nil
	}
	o := j.outcomes[m.Report.Evidence]
	if o.Err != nil || len(o.Results) == 0 {
		l.Reason = ReasonUnread
		return l, nil
	}
	res := o.Results[0]
	if !j.cfg.NoHistory {
		res.Details, res.Findings = append([]grade.Finding(nil), res.Details...), append([]string(nil), res.Findings...)
		res.Attach(histories(t)...)
	}
	fillGrade(&l, &res)
	if _, score := res.Verdict.Target(); score && !j.cfg.Evidence {
		return l, nil
	}
	doc, err := json.Marshal(struct {
		Log    string            `json:"log"`
		Hash   string            `json:"log_sha256"`
		Result regrade.ResultDoc `json:"result"`
	}{m.Report.Evidence, o.LogHash, regrade.NewResultDoc(&res)})
	if err != nil {
		return l, nil // there is no such value
	}
	return l, doc
}

func fillGrade(l *pipeline.Label, res *grade.Result) {
	l.Verdict, l.Reason, l.Findings = res.Verdict, res.Reason, res.Findings
	l.Rules, l.RulesVersion = res.Rules.Name, res.Rules.Version
	l.Parser, l.ParserVersion = res.Parser.Name, res.Parser.Version
	l.Harness = res.Rules.Follows
	f2p, p2p := res.F2P.Total(), res.P2P.Total()
	l.F2PPass, l.F2PTotal, l.P2PPass, l.P2PTotal = &res.F2P.Passed, &f2p, &res.P2P.Passed, &p2p
	l.StatusHash = &res.StatusHash
	if y, ok := res.Verdict.Target(); ok {
		one := int32(1)
		l.PassRate, l.Runs = &y, &one
	}
}

// histories looks at what the policy ran.
func histories(t *pipeline.Trajectory) []grade.Finding {
	repo := deref(t.Repo)
	if repo == "" {
		repo = regrade.RepoOf(deref(t.InstanceID))
	}
	var all []grade.Finding
	for turn := range t.Messages {
		m := &t.Messages[turn]
		if m.Role != pipeline.RoleAssistant {
			continue
		}
		for _, call := range m.ToolCalls {
			if f, ok := grade.InspectCommand(turn, repo, strings.ReplaceAll(call.Arguments, `\n`, "\n")); ok {
				all = append(all, f)
			}
		}
		for _, block := range fenced(deref(m.Content)) {
			if f, ok := grade.InspectCommand(turn, repo, block); ok {
				all = append(all, f)
			}
		}
	}
	return all
}

// fenced returns the blocks of code of a message, which is where scaffolds
// without tool calls have their commands.
func fenced(content string) []string {
	parts := strings.Split(content, "```")
	var all []string
	for i := 1; i < len(parts); i += 2 {
		all = append(all, parts[i])
	}
	return all
}

func (j *gradeJob) count(l *pipeline.Label, m *report.Match) {
	j.res.Labels++
	j.res.ByVerdict[l.Verdict]++
	j.res.ByReason[l.Reason]++
	rule := string(m.Rule)
	if m.Report == nil {
		rule = RulesNone
	}
	j.res.ByRule[rule]++
	for _, f := range l.Findings {
		j.res.Findings[f]++
	}
}
