package moe_test

import (
	"fmt"
	"math"

	"github.com/swerm/swerm/moe"
)

// Two sequences, told apart by their first token, after forty steps.
func Example() {
	model, err := moe.New(moe.Config{
		VocabSize: 16, HiddenSize: 32, NumHiddenLayers: 2, NumAttentionHeads: 2, NumKeyValueHeads: 1, HeadDim: 16,
		NumExperts: 4, NumExpertsPerTok: 2, MoeIntermediateSize: 16, NormTopKProb: true,
		RopeTheta: 1e4, RMSNormEps: 1e-6, MaxPositionEmbeddings: 64, InitializerRange: 0.1,
	}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	model.EnableGrad()
	pass, state := model.NewPass(moe.Options{Train: true}), model.NewOptState()
	head := moe.Head{Yes: 1, No: 2}
	batch := moe.Batch{IDs: []int32{3, 5, 6, 7, 4, 5, 6, 7, 5}, Offsets: []int32{0, 4, 9}}
	labels := []float64{1, 0}
	pYes := make([]float64, len(labels))
	for step := 1; step <= 40; step++ {
		logits, err := pass.Verdict(batch, head)
		if err != nil {
			fmt.Println(err)
			return
		}
		d := make([]moe.Logits, len(logits))
		for i, l := range logits {
			pYes[i] = 1 / (1 + math.Exp(float64(l.No-l.Yes)))
			g := float32(pYes[i]-labels[i]) / float32(len(labels))
			d[i] = moe.Logits{Yes: g, No: -g}
		}
		if err := pass.BackwardVerdict(d, nil); err != nil {
			fmt.Println(err)
			return
		}
		model.AdamWStep(moe.AdamW{LR: 1e-2, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, ClearGrad: true}, state, step, 1)
	}
	fmt.Printf("p(YES) = %.1f and %.1f\n", pYes[0], pYes[1])
	// Output: p(YES) = 1.0 and 0.0
}
