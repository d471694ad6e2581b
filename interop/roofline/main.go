// Command roofline draws where the engine's operations stand below what the
// machine can do: their rate against the floating-point operations that they
// have for each byte of memory, under the roof that the measured peak of the
// cores and the measured bandwidth of memory make. It reads the JSON that
// interop/bench_engine.py writes and measures nothing itself.
//
//	go run ./interop/roofline docs/bench/engine.json docs/img/roofline.png
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
)

// measured is the part of the JSON that is drawn.
type measured struct {
	Host struct {
		CPU    string `json:"cpu"`
		Cores  int    `json:"cores"`
		Kernel string `json:"kernel"`
		Date   string `json:"date"`
	} `json:"host"`
	Peaks struct {
		FP32   float64 `json:"fp32"`   // GFLOP/s
		Memory float64 `json:"memory"` // GB/s
	} `json:"peaks"`
	Operations []operation `json:"operations"`
}

type operation struct {
	Name      string  `json:"name"`
	Intensity float64 `json:"intensity"` // operations for each byte
	Rate      float64 `json:"rate"`      // GFLOP/s
}

// roof is the most that an operation of an intensity can reach.
func (m *measured) roof(intensity float64) float64 {
	return math.Min(m.Peaks.FP32, intensity*m.Peaks.Memory)
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: roofline ENGINE.json PICTURE.png")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "roofline:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var m measured
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if len(m.Operations) == 0 || m.Peaks.FP32 <= 0 || m.Peaks.Memory <= 0 {
		return fmt.Errorf("%s has no operations or no peaks: measure the row \"operations\"", from)
	}
	picture, err := m.draw()
	if err != nil {
		return err
	}
	return os.WriteFile(to, picture, 0o666)
}

// draw returns a PNG.
func (m *measured) draw() ([]byte, error) {
	ridge := m.Peaks.FP32 / m.Peaks.Memory
	low, high := ridge, ridge
	for _, o := range m.Operations {
		low, high = math.Min(low, o.Intensity), math.Max(high, o.Intensity)
	}
	low, high = low/1.6, high*8
	bottom := m.roof(low)
	for _, o := range m.Operations {
		bottom = math.Min(bottom, o.Rate)
	}
	s, err := newSheet(span{low, high}, span{bottom / 1.6, m.Peaks.FP32 * 1.8})
	if err != nil {
		return nil, err
	}
	s.axes("operations for each byte of memory", "GFLOP/s in fp32")
	s.title(fmt.Sprintf("%d cores, %s, %s kernels, %s", m.Host.Cores, m.Host.CPU, m.Host.Kernel, m.Host.Date))
	s.line(roofInk, 1.5, place{low, m.roof(low)}, place{ridge, m.Peaks.FP32}, place{high, m.Peaks.FP32})
	s.name(roofInk, place{math.Sqrt(ridge * high), m.Peaks.FP32}, fmt.Sprintf("multiply-adds in registers, %.0f", m.Peaks.FP32), above)
	middle := math.Sqrt(low * ridge)
	s.name(roofInk, place{middle, m.roof(middle)}, fmt.Sprintf("memory, %.0f GB/s", m.Peaks.Memory), left)
	ops := slices.Clone(m.Operations)
	slices.SortFunc(ops, func(a, b operation) int { return int(math.Copysign(1, b.Rate-a.Rate)) })
	for _, o := range ops {
		s.dot(place{o.Intensity, o.Rate})
	}
	for _, o := range ops {
		label := fmt.Sprintf("%s, %.0f %%", o.Name, 100*o.Rate/m.roof(o.Intensity))
		s.name(pointInk, place{o.Intensity, o.Rate}, label, right, left, below, above)
	}
	return s.png()
}
