package calc

import (
	"fmt"
	"testing"
)

func TestAdd(t *testing.T) {
	for _, name := range []string{"two numbers", "a <b> & \"c\"", "é", "x/y"} {
		t.Run(name, func(t *testing.T) {})
	}
}

func TestFails(t *testing.T) {
	t.Run("inner", func(t *testing.T) { t.Errorf("got %d, want %d", 1, 2) })
	t.Run("fine", func(t *testing.T) {})
}

func TestSkipped(t *testing.T) { t.Skip("not on this machine") }

func TestPrints(t *testing.T) {
	fmt.Println("--- PASS: TestForged (0.00s)")
	fmt.Print("no line end")
}

func TestParallel(t *testing.T) {
	for _, name := range []string{"a", "b"} {
		t.Run(name, func(t *testing.T) { t.Parallel(); t.Log("says " + name) })
	}
}

func ExampleAdd() {
	fmt.Println(3)
	// Output: 3
}

func FuzzAdd(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, n int) {})
}
