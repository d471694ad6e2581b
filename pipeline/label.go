package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Verdict is what a label says. Only VerdictResolved and VerdictUnresolved are
// scores; the others are known reasons why there is none, and no stage turns
// them into a number.
type Verdict string

// The closed set of verdicts.
const (
	VerdictResolved   Verdict = "resolved"
	VerdictUnresolved Verdict = "unresolved"
	VerdictInfra      Verdict = "infra"   // the harness failed, not the patch
	VerdictTimeout    Verdict = "timeout" // no answer within the limit
	VerdictFlaky      Verdict = "flaky"   // repeated runs disagree
	VerdictTainted    Verdict = "tainted" // evidence of a forged or spoiled result
	VerdictUnknown    Verdict = "unknown" // nothing, or nothing trustworthy, says
)

// Verdicts lists the closed set in the order reports show it.
func Verdicts() []Verdict {
	return []Verdict{VerdictResolved, VerdictUnresolved, VerdictInfra, VerdictTimeout,
		VerdictFlaky, VerdictTainted, VerdictUnknown}
}

// Valid reports whether v is one of the closed set.
func (v Verdict) Valid() bool {
	for _, w := range Verdicts() {
		if v == w {
			return true
		}
	}
	return false
}

// Target returns 1 for resolved and 0 for unresolved; ok is false for every
// verdict that is not a score.
func (v Verdict) Target() (y float64, ok bool) {
	switch v {
	case VerdictResolved:
		return 1, true
	case VerdictUnresolved:
		return 0, true
	}
	return 0, false
}

// A Label is one verdict on one trajectory's patch under one rule set. It is
// free of logs, clocks and hosts, so equal outcomes are equal bytes; the
// evidence record that EvidenceKey names holds those.
type Label struct {
	TrajectoryID string
	PatchHash    *string // PatchHash of the trajectory's patch; nil without a patch
	Verdict      Verdict
	Reason       string   // why, in a closed vocabulary of the labeler
	PassRate     *float64 // share of Runs that resolved
	Runs         *int32

	Rules          string // rule set and version
	RulesVersion   string
	Parser         string // log parser and version; "" where no log was read
	ParserVersion  string
	Harness        string // what ran the tests, as far as known
	HarnessVersion string

	F2PPass, F2PTotal *int32 // FAIL_TO_PASS tests
	P2PPass, P2PTotal *int32 // PASS_TO_PASS tests
	StatusHash        *string
	Findings          []string
	EvidenceKey       *string // where the evidence lies: URI relative to the tree
}

// PatchHash hashes a patch after trailing white space is normalised: spaces,
// tabs and carriage returns at the end of lines go, and so do empty lines at
// the end. Two patches with one hash are one patch to a label.
func PatchHash(patch string) string {
	h := sha256.New()
	buf := make([]byte, 0, 8<<10) // a patch of a million lines is not split into as many strings
	write := func(text string) {
		for len(text) > 0 {
			n := min(len(text), cap(buf)-len(buf))
			if buf, text = append(buf, text[:n]...), text[n:]; len(buf) == cap(buf) {
				h.Write(buf)
				buf = buf[:0]
			}
		}
	}
	ends := 0 // line ends that count once something follows them
	for line := range strings.SplitSeq(patch, "\n") {
		if line = strings.TrimRight(line, " \t\r"); line != "" {
			for ; ends > 0; ends-- {
				write("\n")
			}
			write(line)
		}
		ends++
	}
	h.Write(buf)
	return hex.EncodeToString(h.Sum(buf[:0])[:16])
}
