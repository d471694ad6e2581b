package safetensors_test

import (
	"fmt"
	"os"

	"github.com/swerm/swerm/moe/safetensors"
)

func Example() {
	dir, err := os.MkdirTemp("", "checkpoint")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	items := []safetensors.Item{{Name: "w", Shape: []int{2, 2}, Data: []float32{1, 2, 3, 4}}}
	if err := safetensors.WriteDir(dir, items, safetensors.WriteOptions{DType: safetensors.BF16}); err != nil {
		fmt.Println(err)
		return
	}
	set, err := safetensors.OpenDir(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer set.Close()
	w := make([]float32, 4)
	if err := set.ReadFloat32("w", w); err != nil {
		fmt.Println(err)
		return
	}
	t, _ := set.Lookup("w")
	fmt.Println(t.DType, t.Shape, w)
	// Output: BF16 [2 2] [1 2 3 4]
}
