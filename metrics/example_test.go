package metrics_test

import (
	"context"
	"fmt"
	"log"

	"github.com/swerm/swerm/metrics"
)

func Example() {
	task := []string{"a", "a", "a", "b", "b", "b"}
	margin := []float64{2.0, 0.5, 0.5, -1.0, 0.2, -3.0}
	resolved := []bool{true, false, true, false, true, false}

	auc, err := metrics.AUC(margin, resolved)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("AUC %.3f\n", *auc)

	group, tasks := metrics.GroupBy(task)
	ranker, err := metrics.NewRanker(metrics.Candidates{Group: group, Score: margin, Resolved: resolved}, 3)
	if err != nil {
		log.Fatal(err)
	}
	ranking, err := ranker.Ranking([]int{1, 2, 3})
	if err != nil {
		log.Fatal(err)
	}
	for _, at := range ranking.Scored.At {
		fmt.Printf("K=%d: best by score %.3f, perfect %.3f, blind %.3f\n", at.K, *at.RM, *at.Pass, *at.Random)
	}

	rm, err := ranker.ResampledRM(metrics.ScoredOnly, 2)
	if err != nil {
		log.Fatal(err)
	}
	draws, err := metrics.Bootstrap(context.Background(), len(tasks), []metrics.Statistic{rm}, metrics.BootstrapOptions{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	iv, err := draws.Interval(0, 0.95)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("RM@2 %.3f, 95%% of resamples of tasks between %.3f and %.3f\n", *iv.Value, *iv.Low, *iv.High)
	// Output:
	// AUC 0.833
	// K=1: best by score 0.500, perfect 0.500, blind 0.500
	// K=2: best by score 0.750, perfect 0.833, blind 0.500
	// K=3: best by score 1.000, perfect 1.000, blind 0.500
	// RM@2 0.750, 95% of resamples of tasks between 0.667 and 0.833
}
