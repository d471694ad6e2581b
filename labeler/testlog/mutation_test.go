package testlog_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/labeler/testlog"
)

// TestMangledFixtures holds places and streams in logs that were cut, spliced
// and sprinkled with what terminals and crashes leave in them.
func TestMangledFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.log")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var logs [][]byte
	for _, file := range files {
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		logs = append(logs, log[:min(len(log), 6<<10)])
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range logs {
		for range 4 {
			log := mangle(random, logs, i)
			for _, p := range testlog.Parsers() {
				limits := testlog.Limits{LineBytes: []int{64, 200, 4096}[random.IntN(3)]}
				readsTheSame(t, p, log, limits)
			}
			testlog.Guess(log)
		}
	}
}

// sprinkles are what may stand anywhere in a log.
var sprinkles = []string{"\x1b[31m", "\x1b[0m", "\x1b", "\x00", "\r", "\r\n", "\n\n", "\t", "  ", "é", "\xff", "✓", ">>>>> End Test Output\n", "\n>>>>> Start Test Output\n",
	"<", "\"", "[", "]", "\\", " > ", "(", "0"}

func mangle(random *rand.Rand, logs [][]byte, i int) []byte {
	log := bytes.Clone(logs[i])
	for range 1 + random.IntN(30) {
		if len(log) == 0 {
			break
		}
		at := random.IntN(len(log))
		switch random.IntN(5) {
		case 0: // cut out
			log = append(log[:at:at], log[min(len(log), at+random.IntN(40)):]...)
		case 1: // splice in
			other := logs[random.IntN(len(logs))]
			if len(other) == 0 {
				continue
			}
			from := random.IntN(len(other))
			log = append(log[:at:at], append(bytes.Clone(other[from:min(len(other), from+200)]), log[at:]...)...)
		case 2:
			log[at] = byte(random.IntN(256))
		default:
			log = append(log[:at:at], append([]byte(sprinkles[random.IntN(len(sprinkles))]), log[at:]...)...)
		}
	}
	return log
}
