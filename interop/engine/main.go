// Command engine is our side of the races in interop/bench_engine.py: a process
// that builds one model, says that it is ready, and then does one unit of work
// (a training step, a scoring, an encoding of texts) for each line it is sent.
// Peers are processes that do the same, so that a race takes one unit of each in
// turn. It measures nothing but its own units and decides nothing.
//
// Every answer is a line of JSON: seconds and processor seconds of the unit, the
// most memory that was resident so far, and what the unit computed, by which the
// race is checked to be of equal work.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/swerm/swerm/moe/kernel"
)

// A spec says what a process is to do.
type spec struct {
	Work       string `json:"work"`       // train, score, tokenize, peak or none
	Checkpoint string `json:"checkpoint"` // directory
	Fresh      bool   `json:"fresh"`      // of the checkpoint take the shape alone
	Precision  string `json:"precision"`  // of the pass, fp32 unless given
	Recompute  bool   `json:"recompute"`
	Threads    int    `json:"threads"`

	Sequences [][]int32 `json:"sequences"`
	Labels    []int     `json:"labels"` // of training: 1 is yes

	Tokenizer string `json:"tokenizer"` // tokenizer.json
	Texts     string `json:"texts"`     // a file with one JSON string per line
}

// The verdict tokens of every race, and what its losses weigh.
const (
	yesID, noID = 3, 5
	auxCoef     = 0.001
)

// An answer is what a unit of work says of itself.
type answer struct {
	Seconds  float64   `json:"seconds"`
	CPU      float64   `json:"cpu"`
	Resident int64     `json:"resident"` // bytes at most, so far
	Loss     float64   `json:"loss,omitempty"`
	Logits   []float64 `json:"logits,omitempty"`
	Hash     string    `json:"hash,omitempty"`   // of all token ids
	FP32     float64   `json:"fp32,omitempty"`   // operations a second
	Memory   float64   `json:"memory,omitempty"` // bytes a second
	Kernel   string    `json:"kernel,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

func run() error {
	var s spec
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: engine SPEC.json")
	}
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	runtime.GOMAXPROCS(s.Threads)
	unit, err := s.prepare()
	if err != nil {
		return err
	}
	family, err := kernel.FromEnv()
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(answer{Kernel: family.String()}); err != nil {
		return err
	}
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		a, err := timed(unit)
		if err != nil {
			return err
		}
		if err := out.Encode(a); err != nil {
			return err
		}
	}
	return nil
}

// prepare builds what a unit needs and returns the unit.
func (s *spec) prepare() (func(*answer) error, error) {
	switch s.Work {
	case "train":
		return s.training()
	case "score":
		return s.scoring()
	case "tokenize":
		return s.tokenizing()
	case "peak":
		return s.peaks()
	case "none":
		return func(*answer) error { return nil }, nil
	}
	return nil, fmt.Errorf("work %q, want train, score, tokenize, peak or none", s.Work)
}

func timed(unit func(*answer) error) (a answer, err error) {
	cpu, start := processorTime(), time.Now()
	err = unit(&a)
	a.Seconds = time.Since(start).Seconds()
	a.CPU = (processorTime() - cpu).Seconds()
	a.Resident = residentPeak()
	return a, err
}

// residentPeak returns the most bytes that were resident, 0 where no /proc says.
func residentPeak() int64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0
	}
	return kib << 10
}
