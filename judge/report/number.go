package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/swerm/swerm/metrics"
)

// absent stands for a number that does not exist.
const absent = "–"

// clean makes a name from data fit to be shown: control characters, marks that
// turn the direction of text and other characters that print nothing go, and
// what is not UTF-8 becomes a question mark.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r == unicode.ReplacementChar:
			return '?'
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r),
			r == '\u2028', r == '\u2029', r&0xfffe == 0xfffe:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}

// maxName is how many characters of a name are shown: its start and its end.
const maxName = 80

// named is clean and not longer than is good to read, or says that there is no name.
func named(text string) string {
	text = strings.TrimSpace(clean(text))
	if text == "" {
		return "(no name)"
	}
	if runes := []rune(text); len(runes) > maxName {
		text = string(runes[:maxName/2]) + "…" + string(runes[len(runes)-maxName/2+1:])
	}
	return text
}

// minus writes a number's sign as a minus, which is as wide as a plus.
func minus(text string) string { return strings.Replace(text, "-", "−", 1) }

func num(v *float64) string {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return absent
	}
	return minus(strconv.FormatFloat(*v, 'f', 3, 64))
}

func signed(v *float64) string {
	if v == nil || math.IsNaN(*v) {
		return absent
	}
	return minus(fmt.Sprintf("%+.3f", *v))
}

// percent is a share in whole percent, or tenths where it is near an end.
func percent(v *float64) string {
	if v == nil || math.IsNaN(*v) {
		return absent
	}
	return percentage(*v) + "\u00a0%"
}

func percentage(v float64) string {
	if p := 100 * v; p != math.Round(p) && (p < 2 || p > 98) {
		return minus(strconv.FormatFloat(p, 'f', 1, 64))
	}
	return minus(strconv.FormatFloat(100*v, 'f', 0, 64))
}

// points are percentage points, signed.
func points(v float64) string { return minus(fmt.Sprintf("%+.0f", 100*v)) }

func span(lo, hi *float64, show func(*float64) string) string {
	if lo == nil || hi == nil {
		return absent
	}
	return "[" + show(lo) + ",\u00a0" + show(hi) + "]"
}

// within is an interval of a share in whole percent, [78, 84], after a space
// at which no line breaks; or nothing.
func within(in metrics.Interval) string {
	if in.Low == nil || in.High == nil {
		return ""
	}
	return fmt.Sprintf("\u00a0[%s,\u00a0%s]", percentage(*in.Low), percentage(*in.High))
}

// excludesZero reports whether an interval is on one side of 0. Choosing one of
// one differs from chance by rounding alone, which is no difference.
func excludesZero(lo, hi *float64) bool {
	const rounding = 1e-9
	return lo != nil && hi != nil && (*lo > rounding || *hi < -rounding)
}

// count writes a whole number in groups of three digits.
func count[N int | int32 | int64](n N) string {
	text := strconv.FormatInt(int64(n), 10)
	sign := ""
	if text[0] == '-' {
		sign, text = "−", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// compact writes a large number short: 1.2k, 3M.
func compact(v float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= unit.size {
			text := strconv.FormatFloat(v/unit.size, 'f', 1, 64)
			return minus(strings.TrimSuffix(text, ".0")) + unit.name
		}
	}
	return minus(strconv.FormatFloat(v, 'f', -1, 64))
}

// plural writes a count with its noun.
func plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}
