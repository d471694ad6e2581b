package yamlcfg

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

func names(m map[string]reflect.Value) []string { return slices.Sorted(maps.Keys(m)) }

// maxListed bounds how many known names an error lists.
const maxListed = 24

// Suggest ends an error about an unknown name: with the nearest known one, or
// with the list of them when none is near.
func Suggest(name string, known []string) string {
	best, bestDist := "", 1+max(1, (len(name)+2)/3)
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < bestDist {
			best, bestDist = k, d
		}
	}
	switch {
	case best != "":
		return "; did you mean " + best + "?"
	case len(known) == 0:
		return "; no key is known here"
	case len(known) > maxListed:
		return "; known: " + strings.Join(known[:maxListed], ", ") + ", …"
	}
	return "; known: " + strings.Join(known, ", ")
}

// distance is the Levenshtein distance, of names cut to 64 bytes.
func distance(a, b string) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, row[j]+1, diag+1)
		}
	}
	return row[len(b)]
}
