package run

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/swerm/swerm/internal/yamlcfg"
	"github.com/swerm/swerm/pipeline"
)

// A File is a run file that has been read and checked: every stage is known,
// every config is valid, every input leads somewhere.
type File struct {
	Path      string // where it was read
	Name      string
	Out       string
	MaxReject int64   // records that may fail before the run counts as failed; -1 is any number
	Steps     []*Step // in an order in which every step follows its inputs
}

// A Step is one stage of a run file with its config and wiring.
type Step struct {
	ID     string
	Stage  *pipeline.Stage
	Config pipeline.Config
	Inputs []Ref

	node *yamlcfg.Node
}

// A Ref is one input of a step: the output of another step, or a place outside.
type Ref struct {
	Port pipeline.Port
	Step *Step  // nil for an input from outside
	URI  string // of an input from outside
	Name string // how origins name it; "" is the base name

	node *yamlcfg.Node
}

// fileForm is the run file as it is written. Its tags are the documented keys.
type fileForm struct {
	Name      string        `json:"name" yaml:"name"`
	Out       *yamlcfg.Node `json:"out" yaml:"out"`
	MaxReject int64         `json:"max_reject" yaml:"max_reject"`
	Vars      *yamlcfg.Node `json:"vars" yaml:"vars"`
	Stages    []stageForm   `json:"stages" yaml:"stages"`
}

type stageForm struct {
	ID     *yamlcfg.Node `json:"id" yaml:"id"`
	Stage  *yamlcfg.Node `json:"stage" yaml:"stage"`
	Inputs *yamlcfg.Node `json:"inputs" yaml:"inputs"`
	With   *yamlcfg.Node `json:"with" yaml:"with"`
}

type inputForm struct {
	URI  string `json:"uri" yaml:"uri"`
	Name string `json:"name" yaml:"name"`
}

// maxSteps bounds a run file. Grids of hundreds of cells are built by the
// ablation package, not written out.
const maxSteps = 1000

// maxID bounds the id of a step, which names a folder.
const maxID = 64

// isID reports whether a text is a lower-case letter or digit and then letters, digits,
// dashes and underscores.
func isID(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
		if !letter && (i == 0 || c != '-' && c != '_') {
			return false
		}
	}
	return 0 < len(s) && len(s) <= maxID
}

// A Loader reads run files.
type Loader struct {
	Stages []*pipeline.Stage
	// Settings are key=value arguments: out=, name=, max_reject=, vars.NAME=,
	// and id.key= for the config of a step.
	Settings []string
	// Env looks up variables; nil is the process environment.
	Env func(string) (string, bool)
}

// Load reads and checks a run file. Every mistake is listed with its place.
func (l Loader) Load(path string) (*File, error) {
	doc, err := yamlcfg.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return l.load(doc)
}

// Parse is Load of a text; name is what errors call it.
func (l Loader) Parse(name string, text []byte) (*File, error) {
	doc, err := yamlcfg.Parse(name, text)
	if err != nil {
		return nil, err
	}
	return l.load(doc)
}

func (l Loader) load(doc *yamlcfg.Doc) (*File, error) {
	b := &fileBuilder{loader: l, doc: doc, steps: map[string]*Step{}}
	if err := b.settings(l.Settings); err != nil {
		return nil, err
	}
	if err := doc.Decode(&b.form); err != nil {
		return nil, err
	}
	b.build()
	if err := errors.Join(b.errs...); err != nil {
		return nil, err
	}
	return b.file, nil
}

// fileBuilder turns the written form into a File and collects mistakes.
type fileBuilder struct {
	loader Loader
	doc    *yamlcfg.Doc
	form   fileForm
	top    []*yamlcfg.Setting
	byID   map[string][]*yamlcfg.Setting
	vars   map[string]string
	steps  map[string]*Step
	file   *File
	errs   []error
}

func (b *fileBuilder) fail(err error) {
	if err != nil {
		b.errs = append(b.errs, err)
	}
}

// settings sorts the command line's settings: of the file, and of its steps.
func (b *fileBuilder) settings(args []string) error {
	b.byID = map[string][]*yamlcfg.Setting{}
	var errs []error
	for _, arg := range args {
		s, err := yamlcfg.ParseSetting(arg)
		switch {
		case err != nil:
			errs = append(errs, err)
		case len(s.Path) == 1 || s.Path[0] == "vars":
			b.top = append(b.top, s)
		default:
			b.byID[s.Path[0]] = append(b.byID[s.Path[0]], s)
		}
	}
	return errors.Join(errs...)
}

func (b *fileBuilder) build() {
	b.file = &File{Path: b.doc.Name(), Name: b.form.Name, MaxReject: b.form.MaxReject}
	b.variables()
	b.outAndName()
	if len(b.form.Stages) == 0 {
		b.fail(b.doc.Root().Errorf("no stages: list them under stages:"))
		return
	}
	if len(b.form.Stages) > maxSteps {
		b.fail(b.doc.Root().Errorf("more than %d stages", maxSteps))
		return
	}
	var steps []*Step
	for _, form := range b.form.Stages {
		if s := b.step(form); s != nil {
			steps = append(steps, s)
			b.steps[s.ID] = s
		}
	}
	for id, settings := range b.byID {
		if b.steps[id] == nil && len(b.errs) == 0 {
			b.fail(fmt.Errorf("%s: no stage has the id %q%s", settings[0].Arg, id, yamlcfg.Suggest(id, b.ids())))
		}
	}
	for i, form := range b.form.Stages {
		if i < len(steps) && len(steps) == len(b.form.Stages) {
			b.inputs(steps[i], form.Inputs)
		}
	}
	if len(b.errs) == 0 {
		b.file.Steps = b.order(steps)
	}
}

// variables fills vars: each may use the environment and those before it, and
// the command line has the last word.
func (b *fileBuilder) variables() {
	b.vars = map[string]string{}
	set := map[string]string{}
	for _, s := range b.top {
		if s.Path[0] == "vars" && len(s.Path) == 2 {
			set[s.Path[1]] = s.Node().Text()
		}
	}
	b.form.Vars.Each(func(k, v *yamlcfg.Node) {
		if given, ok := set[k.Text()]; ok {
			b.vars[k.Text()] = given
			delete(set, k.Text())
			return
		}
		if v.Kind() != yamlcfg.Scalar {
			b.fail(v.Errorf("vars.%s must be text, found %s", k.Text(), v.Kind()))
			return
		}
		v, err := v.Expand(b.lookup)
		b.fail(err)
		b.vars[k.Text()] = v.Text()
	})
	for name := range set {
		b.fail(fmt.Errorf("vars.%s: the run file has no such variable under vars", name))
	}
}

func (b *fileBuilder) lookup(name string) (string, bool) {
	if v, ok := b.vars[name]; ok {
		return v, true
	}
	if b.loader.Env != nil {
		return b.loader.Env(name)
	}
	return os.LookupEnv(name)
}

func (b *fileBuilder) outAndName() {
	if b.form.Out.Kind() == yamlcfg.Scalar {
		out, err := b.form.Out.Expand(b.lookup)
		b.fail(err)
		b.file.Out = out.Text()
	}
	for _, s := range b.top {
		if s.Path[0] == "vars" {
			continue
		}
		over := struct {
			Name      *string `json:"name"`
			Out       *string `json:"out"`
			MaxReject *int64  `json:"max_reject"`
		}{&b.file.Name, &b.file.Out, &b.file.MaxReject}
		b.fail(s.Apply(0, &over))
	}
	switch {
	case b.file.Out == "":
		b.fail(b.doc.Root().Errorf("no out: say where the outputs go, as in `out: runs/NAME`"))
	case strings.Contains(b.file.Out, "://"):
		b.fail(b.form.Out.Errorf("out must be a local directory: the run's lock and ledger live there (inputs may be s3:// URIs)"))
	}
	if b.file.MaxReject < -1 {
		b.fail(b.doc.Root().Get("max_reject").Errorf("max_reject is a number of records, or -1 for any number"))
	}
}

// step checks one stage's id, name and config.
func (b *fileBuilder) step(form stageForm) *Step {
	at := form.ID
	for _, n := range []*yamlcfg.Node{form.Stage, form.With, form.Inputs, b.doc.Root()} {
		if at == nil {
			at = n
		}
	}
	if form.ID.Kind() != yamlcfg.Scalar || form.Stage.Kind() != yamlcfg.Scalar {
		b.fail(at.Errorf("a stage needs `id:` and `stage:`, both text"))
		return nil
	}
	id, name := at.Text(), form.Stage.Text()
	if !isID(id) {
		b.fail(at.Errorf("id %q: use up to 64 of a-z, 0-9, _ and -, a letter or digit first", id))
		return nil
	}
	if first := b.steps[id]; first != nil {
		b.fail(at.Errorf("id %q is used twice, first on line %d", id, first.node.Line()))
		return nil
	}
	i := slices.IndexFunc(b.loader.Stages, func(s *pipeline.Stage) bool { return s.Name == name })
	if i < 0 {
		b.fail(form.Stage.Errorf("unknown stage %q%s", name, yamlcfg.Suggest(name, stageNames(b.loader.Stages))))
		return nil
	}
	s := &Step{ID: id, Stage: b.loader.Stages[i], node: at}
	s.Config = b.config(s, form.With)
	return s
}

func (b *fileBuilder) config(s *Step, with *yamlcfg.Node) pipeline.Config {
	cfg := s.Stage.NewConfig()
	at := s.node
	if with != nil {
		at = with
		expanded, err := with.Expand(b.lookup)
		if err == nil {
			err = expanded.Decode(cfg)
		}
		if err != nil {
			b.fail(err)
			return cfg
		}
	}
	for _, set := range b.byID[s.ID] {
		if err := set.Apply(1, cfg); err != nil {
			b.fail(err)
			return cfg
		}
	}
	if err := cfg.Validate(); err != nil {
		b.fail(at.Blame(err))
	}
	return cfg
}

func (b *fileBuilder) ids() []string {
	var ids []string
	for id := range b.steps {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func stageNames(stages []*pipeline.Stage) []string {
	var names []string
	for _, s := range stages {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}
