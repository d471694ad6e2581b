package testlog_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/swerm/swerm/labeler/testlog"
)

// TestHugeTotals says that a count too large to hold never reads as none: what a
// framework counts could then agree with what it names by mistake. Each count in
// the totals of each fixture is made one of twelve digits in turn.
func TestHugeTotals(t *testing.T) {
	count := regexp.MustCompile(`(?:^|[ (m|])([0-9]+)(?:[ ,;:]|$)`)
	for _, p := range testlog.Parsers() {
		logs, err := filepath.Glob(filepath.Join("testdata", p.Name, "*.log"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range logs {
			log, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			before := p.Parse(log).Total
			if before == nil {
				continue
			}
			line := log[before.At.Start:before.At.End]
			for _, at := range count.FindAllSubmatchIndex(line, -1) {
				huge := slices.Concat(log[:before.At.Start], line[:at[2]], []byte("700000000000"), line[at[3]:], log[before.At.End:])
				if after := p.Parse(huge).Total; after == nil || after.By != before.By && after.Ran() < 1e9 {
					t.Errorf("%s: %q: totals %+v after a count of twelve digits in %q, %+v before", file, line, after, line[at[2]:at[3]], *before)
				}
			}
		}
	}
}
