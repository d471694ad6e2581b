// Command gradients is our side of interop/gradient_check.py: it opens a
// checkpoint, runs the sequences of standard input forward and backward, and
// writes what it got: logits and losses to standard output, and the gradient of
// every tensor into a file of safetensors under the tensor's name.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/moe/safetensors"
)

// A task is sequences and what their losses weigh: the sum over sequences of
// Token times the next-token loss, the two-way loss of the verdict, and Aux times
// the auxiliary loss.
type task struct {
	Sequences [][]int32 `json:"sequences"`
	Labels    []int     `json:"labels"` // 1 is yes
	Yes       int32     `json:"yes"`
	No        int32     `json:"no"`
	Token     float32   `json:"token"`
	Aux       float32   `json:"aux"`
}

// A result has a number for each sequence.
type result struct {
	Logits [][2]float64 `json:"logits"` // yes and no
	Token  []float64    `json:"token"`  // sum of −log p(next token)
	Two    []float64    `json:"two"`
	Aux    []float64    `json:"aux"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gradients CHECKPOINT GRADIENTS.safetensors <TASK.json")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "gradients:", err)
		os.Exit(1)
	}
}

func run(checkpoint, to string) error {
	var t task
	if err := json.NewDecoder(os.Stdin).Decode(&t); err != nil {
		return err
	}
	m, err := moe.Load(checkpoint)
	if err != nil {
		return err
	}
	m.EnableGrad()
	got, err := t.backward(m.NewPass(moe.Options{Train: true}))
	if err != nil {
		return err
	}
	var items []safetensors.Item
	for _, p := range m.Params() {
		items = append(items, safetensors.Item{Name: p.Name, Shape: p.Shape, Data: p.Grad})
	}
	if err := safetensors.Write(to, items, safetensors.F32); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(got)
}

// backward leaves the gradient of all losses in the model.
func (t *task) backward(p *moe.Pass) (got result, err error) {
	b, weight := moe.Batch{Offsets: []int32{0}}, make([]float32, len(t.Sequences))
	aux := make([]float32, len(t.Sequences))
	for i, ids := range t.Sequences {
		b.IDs = append(b.IDs, ids...)
		b.Offsets = append(b.Offsets, int32(len(b.IDs)))
		weight[i], aux[i] = t.Token, t.Aux
	}
	if got.Token, err = p.NextToken(b, weight, nil); err != nil {
		return got, err
	}
	logits, err := p.Verdict(b, moe.Head{Yes: t.Yes, No: t.No})
	if err != nil {
		return got, err
	}
	got.Aux = p.Aux()
	slopes := make([]moe.Logits, len(logits))
	for i, l := range logits {
		got.Logits = append(got.Logits, [2]float64{float64(l.Yes), float64(l.No)})
		d := float64(l.Yes) - float64(l.No)
		if t.Labels[i] != 1 {
			d = -d
		}
		got.Two = append(got.Two, math.Log1p(math.Exp(-math.Abs(d)))+max(-d, 0))
		slope := float32(-1 / (1 + math.Exp(d)))
		if t.Labels[i] != 1 {
			slope = -slope
		}
		slopes[i] = moe.Logits{Yes: slope, No: -slope}
	}
	return got, p.BackwardVerdict(slopes, aux)
}
