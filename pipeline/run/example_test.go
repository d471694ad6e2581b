package run_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/pipeline/run"
)

// greet is the config of a stage of our own.
type greet struct {
	Name string `json:"name" yaml:"name"`
}

func (g *greet) Validate() error { return nil }

// A run file names stages and wires them. What is done is not done again.
func Example() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	stage := &pipeline.Stage{Name: "greet", Version: 1, Output: pipeline.KindReport,
		NewConfig: func() pipeline.Config { return &greet{Name: "world"} },
		Run: func(ctx context.Context, t *pipeline.Task) error {
			out, err := dataset.CreateArtifact(ctx, t.Out, dataset.SpecOf(t))
			if err != nil {
				return err
			}
			defer out.Abort()
			text := "hello " + t.Config.(*greet).Name
			if err := os.WriteFile(filepath.Join(out.Dir(), "greeting.txt"), []byte(text), 0o666); err != nil {
				return err
			}
			_, err = out.Close(ctx, pipeline.Counts{In: 1, Out: 1})
			return err
		}}
	loader := run.Loader{Stages: []*pipeline.Stage{stage}, Settings: []string{"out=" + dir}}
	for range 2 {
		file, err := loader.Parse("hello.yaml", []byte("stages:\n  - {id: hello, stage: greet, with: {name: you}}\n"))
		if err != nil {
			fmt.Println(err)
			return
		}
		s, err := file.Run(context.Background(), run.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(s.Rows[0].ID, s.Rows[0].State, s.Rows[0].Counts)
	}
	// Output:
	// hello done 1 in, 1 out
	// hello cached 1 in, 1 out
}
