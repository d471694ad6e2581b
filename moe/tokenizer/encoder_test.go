package tokenizer

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestLongMergeEqualsShort(t *testing.T) {
	tok := small(t)
	e := tok.NewEncoder()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		w := strings.Repeat("return", 9)[rng.IntN(6):]
		b := []byte(w[:1+rng.IntN(shortWord-1)])
		for range rng.IntN(4) {
			b[rng.IntN(len(b))] = "aertsn _"[rng.IntN(8)]
		}
		sym := make([]int32, len(b))
		for i := range b {
			sym[i] = tok.byteID[b[i]]
		}
		long := e.mergeLong(nil, slices.Clone(sym))
		if short := e.mergeShort(sym); !slices.Equal(short, long) {
			t.Fatalf("%q: scan gives %v, heap gives %v", b, short, long)
		}
	}
}

func TestCacheNeverChangesIDs(t *testing.T) {
	tok := small(t)
	rng := rand.New(rand.NewPCG(4, 4))
	warm := tok.NewEncoder()
	size := len(warm.cache.sets)
	for range 500 {
		s := randomText(rng)
		if got, want := warm.Encode(nil, s), tok.coldEncoder().Encode(nil, s); !slices.Equal(got, want) {
			t.Fatalf("%q: with cache %v, without %v", s, got, want)
		}
	}
	// More words than places: the cache stays as it was made.
	for range 20000 {
		warm.Encode(nil, string([]byte{'a' + byte(rng.IntN(26)), 'a' + byte(rng.IntN(26)), 'a' + byte(rng.IntN(26)), 'a' + byte(rng.IntN(26)), 'a' + byte(rng.IntN(26))}))
	}
	if len(warm.cache.sets) != size {
		t.Errorf("the cache grew from %d to %d sets", size, len(warm.cache.sets))
	}
}

// coldEncoder returns an encoder whose cache is forgotten before each use.
func (t *Tokenizer) coldEncoder() *Encoder {
	clear(coldSets)
	return &Encoder{t: t, cache: wordCache{sets: coldSets}}
}

var coldSets = make([][2]cacheEntry, 1<<cacheSetBits)

func TestConcurrentUse(t *testing.T) {
	tok := small(t)
	texts := sampleTexts(100)
	want := make([][]int32, len(texts))
	for i, s := range texts {
		want[i] = tok.EncodeSpecial(nil, s)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i, s := range texts {
				if got := tok.EncodeSpecial(nil, s); !slices.Equal(got, want[i]) {
					t.Errorf("text %d differs under concurrency", i)
				}
			}
		})
	}
	wg.Wait()
}

func TestInvalidUTF8(t *testing.T) {
	tok := small(t)
	for in, want := range map[string]string{
		"a\xffb":         "a\ufffdb",
		"\xe6\xbc":       "\ufffd\ufffd", // two bytes of a three-byte character
		"\xed\xa0\x80":   "\ufffd\ufffd\ufffd",
		"e\xcc\xffx\xcc": "e\ufffd\ufffdx\ufffd",
	} {
		if got := tok.Decode(tok.Encode(nil, in)); got != want {
			t.Errorf("%q decodes to %q, want %q", in, got, want)
		}
	}
}

func TestNormalFormC(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for range 3000 {
		s := randomText(rng)
		if got, want := composeAll(s), norm.NFC.String(s); got != want && !longMarks(s) {
			t.Fatalf("%+q: composeAll gives %+q, x/text %+q", s, got, want)
		}
	}
	marks := "e" + strings.Repeat("\u0301", 100)
	tok := &Tokenizer{nfc: true}
	if got, want := tok.normalize(marks), "é"+strings.Repeat("\u0301", 99); got != want {
		t.Errorf("100 marks become %+q", got)
	}
}

func TestDecodeIgnoresUnknownIDs(t *testing.T) {
	tok := small(t)
	ids := append(tok.Encode([]int32{-1}, "YES"), int32(tok.VocabSize()))
	if got := tok.Decode(ids); got != "YES" {
		t.Errorf("decodes to %q", got)
	}
}

func FuzzEncode(f *testing.F) {
	tok := small(f)
	for _, s := range hardTexts() {
		f.Add(s[:min(len(s), 400)])
	}
	for _, p := range pieces {
		f.Add("x" + p + p)
	}
	f.Fuzz(func(t *testing.T, s string) {
		plain := tok.Encode(nil, s)
		if slices.ContainsFunc(plain, tok.IsAdded) {
			t.Errorf("Encode(%q) = %v holds an added token", s, plain)
		}
		dec := tok.Decode(plain)
		if want := norm.NFC.String(string([]rune(s))); !longMarks(string([]rune(s))) && dec != want {
			t.Errorf("%q decodes to %q, want %q", s, dec, want)
		}
		if !utf8.ValidString(dec) {
			t.Errorf("%q decodes to invalid UTF-8 %q", s, dec)
		}
		if again := tok.Encode(nil, dec); !slices.Equal(again, plain) {
			t.Errorf("%q: ids %v, ids of the decoded text %v", s, plain, again)
		}
		if special := tok.EncodeSpecial(nil, s); tok.Decode(special) != dec && !strings.Contains(s, "<|") {
			t.Errorf("%q: special tokens change the text", s)
		}
	})
}
