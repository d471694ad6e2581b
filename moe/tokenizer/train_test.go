package tokenizer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// sampleTexts is deterministic text with the look of agent logs.
func sampleTexts(n int) []string {
	rng := rand.New(rand.NewPCG(7, 9))
	words := strings.Fields("def return self import test_parse assert error Traceback File line in raise ValueError None True if not for x y result expected value config path open read write git diff --- +++ @@ class __init__ NOT YESTERDAY NOTE naïve café 漢字 it's we'll DON'T 1234 0x1f == != -> {} [] ()")
	var texts []string
	for i := range n {
		var b strings.Builder
		for range 40 + rng.IntN(80) {
			b.WriteString(words[rng.IntN(len(words))])
			b.WriteString([]string{" ", " ", " ", "\n", "\n    ", "\t", "", "."}[rng.IntN(8)])
		}
		fmt.Fprintf(&b, "%d", i)
		texts = append(texts, b.String())
	}
	return texts
}

func train(t testing.TB, texts iter.Seq[string], o TrainOptions) *Tokenizer {
	t.Helper()
	tok, err := Train(context.Background(), texts, o)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestTrainSameBytesForAnyWorkersAndOrder(t *testing.T) {
	texts := sampleTexts(200)
	o := TrainOptions{VocabSize: 600, Words: []string{"YES", "NO"}, Workers: 1}
	want := train(t, slices.Values(texts), o)
	if got := want.VocabSize(); got != 600 {
		t.Errorf("vocabulary of %d, want 600", got)
	}
	slices.Reverse(texts)
	for _, o.Workers = range []int{2, 7} {
		if got := train(t, slices.Values(texts), o); !bytes.Equal(got.JSON(), want.JSON()) {
			t.Errorf("%d workers and reversed texts give another file", o.Workers)
		}
	}
}

func TestTrainRoundTripsAndCompresses(t *testing.T) {
	texts := sampleTexts(200)
	tok := train(t, slices.Values(texts), TrainOptions{VocabSize: 700})
	var bytesIn, ids int
	for _, s := range texts {
		got := tok.Encode(nil, s)
		if dec := tok.Decode(got); dec != s {
			t.Fatalf("%q decodes to %q", s, dec)
		}
		bytesIn += len(s)
		ids += len(got)
	}
	if bytesIn < 2*ids {
		t.Errorf("%d bytes became %d tokens", bytesIn, ids)
	}
}

// naiveTrain is BPE training by its definition: recount everything each time.
func naiveTrain(texts []string, vocab int) [][2]string {
	classes := classes()
	counts := map[string]int64{}
	for _, s := range texts {
		for len(s) > 0 {
			n := classes.qwen(s)
			counts[s[:n]]++
			s = s[n:]
		}
	}
	ids := map[string]int{}
	for i, b := range newAlphabet().order {
		ids[string([]byte{b})] = i
	}
	type word struct {
		sym   []string
		count int64
	}
	var words []word
	for w, n := range counts {
		var sym []string
		for i := range len(w) {
			sym = append(sym, w[i:i+1])
		}
		words = append(words, word{sym, n})
	}
	var merges [][2]string
	for len(ids) < vocab {
		pairs := map[[2]string]int64{}
		for _, w := range words {
			for i := 0; i+1 < len(w.sym); i++ {
				pairs[[2]string{w.sym[i], w.sym[i+1]}] += w.count
			}
		}
		var best [2]string
		var most int64
		for p, n := range pairs {
			if n > most || n == most && (ids[p[0]] < ids[best[0]] || ids[p[0]] == ids[best[0]] && ids[p[1]] < ids[best[1]]) {
				best, most = p, n
			}
		}
		if most < 2 {
			break
		}
		merges = append(merges, best)
		if _, ok := ids[best[0]+best[1]]; !ok {
			ids[best[0]+best[1]] = len(ids)
		}
		for k := range words {
			var out []string
			sym := words[k].sym
			for i := 0; i < len(sym); i++ {
				if i+1 < len(sym) && sym[i] == best[0] && sym[i+1] == best[1] {
					out = append(out, best[0]+best[1])
					i++
				} else {
					out = append(out, sym[i])
				}
			}
			words[k].sym = out
		}
	}
	return merges
}

func TestTrainIsTheDefinition(t *testing.T) {
	texts := sampleTexts(30)
	texts = append(texts, strings.Repeat("aaaa aaaaaaa abababab ", 30))
	want := naiveTrain(texts, 480)
	o := TrainOptions{VocabSize: 480, Special: []string{}}.withDefaults()
	counts, err := countWords(context.Background(), slices.Values(texts), 2)
	if err != nil {
		t.Fatal(err)
	}
	l := newLearner(o)
	l.load(counts)
	if err := l.learn(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if len(l.merges) != len(want) {
		t.Errorf("%d merges, want %d", len(l.merges), len(want))
	}
	for i := range min(len(want), len(l.merges)) {
		got := [2]string{l.tokens[l.merges[i][0]], l.tokens[l.merges[i][1]]}
		if got != want[i] {
			t.Fatalf("merge %d is %q, want %q", i, got, want[i])
		}
	}
}

func TestTrainForcedWords(t *testing.T) {
	for _, words := range [][]string{{"YES", "NO"}, {"NO", "NOTE", "OTE", "YES", "ES"}, {"ababab", "bab", "aba"}} {
		tok := train(t, slices.Values(sampleTexts(50)), TrainOptions{VocabSize: 500, Words: words})
		for _, w := range words {
			id, ok := tok.ID(w)
			if got := tok.Encode(nil, w); !ok || len(got) != 1 || got[0] != id {
				t.Errorf("%v: %q became %v", words, w, got)
			}
		}
	}
	if _, err := Train(context.Background(), slices.Values([]string(nil)), TrainOptions{Words: []string{"two words"}}); err == nil {
		t.Error("two words became one token")
	}
}

func TestTrainSpecialTokens(t *testing.T) {
	// The text spells a special token often enough to be merged whole.
	texts := []string{strings.Repeat("sep <|im_end|> sep END ", 400)}
	tok := train(t, slices.Values(texts), TrainOptions{VocabSize: 400, Special: []string{"<|im_end|>", "END"}})
	n := int32(tok.VocabSize())
	for i, s := range []string{"<|im_end|>", "END"} {
		id, ok := tok.ID(s)
		if want := n - 2 + int32(i); !ok || id != want {
			t.Errorf("%s has id %d, want %d", s, id, want)
		}
		if got := tok.EncodeSpecial(nil, s); len(got) != 1 || got[0] != id {
			t.Errorf("EncodeSpecial(%s) = %v", s, got)
		}
		if got := tok.Encode(nil, s); slices.Contains(got, id) {
			t.Errorf("Encode(%s) = %v holds the special token", s, got)
		}
	}
}

func TestTrainFaults(t *testing.T) {
	err := TrainOptions{VocabSize: 3, MinFrequency: -1, MaxTokenBytes: 1, Workers: -1, Special: []string{"a", "a", ""}}.Validate()
	for _, want := range []string{"vocabulary size", "minimum frequency", "longest token", "workers", `"a"`, `""`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("fault %s is not listed in: %v", want, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Train(ctx, slices.Values(sampleTexts(10)), TrainOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled training gives %v", err)
	}
}
