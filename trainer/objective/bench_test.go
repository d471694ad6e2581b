package objective_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/swerm/swerm/trainer/objective"
)

func BenchmarkSum(b *testing.B) {
	for _, obj := range objective.Builtin(objective.Options{Gamma: 2}) {
		for _, n := range []int{8, 64, 256} {
			b.Run(fmt.Sprintf("%s/%d", obj.Name, n), func(b *testing.B) {
				loss := objective.NewLoss(obj)
				logits, rows := batch(rand.New(rand.NewPCG(1, 1)), n, 1)
				grad := make([]objective.Logits, n)
				b.SetBytes(int64(n) * int64(unsafe.Sizeof(objective.Logits{})))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := loss.Sum(logits, rows, 1, grad); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
