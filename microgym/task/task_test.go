package task

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swerm/swerm/internal/gitdiff"
)

func auc(a, b []float64) float64 {
	n := 0.0
	for _, x := range a {
		for _, y := range b {
			if x > y {
				n++
			} else if x == y {
				n += 0.5
			}
		}
	}
	return n / float64(len(a)*len(b))
}

func TestStats(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("N"))
	if n == 0 {
		n = 200
	}
	var gen, fix time.Duration
	kinds := map[string]int{}
	bykind := map[string][4]int{}
	cover, known := 0, 0
	yield := map[string]int{}
	var sizeR, sizeW, byteR, byteW, spanR, spanW []float64
	hasFooled, hasSeen, hasNear := [2]int{}, [2]int{}, [2]int{}
	cov := [2]int{}
	words := []int{}
	f2p, p2p, vis := 0, 0, 0
	ids := map[string]int{}
	for i := range n {
		t0 := time.Now()
		x, err := Generate(context.Background(), Options{Seed: 1}, i)
		if err != nil {
			t.Fatal(err)
		}
		gen += time.Since(t0)
		ids[x.BaseCommit]++
		kinds[string(x.BugKind)]++
		c := 0
		if x.VisibleCovers {
			cover++
			c = 1
		}
		cov[c]++
		if len(x.KnownFailures) > 0 {
			known++
		}
		words = append(words, len(strings.Fields(x.ProblemStatement)))
		f2p += len(x.FailToPass)
		p2p += len(x.PassToPass)
		for p, s := range x.Files {
			if strings.HasPrefix(p, "tests/") {
				vis += strings.Count(s, "\ndef test_")
			}
		}
		t0 = time.Now()
		fx, err := x.Fixes(context.Background(), stream(1, "fx", i, 0))
		if err != nil {
			t.Fatal(err)
		}
		fix += time.Since(t0)
		fooled, seen, near := 0, 0, 0
		bk := bykind[string(x.BugKind)]
		for _, f := range fx {
			d := gitdiff.Diff(x.Files, merged(x.Files, f.Files))
			l := 0.0
			for _, line := range strings.Split(d, "\n") {
				if strings.HasPrefix(line, "+") || strings.HasPrefix(line, "-") {
					l++
				}
			}
			if f.Right {
				sizeR, byteR, spanR = append(sizeR, l), append(byteR, float64(len(d))), append(spanR, float64(f.EndLine-f.StartLine))
				bk[0]++
			} else {
				sizeW, byteW, spanW = append(sizeW, l), append(byteW, float64(len(d))), append(spanW, float64(f.EndLine-f.StartLine))
				if f.VisiblePass {
					fooled++
					bk[1]++
					if f.Kind != FixSpecialCase {
						near++
					}
				} else {
					seen++
					bk[2]++
				}
			}
			yield[fmt.Sprint(f.Kind, " covers=", x.VisibleCovers, " right=", f.Right, " vis=", f.VisiblePass)]++
		}
		bk[3]++
		bykind[string(x.BugKind)] = bk
		if fooled > 0 {
			hasFooled[c]++
		}
		if near > 0 {
			hasNear[c]++
		}
		if seen > 0 {
			hasSeen[c]++
		}
	}
	sort.Ints(words)
	fmt.Println("tasks", n, "gen", gen/time.Duration(n), "fix", fix/time.Duration(n), "cover", cover, "known", known)
	fmt.Println("words", words[0], words[n/2], words[n-1], "f2p", f2p/n, "p2p", p2p/n, "visible", float64(vis)/float64(n), "distinct", len(ids))
	fmt.Println("fooled", hasFooled, "near-fooled", hasNear, "seen", hasSeen, "of", cov)
	fmt.Println("AUC lines", auc(sizeW, sizeR), "bytes", auc(byteW, byteR), "span", auc(spanW, spanR), len(sizeR), len(sizeW))
	for _, m := range []map[string]int{yield, kinds} {
		var ks []string
		for k := range m {
			ks = append(ks, k)
		}
		sort.Strings(ks)
		for _, k := range ks {
			fmt.Println(m[k], k, bykind[k])
		}
	}
}

func merged(a, b map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range a {
		out[k] = v
	}
	for k, v := range b {
		out[k] = v
	}
	return out
}
