package task

import (
	"context"
	"encoding/json"
	"testing"
)

// BenchmarkTask is one task with its menu, as a world and a collection need.
func BenchmarkTask(b *testing.B) {
	benchmark(b, func(x *Task, i int) error {
		_, err := x.Fixes(context.Background(), stream(1, "bench", i, 0))
		return err
	})
}

func BenchmarkGenerate(b *testing.B) { benchmark(b, func(*Task, int) error { return nil }) }

func benchmark(b *testing.B, then func(*Task, int) error) {
	b.ReportAllocs()
	bytes, i := 0, 0
	for b.Loop() {
		x, err := Generate(context.Background(), Options{Seed: 1}, i)
		if err == nil {
			err = then(x, i)
		}
		if err != nil {
			b.Fatal(err)
		}
		i++
		if row, err := json.Marshal(x); err == nil {
			bytes += len(row)
		}
	}
	b.SetBytes(int64(bytes / i))
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "tasks/s")
}
