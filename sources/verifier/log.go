package verifier

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/rows"
)

// ErrLog is returned for a log in a form that is not known.
var ErrLog = errors.New("an interaction log whose turns are marked in no known way")

const (
	logEnd     = "=== END INTERACTION ==="
	patchBegin = "[PATCH]\n"
	patchEnd   = "\n[/PATCH]"
)

// readLog reads the run that a verifier is asked about.
func readLog(text string) (run, error) {
	_, body, ok := strings.Cut(text, rows.InteractionLog)
	if !ok {
		return run{}, ErrLog
	}
	var after string
	if i := strings.LastIndex(body, logEnd); i >= 0 {
		body, after = body[:i], body[i+len(logEnd):]
	}
	r := run{turns: ruledTurns(body), patch: readPatch(after)}
	if r.turns == nil {
		r.turns = taggedTurns(body)
	}
	if len(r.turns) > chat.MaxMessages {
		return run{}, chat.ErrMessages
	}
	if r.turns == nil {
		return run{}, ErrLog
	}
	return r, nil
}

// readPatch reads the diff behind a log; a sentence in its place is none.
func readPatch(text string) *string {
	_, text, ok := strings.Cut(text, patchBegin)
	i := strings.LastIndex(text, patchEnd)
	if !ok || i < 0 && !strings.HasPrefix(text, patchEnd[1:]) {
		return nil
	}
	patch := text[:max(i, 0)]
	if strings.TrimSpace(patch) != "" && !strings.Contains(patch, "diff --git ") && !strings.Contains(patch, "\n+++ ") {
		return nil
	}
	return &patch
}

// rule is what SWE-Gym puts between turns. To compile it takes as long as to read a
// run, so it waits until one needs it.
var rule = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|\n)-{40,200}\n\*\*\* Turn (\d{1,6}) - ([A-Za-z_]{1,32}) \*\*\*\n`)
})

func ruledTurns(body string) []logged {
	marks := rule().FindAllStringSubmatchIndex(body, -1)
	var turns []logged
	for i, m := range marks {
		end := len(body)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		step, _ := strconv.Atoi(body[m[2]:m[3]])
		turns = append(turns, logged{role: strings.ToLower(body[m[4]:m[5]]), text: body[m[1]:end], step: step})
	}
	if n := len(turns); n > 0 {
		turns[n-1].text = strings.TrimRight(turns[n-1].text, "\n")
	}
	return turns
}

// tags are what R2E-Gym puts around turns, and around the number of a step.
var tags = []string{"SYSTEM", "USER", "ASSISTANT", "TOOL", "STEP"}

// taggedTurns reads turns between tags; nil where anything else stands between
// them. What a turn holds may itself hold its closing tag: the one counts behind
// which the log goes on or ends.
func taggedTurns(body string) []logged {
	var turns []logged
	step := -1
	for rest := strings.TrimLeft(body, " \n"); rest != ""; {
		tag := tagAt(rest)
		if tag == "" {
			return nil
		}
		rest = rest[len("[]\n")+len(tag):]
		text, after, ok := cutTag(rest, tag)
		if !ok {
			return nil
		}
		rest = after
		if tag == "STEP" {
			n, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil || n < 0 {
				return nil
			}
			step = n
			continue
		}
		turns = append(turns, logged{role: strings.ToLower(tag), text: text, step: step})
		step = -1
	}
	return turns
}

func tagAt(text string) string {
	for _, tag := range tags {
		if strings.HasPrefix(text, "["+tag+"]\n") {
			return tag
		}
	}
	return ""
}

func cutTag(text, tag string) (inner, rest string, ok bool) {
	closing := "\n[/" + tag + "]"
	if after, empty := strings.CutPrefix(text, closing[1:]); empty {
		return "", strings.TrimLeft(after, " \n"), true
	}
	for from := 0; ; {
		i := strings.Index(text[from:], closing)
		if i < 0 {
			return "", "", false
		}
		at := from + i
		rest = strings.TrimLeft(text[at+len(closing):], " \n")
		if rest == "" || tagAt(rest) != "" {
			return text[:at], rest, true
		}
		from = at + 1
	}
}
