package mixer_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/swerm/swerm/mixer"
	"github.com/swerm/swerm/pipeline"
)

func Example() {
	var rows []pipeline.Selection
	for i := range 400 {
		verdict, policy := pipeline.VerdictUnresolved, "qwen"
		if i%5 < 2 {
			verdict = pipeline.VerdictResolved
		}
		if i%3 == 0 {
			policy = "claude"
		}
		rows = append(rows, pipeline.Selection{TrajectoryID: fmt.Sprintf("%032x", i), TaskID: fmt.Sprint("task-", i/8),
			Policy: policy, Source: "swe-gym", Verdict: verdict, Split: pipeline.SplitTrain, Count: 1})
	}
	config := &mixer.MixConfig{
		Split:      pipeline.SplitTrain,
		Scales:     []int64{30, 90},
		Ratio:      "2:1",
		Policies:   map[string]float64{"claude": 0.5, "qwen": 0.5},
		Cells:      mixer.CellsNear,
		CapPerTask: 3,
	}
	plan, err := mixer.NewPlan(context.Background(), rows, config, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range plan.Report.Scales {
		fmt.Printf("%d rows, at most %d of a task\n", s.Total, s.MostOfTask)
		for _, f := range s.Cells {
			fmt.Printf("  %s %s: %d\n", f.Policy, f.Verdict, f.Observed)
		}
	}

	config.Scales = []int64{300}
	_, err = mixer.NewPlan(context.Background(), rows, config, nil)
	var no *mixer.InfeasibleError
	if errors.As(err, &no) {
		for _, b := range no.Binding {
			fmt.Println(b)
		}
		fmt.Println("at most", no.Largest)
	}
	// Output:
	// 30 rows, at most 3 of a task
	//   claude resolved: 10
	//   claude unresolved: 5
	//   qwen resolved: 10
	//   qwen unresolved: 5
	// 90 rows, at most 3 of a task
	//   claude resolved: 30
	//   claude unresolved: 15
	//   qwen resolved: 30
	//   qwen unresolved: 15
	// trajectories: 300 asked, 400 in the pool, 150 under the cap of 3 per task
	// claude: 150 asked, 134 in the pool
	// resolved: 200 asked, 160 in the pool, 140 under the cap of 3 per task
	// at most 150
}
