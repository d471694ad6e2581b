package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swerm/swerm/internal/term"
	"github.com/swerm/swerm/internal/yamlcfg"
	"github.com/swerm/swerm/judge"
	"github.com/swerm/swerm/judge/report"
	"github.com/swerm/swerm/labeler"
	"github.com/swerm/swerm/mixer"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/pipeline/run"
	"github.com/swerm/swerm/pipeline/store"
)

// A verb runs one stage outside a run file. Its positional arguments are the
// inputs of some ports; every other port is a flag of its name.
type verb struct {
	use   string // of cobra; "label reports DS" makes a command below label
	short string
	stage string
	ports []string // of positional arguments; the last takes the rest where its port takes many

	configArg bool     // a positional argument is the config file
	keys      []string // config keys that are flags of their own
	maxReject int64    // unless --max-reject says otherwise

	// again is what --json prints of a task that was done before, when no
	// stage was there to tell; nil prints the counts.
	again func(ctx context.Context, r *run.Row) (any, error)

	// prepare readies the inputs of a task; nil leaves them as they are.
	prepare func(a *app, ctx context.Context, s *run.Single, o run.Options) error

	// preview is what --dry-run shows of a task that would run; nil shows that
	// it would.
	preview func(ctx context.Context, t *pipeline.Task) (any, error)
}

// anyNumber of rejects is fine.
const anyNumber = -1

func verbs() []verb {
	return []verb{
		{use: "import IN…", short: "Read trajectories of any supported format (- is standard input)", stage: "import", ports: []string{"raw"},
			keys: []string{"format", "source", "policy", "scaffold", "run", "max_document"}, maxReject: anyNumber, again: importAgain,
			prepare: (*app).spoolStdin},
		{use: "label reports DS", short: "Label trajectories from claims and report files", stage: "label_reports",
			ports: []string{"dataset"}, again: stored[labeler.ReportsResult]("matching.json")},
		{use: "label grade DS", short: "Label trajectories from the test logs that harnesses left", stage: "label_grade",
			ports: []string{"dataset"}, keys: []string{"rules"}, again: stored[labeler.GradeResult](labeler.GradeFile)},
		{use: "label exec DS", short: "Label trajectories by running the hidden tests of their tasks", stage: "label_exec",
			ports: []string{"dataset"}, keys: []string{"runs", "timeout"}, again: stored[labeler.ExecResult](labeler.ExecFile)},
		{use: "split DS", short: "Divide trajectories into train, dev and test, whole tasks at a time", stage: "split",
			ports: []string{"dataset"}, again: stored[mixer.SplitReport]("split.json"), preview: previewSplit},
		{use: "mix DS", short: "Build a mixture: which trajectories, how many of which policy and source", stage: "mix",
			ports: []string{"dataset"}, again: stored[mixer.Report]("mixture.json"), preview: previewMix},
		{use: "tokenizer DS", short: "Train a tokenizer, or take one from a file", stage: "tokenizer", ports: []string{"dataset"}},
		{use: "tokenize DS", short: "Render trajectories under a contract into token ids", stage: "tokenize",
			ports: []string{"dataset"}},
		{use: "train [FILE]", short: "Train a reward model; the same -o goes on where it stopped", stage: "train",
			configArg: true, keys: []string{"steps"}},
		{use: "score CKPT [TOKENS | DS]", short: "Score trajectories with a reward model", stage: "score",
			ports: []string{"checkpoint", "tokens"}, prepare: (*app).tokenizeFirst},
		{use: "calibrate CKPT", short: "Fit the probability of a model on its dev scores", stage: "calibrate",
			ports: []string{"checkpoint"}},
		{use: "eval SCORES", short: "Judge scores against labels", stage: "evaluate", ports: []string{"scores"},
			again: stored[judge.Evaluation](judge.EvaluationFile)},
		{use: "report EVAL", short: "Show an evaluation as a page and pictures", stage: "report", ports: []string{"evaluation"},
			again: stored[report.Result](report.ResultFile)},
	}
}

func (a *app) stageCommands() []*cobra.Command {
	groups := map[string]*cobra.Command{}
	var all []*cobra.Command
	for _, v := range verbs() {
		i := slices.IndexFunc(a.stages, func(s *pipeline.Stage) bool { return s.Name == v.stage })
		if i < 0 {
			continue
		}
		words := strings.Fields(v.use)
		if len(words) < 2 || strings.ToLower(words[1]) != words[1] || strings.HasPrefix(words[1], "[") {
			all = append(all, a.stageCommand(v, a.stages[i]))
			continue
		}
		group := groups[words[0]]
		if group == nil {
			group = &cobra.Command{Use: words[0], Short: "Say what trajectories achieved", Args: args(cobra.NoArgs),
				RunE: func(c *cobra.Command, _ []string) error { return usage("which? see `%s --help`", c.CommandPath()) }}
			groups[words[0]] = group
			if words[0] == "label" {
				group.AddCommand(a.labelCompareCommand())
			}
			all = append(all, group)
		}
		v.use = strings.Join(words[1:], " ")
		group.AddCommand(a.stageCommand(v, a.stages[i]))
	}
	return all
}

// stageFlags are what the command line says of one task.
type stageFlags struct {
	out, config string
	dry         bool
	maxReject   int64
	ports       map[string]*[]string
	keys        map[string]*string
	ids         *scoreIDs    // of the verb score
	plugin      *pluginFlags // of the verb import
	ranks       *rankFlags   // of the verb train
	plan        *planFlags   // of the verb train
}

func (a *app) stageCommand(v verb, stage *pipeline.Stage) *cobra.Command {
	o := &stageFlags{ports: map[string]*[]string{}, keys: map[string]*string{}}
	c := &cobra.Command{
		Use:   v.use + " -o OUT [key=value …]",
		Short: v.short,
		Long:  v.short + ".\n\n" + stageHelp(v, stage),
		RunE: func(c *cobra.Command, args []string) error {
			if o.ids != nil && o.ids.file != "" {
				return a.scoreIDs(c.Context(), args, o.ids)
			}
			if o.ids != nil && o.ids.precision != "" {
				return usage("--precision is for --ids; the stage takes precision=%s", o.ids.precision)
			}
			if o.plan != nil && o.plan.on {
				return a.planTraining(c, stage, o, args)
			}
			if o.ranks != nil {
				return a.train(c, v, stage, o, args)
			}
			return a.runStage(c, v, stage, o, args)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.out, "out", "o", "", "where the output goes: a path or an s3:// URI")
	f.StringVarP(&o.config, "config", "c", "", "YAML file with the stage's config")
	f.BoolVar(&o.dry, "dry-run", false, "say whether it would run, and write nothing")
	f.Int64Var(&o.maxReject, "max-reject", v.maxReject, "records that may be rejected before the exit code is 3 (-1: any number)")
	for _, p := range stage.Inputs {
		if slices.Contains(v.ports, p.Name) {
			continue
		}
		o.ports[p.Name] = f.StringArray(p.Name, nil, portHelp(p))
	}
	for _, key := range v.keys {
		o.keys[key] = f.String(strings.ReplaceAll(key, "_", "-"), "", fmt.Sprintf("the same as %s=…", key))
	}
	if v.stage == "import" {
		o.plugin = newPluginFlags(f)
	}
	if v.stage == "score" {
		o.ids = scoreIDsFlags(f)
	}
	if v.stage == "train" {
		o.ranks, o.plan = newRankFlags(f), newPlanFlags(f)
	}
	return c
}

func stageHelp(v verb, stage *pipeline.Stage) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Stage %s: %s. Its config keys and their defaults: `swerm config show %s`.\n", stage.Name, stage.Doc, stage.Name)
	b.WriteString("Settings key=value change the config last. A task that is done is not done again.")
	return b.String()
}

func portHelp(p pipeline.Port) string {
	text := string(p.Kind)
	if p.Kind == pipeline.KindRaw {
		text = "files or folders"
	}
	if p.Optional {
		text += " (optional)"
	}
	if p.Many {
		text += "; give it again for more"
	}
	return text
}

// setting tells key=value from a path.
var setting = regexp.MustCompile(`^[a-z_][a-z0-9_.]*=`)

// divided tells the paths among arguments from the settings.
func divided(args []string) (paths, settings []string) {
	for _, arg := range args {
		if _, err := os.Lstat(arg); err != nil && setting.MatchString(arg) {
			settings = append(settings, arg)
		} else {
			paths = append(paths, arg)
		}
	}
	return paths, settings
}

func (a *app) runStage(c *cobra.Command, v verb, stage *pipeline.Stage, o *stageFlags, args []string) error {
	s := &run.Single{Stage: stage, Config: stage.NewConfig(), Out: o.out, MaxReject: o.maxReject, Memory: memory()}
	paths, settings := divided(args)
	if v.configArg && len(paths) > 0 {
		if o.config != "" {
			return usage("the config is given twice: %s and --config %s", paths[0], o.config)
		}
		o.config, paths = paths[0], paths[1:]
	}
	fromFile := v.configArg && o.config != "" && isRunFile(o.config)
	if fromFile {
		if err := a.fromRunFile(c.Context(), s, o.config); err != nil {
			return err
		}
		o.config = ""
	}
	if err := configure(c, s, o, settings); err != nil {
		return err
	}
	if o.plugin != nil {
		if err := o.plugin.use(a, s.Config); err != nil {
			return err
		}
	}
	if !fromFile {
		if err := connect(c, s, v, o, paths); err != nil {
			return err
		}
	}
	if o.out == "" {
		return usage("where to? say -o OUT")
	}
	a.boundHeap(s.Config)
	return a.runSingle(c, v, s, o)
}

// configure fills the config: the file, then flags, then settings.
func configure(c *cobra.Command, s *run.Single, o *stageFlags, settings []string) error {
	at := func(err error) error { return err }
	if o.config != "" {
		doc, err := yamlcfg.ReadFile(o.config)
		if err != nil {
			return &usageError{err}
		}
		root, err := doc.Root().Expand(os.LookupEnv)
		if err == nil {
			err = root.Decode(s.Config)
		}
		if err != nil {
			return &usageError{err}
		}
		at = root.Blame
	}
	for _, key := range slices.Sorted(maps.Keys(o.keys)) {
		if c.Flags().Changed(strings.ReplaceAll(key, "_", "-")) {
			settings = append([]string{key + "=" + *o.keys[key]}, settings...)
		}
	}
	for _, arg := range settings {
		if err := yamlcfg.Override(arg, s.Config); err != nil {
			return &usageError{err}
		}
	}
	if err := s.Config.Validate(); err != nil {
		return &usageError{at(err)}
	}
	return nil
}

// connect gives every port its inputs.
func connect(c *cobra.Command, s *run.Single, v verb, o *stageFlags, paths []string) error {
	given := map[string][]string{}
	for name, list := range o.ports {
		given[name] = *list
	}
	for i, name := range v.ports {
		n := min(1, len(paths))
		if i == len(v.ports)-1 {
			n = len(paths)
		}
		given[name], paths = append(given[name], paths[:n]...), paths[n:]
	}
	rerouted(c.Context(), s.Stage, v.ports, given)
	if len(paths) > 0 {
		return usage("%s: what is %q? see `%s --help`", c.CommandPath(), paths[0], c.CommandPath())
	}
	for _, p := range s.Stage.Inputs {
		list := given[p.Name]
		switch {
		case len(list) == 0 && !p.Optional:
			return usage("%s is missing; see `%s --help`", wantedInput(v, p), c.CommandPath())
		case len(list) > 1 && !p.Many:
			return usage("%s takes one, not %d: %s", wantedInput(v, p), len(list), strings.Join(list, " "))
		}
		for _, uri := range list {
			s.Inputs = append(s.Inputs, run.Ref{Port: p, URI: uri})
		}
	}
	return nil
}

// rerouted moves a positional dataset to the port of its kind, so that
// `mix VIEW` works as `mix DS` does where a stage takes either.
func rerouted(ctx context.Context, stage *pipeline.Stage, names []string, given map[string][]string) {
	for _, name := range names {
		i := slices.IndexFunc(stage.Inputs, func(p pipeline.Port) bool { return p.Name == name })
		if len(given[name]) != 1 || i < 0 || stage.Inputs[i].Kind == pipeline.KindRaw {
			continue
		}
		d, err := dataset.Open(ctx, given[name][0])
		if err != nil || d.Manifest.Kind == stage.Inputs[i].Kind {
			continue // what is wrong with it is said where it is read
		}
		for _, p := range stage.Inputs {
			if p.Kind == d.Manifest.Kind && len(given[p.Name]) == 0 {
				given[p.Name], given[name] = given[name], nil
				break
			}
		}
	}
}

func wantedInput(v verb, p pipeline.Port) string {
	if slices.Contains(v.ports, p.Name) {
		return fmt.Sprintf("the input (%s)", p.Kind)
	}
	return fmt.Sprintf("--%s (%s)", p.Name, p.Kind)
}

func (a *app) runSingle(c *cobra.Command, v verb, s *run.Single, o *stageFlags) error {
	opts := a.options()
	defer func() {
		for _, f := range a.atEnd {
			f()
		}
	}()
	if v.prepare != nil {
		if err := v.prepare(a, c.Context(), s, opts); err != nil {
			return err
		}
	}
	if o.dry {
		return a.previewSingle(c.Context(), v, s, opts)
	}
	row, err := s.Run(c.Context(), opts)
	if row == nil {
		return err
	}
	a.closeBoard()
	if row.Done == nil { // failed, and may have something to say of why
		if a.json && row.Result != nil {
			return errors.Join(err, a.print(row.Result))
		}
		return err
	}
	if perr := a.printRow(c.Context(), v, row); err == nil {
		err = perr
	}
	return err
}

// previewSingle says what a task would do and writes nothing.
func (a *app) previewSingle(ctx context.Context, v verb, s *run.Single, o run.Options) error {
	t, err := s.Plan(ctx, o)
	if err != nil {
		return err
	}
	plan := &run.Plan{File: &run.File{Out: s.Out}, Tasks: []*run.Planned{t}}
	if t.Done == nil && v.preview != nil {
		task := &pipeline.Task{Stage: s.Stage, Config: s.Config, Inputs: t.Inputs, Out: t.Out, Key: t.Key,
			Workers: a.workers, Log: o.Log, Progress: pipeline.NoProgress{}}
		result, err := v.preview(ctx, task)
		if err != nil {
			return err
		}
		a.closeBoard()
		if a.json {
			return a.print(result)
		}
		if err := printTable(a.out, result); err != nil {
			return err
		}
		return plan.Print(a.out)
	}
	if a.json {
		return a.print(plan.JSON())
	}
	a.closeBoard()
	return plan.Print(a.out)
}

func previewMix(ctx context.Context, t *pipeline.Task) (any, error) { return mixer.PreviewMix(ctx, t) }

func previewSplit(ctx context.Context, t *pipeline.Task) (any, error) {
	return mixer.PreviewSplit(ctx, t)
}

// printRow prints what a task has to say: its result under --json, and
// otherwise its table and its counts.
func (a *app) printRow(ctx context.Context, v verb, r *run.Row) error {
	result := r.Result
	if result == nil && v.again != nil {
		var err error
		if result, err = v.again(ctx, r); err != nil {
			return err
		}
	}
	if a.json {
		if result == nil {
			result = map[string]any{"counts": r.Counts, "cached": true}
		}
		return a.print(result)
	}
	if err := printTable(a.out, result); err != nil {
		return err
	}
	if r.Counts.Failed > 0 && !a.quiet {
		fmt.Fprintf(a.err, "swerm: %d records failed; `swerm cat %s --rejects` says which and why\n", r.Counts.Failed, r.URI)
	}
	if _, err := fmt.Fprintf(a.out, "%s: %s: %s (%s, %.1fs)\n", r.URI, r.Done.Manifest.Kind, r.Counts, r.State, r.Seconds); err != nil {
		return err
	}
	return a.printPage(r)
}

// printPage says where the page of a report lies.
func (a *app) printPage(r *run.Row) error {
	if r.Done == nil || !r.Done.Has(report.PageFile) {
		return nil
	}
	_, err := fmt.Fprintf(a.out, "report: %s\n", store.Join(r.URI, report.PageFile))
	return err
}

// printTable prints a result that has a form for people.
func printTable(w io.Writer, result any) error {
	t, ok := result.(interface{ Table() string })
	if !ok {
		return nil
	}
	text := strings.TrimRight(term.Text(t.Table()), "\n")
	if text == "" {
		return nil
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// stored reads the result of a task that was done before from the file in
// which its stage keeps it.
func stored[T any](name string) func(context.Context, *run.Row) (any, error) {
	return func(ctx context.Context, r *run.Row) (any, error) {
		text, err := r.Done.ReadFile(ctx, name)
		if err != nil {
			return nil, err
		}
		v := new(T)
		if err := json.Unmarshal(text, v); err != nil {
			return nil, fmt.Errorf("%s/%s: %w", r.URI, name, err)
		}
		return v, nil
	}
}

// importAgain tells of an import that was done before what the import told.
func importAgain(_ context.Context, r *run.Row) (any, error) {
	dropped := r.Counts.Dropped
	if dropped == nil {
		dropped = map[pipeline.DropReason]int64{}
	}
	return struct {
		In      int64                         `json:"in"`
		Out     int64                         `json:"out"`
		Dropped map[pipeline.DropReason]int64 `json:"dropped"`
		Failed  int64                         `json:"failed"`
		Ignored int64                         `json:"ignored"`
		BytesIn int64                         `json:"bytes_in"`
		Seconds float64                       `json:"seconds"`
	}{r.Counts.In, r.Counts.Out, dropped, r.Counts.Failed, r.Counts.Ignored, r.RawBytes, r.Seconds}, nil
}
