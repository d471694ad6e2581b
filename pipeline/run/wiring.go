package run

import (
	"slices"
	"strings"

	"github.com/swerm/swerm/internal/yamlcfg"
	"github.com/swerm/swerm/pipeline"
)

// inputs checks the wiring of one step and records it in the order of the
// stage's ports.
func (b *fileBuilder) inputs(s *Step, node *yamlcfg.Node) {
	if k := node.Kind(); k != yamlcfg.Mapping && k != yamlcfg.Null {
		b.fail(node.Errorf("inputs is a mapping from port to what goes in, as in {dataset: import}"))
		return
	}
	node.Each(func(k, v *yamlcfg.Node) {
		if !slices.ContainsFunc(s.Stage.Inputs, func(p pipeline.Port) bool { return p.Name == k.Text() }) {
			b.fail(k.Errorf("stage %s has no input %q%s", s.Stage.Name, k.Text(), yamlcfg.Suggest(k.Text(), portNames(s.Stage))))
		}
	})
	for _, p := range s.Stage.Inputs {
		v := node.Get(p.Name)
		items := []*yamlcfg.Node{v}
		switch v.Kind() {
		case yamlcfg.Null:
			items = nil
		case yamlcfg.Sequence:
			items = v.Items()
		}
		at := s.node
		if v != nil {
			at = v
		}
		if len(items) == 0 && !p.Optional {
			b.fail(at.Errorf("%s: the input %q of stage %s is missing: it takes %s", s.ID, p.Name, s.Stage.Name, takes(p)))
		}
		if len(items) > 1 && !p.Many {
			b.fail(at.Errorf("the input %q of stage %s takes one, not %d", p.Name, s.Stage.Name, len(items)))
			continue
		}
		for _, item := range items {
			b.input(s, p, item)
		}
	}
}

func takes(p pipeline.Port) string {
	if p.Kind == pipeline.KindRaw {
		return "paths of raw files"
	}
	return "the id of a stage that makes " + string(p.Kind) + ", or the path of such a dataset"
}

func portNames(s *pipeline.Stage) []string {
	var names []string
	for _, p := range s.Inputs {
		names = append(names, p.Name)
	}
	return names
}

// input resolves one entry: the id of a step, a path, or {uri, name}.
func (b *fileBuilder) input(s *Step, p pipeline.Port, item *yamlcfg.Node) {
	item, err := item.Expand(b.lookup)
	if err != nil {
		b.fail(err)
		return
	}
	ref := Ref{Port: p, node: item}
	if item.Kind() == yamlcfg.Mapping {
		var form inputForm
		if err := item.Decode(&form); err != nil {
			b.fail(err)
			return
		}
		ref.URI, ref.Name = form.URI, form.Name
	} else if item.Kind() == yamlcfg.Scalar {
		ref.URI = item.Text()
	}
	if ref.URI == "" {
		b.fail(item.Errorf("an input is a path, the id of a stage, or {uri: …, name: …}"))
		return
	}
	if from := b.steps[ref.URI]; from != nil {
		if !fits(from.Stage.Output, p.Kind) {
			b.fail(item.Errorf("the input %q of stage %s takes %s, and %q (stage %s) makes %s",
				p.Name, s.Stage.Name, p.Kind, from.ID, from.Stage.Name, from.Stage.Output))
			return
		}
		ref.Step, ref.URI = from, ""
	} else if p.Kind != pipeline.KindRaw && !strings.ContainsAny(ref.URI, "/.") {
		b.fail(item.Errorf("no stage has the id %q%s (a dataset's path has a /, as in ./%s)",
			ref.URI, yamlcfg.Suggest(ref.URI, b.ids()), ref.URI))
		return
	}
	s.Inputs = append(s.Inputs, ref)
}

// order sorts the steps so that each follows its inputs, by file order where
// that leaves a choice, and reports a cycle with its members.
func (b *fileBuilder) order(steps []*Step) []*Step {
	const (
		visiting = 1
		done     = 2
	)
	state := map[*Step]int{}
	var sorted, path []*Step
	var visit func(s *Step) bool
	visit = func(s *Step) bool {
		path = append(path, s)
		defer func() { path = path[:len(path)-1] }()
		if state[s] == visiting {
			b.fail(s.node.Errorf("the stages wait for each other: %s", cycle(path)))
			return false
		}
		if state[s] == done {
			return true
		}
		state[s] = visiting
		for _, in := range s.Inputs {
			if in.Step != nil && !visit(in.Step) {
				return false
			}
		}
		state[s] = done
		sorted = append(sorted, s)
		return true
	}
	for _, s := range steps {
		if !visit(s) {
			return nil
		}
	}
	return sorted
}

func cycle(path []*Step) string {
	last := path[len(path)-1]
	from := slices.Index(path, last)
	var ids []string
	for _, s := range path[from:] {
		ids = append(ids, s.ID)
	}
	return strings.Join(ids, " needs ")
}
