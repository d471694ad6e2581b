package contract

import (
	"math/rand/v2"
	"testing"

	"github.com/swerm/swerm/pipeline"
)

func BenchmarkEncode(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	var trajectories []*pipeline.Trajectory
	n := int64(0)
	for range 200 {
		t := generated(rng)
		trajectories = append(trajectories, t)
		n += t.TextBytes()
	}
	for name, limit := range map[string]int{"whole": maxMaxTokens, "elided": 1000} {
		b.Run(name, func(b *testing.B) {
			c := newContract(b, Options{MaxTokens: limit})
			var dst []int32
			b.SetBytes(n)
			b.ReportAllocs()
			for b.Loop() {
				for _, t := range trajectories {
					row, err := c.Encode(t, dst[:0])
					if err != nil {
						b.Fatal(err)
					}
					dst = row.IDs[:0:cap(row.IDs)]
				}
			}
		})
	}
}

// BenchmarkTokenize is the whole stage: Parquet in, Parquet out.
func BenchmarkTokenize(b *testing.B) {
	trajectories := pool(b, 400)
	tok := fileTokenizer(b)
	n := int64(0)
	for _, p := range trajectories.Manifest.Parts {
		n += p.Bytes
	}
	b.SetBytes(n)
	for b.Loop() {
		if _, _, err := runStage(b, TokenizeStage(), nil, 0, input("dataset", trajectories), input("tokenizer", tok)); err != nil {
			b.Fatal(err)
		}
	}
}
