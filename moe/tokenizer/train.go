package tokenizer

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Limits on what is learned from.
const (
	// maxTrainWord is the length in bytes above which a word teaches nothing:
	// encoded data and separator lines, whose pairs crowd out those of language.
	maxTrainWord = 128
	// trainQueue bounds the texts waiting for a worker.
	trainQueue = 64
)

// TrainOptions says what vocabulary to learn. The zero value is usable.
type TrainOptions struct {
	VocabSize     int      // tokens in all, special ones included; 0 = 8192
	MinFrequency  int64    // pairs seen less often are not merged; 0 = 2
	MaxTokenBytes int      // longest token learned; 0 = 64
	Special       []string // added tokens, last in the vocabulary; nil = DefaultSpecial
	Words         []string // texts that must each be one token, whatever the texts hold
	Workers       int      // never changes the result; 0 = GOMAXPROCS
}

// DefaultSpecial lists the tokens that chat templates are written with.
func DefaultSpecial() []string { return []string{"<|endoftext|>", "<|im_start|>", "<|im_end|>"} }

func (o TrainOptions) withDefaults() TrainOptions {
	o.VocabSize = cmp.Or(o.VocabSize, 8192)
	o.MinFrequency = cmp.Or(o.MinFrequency, 2)
	o.MaxTokenBytes = cmp.Or(o.MaxTokenBytes, 64)
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	if o.Special == nil {
		o.Special = DefaultSpecial()
	}
	return o
}

// Validate lists every fault of the options at once.
func (o TrainOptions) Validate() error {
	o = o.withDefaults()
	var errs []error
	if need := 256 + len(o.Special); o.VocabSize < need || o.VocabSize > maxVocab {
		errs = append(errs, fmt.Errorf("vocabulary size %d is outside %d (bytes and special tokens) to %d", o.VocabSize, need, maxVocab))
	}
	if o.MinFrequency < 1 {
		errs = append(errs, fmt.Errorf("minimum frequency %d is below 1", o.MinFrequency))
	}
	if o.MaxTokenBytes < 2 {
		errs = append(errs, fmt.Errorf("longest token %d is below 2 bytes", o.MaxTokenBytes))
	}
	if o.Workers < 1 {
		errs = append(errs, fmt.Errorf("%d workers", o.Workers))
	}
	seen := map[string]bool{}
	for _, s := range o.Special {
		if s == "" || seen[s] {
			errs = append(errs, fmt.Errorf("special token %q is empty or listed twice", s))
		}
		seen[s] = true
	}
	return errors.Join(errs...)
}

// Train learns a byte-level BPE with the structure of Qwen's: form C, Qwen's
// words, the 256 bytes first, then merges by falling frequency, then the
// special tokens. Among pairs of one frequency the one with the smaller ids is
// merged first, so the result depends on how often each word occurs and on the
// options, and neither on the order of the texts nor on the workers.
//
// A vocabulary smaller than asked for means that no pair was frequent enough.
func Train(ctx context.Context, texts iter.Seq[string], o TrainOptions) (*Tokenizer, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("tokenizer: train: %w", err)
	}
	o = o.withDefaults()
	counts, err := countWords(ctx, texts, o.Workers)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: train: %w", err)
	}
	l := newLearner(o)
	for _, w := range o.Words {
		if err := l.force(w); err != nil {
			return nil, fmt.Errorf("tokenizer: train: %w", err)
		}
	}
	l.load(counts)
	if err := l.learn(ctx, o); err != nil {
		return nil, fmt.Errorf("tokenizer: train: %w", err)
	}
	t, err := Parse(l.file(o.Special))
	if err != nil {
		return nil, fmt.Errorf("tokenizer: train: %w", err)
	}
	for _, w := range o.Words {
		if ids := t.Encode(nil, w); len(ids) != 1 {
			return nil, fmt.Errorf("tokenizer: train: %q became %d tokens and not one", w, len(ids))
		}
	}
	return t, nil
}

// countWords counts how often every word occurs. Sums do not depend on order,
// so any worker may take any text.
func countWords(ctx context.Context, texts iter.Seq[string], workers int) (map[string]int64, error) {
	t := &Tokenizer{nfc: true, classes: classes()}
	queue := make(chan string, trainQueue)
	parts := make([]map[string]int64, workers)
	var wg sync.WaitGroup
	for w := range parts {
		parts[w] = map[string]int64{}
		wg.Go(func() {
			for text := range queue {
				t.countInto(parts[w], text)
			}
		})
	}
	err := feed(ctx, texts, queue)
	close(queue)
	wg.Wait()
	if err != nil {
		return nil, err
	}
	total := parts[0]
	for _, p := range parts[1:] {
		for w, n := range p {
			total[w] += n
		}
	}
	return total, nil
}

func feed(ctx context.Context, texts iter.Seq[string], queue chan<- string) error {
	for text := range texts {
		select {
		case queue <- text:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

func (t *Tokenizer) countInto(counts map[string]int64, text string) {
	s := t.normalize(text)
	for len(s) > 0 {
		n := t.classes.qwen(s)
		if w := s[:n]; n > 1 && n <= maxTrainWord {
			if _, ok := counts[w]; !ok {
				w = strings.Clone(w) // do not keep the text alive
			}
			counts[w]++
		}
		s = s[n:]
	}
}

// A learner holds the state of BPE training.
type learner struct {
	minFrequency int64
	maxBytes     int

	tokens []string // id -> bytes
	ids    map[string]int32
	merges [][2]int32
	rank   map[uint64]int // pair -> place in merges

	words  []trainWord
	counts map[uint64]int64   // pair -> occurrences
	where  map[uint64][]int32 // pair -> words that hold it, or held it once
	heap   pairHeap
}

type trainWord struct {
	sym   []int32
	count int64
}

func newLearner(o TrainOptions) *learner {
	l := &learner{minFrequency: o.MinFrequency, maxBytes: o.MaxTokenBytes,
		ids: map[string]int32{}, rank: map[uint64]int{}, counts: map[uint64]int64{}, where: map[uint64][]int32{}}
	for _, b := range newAlphabet().order {
		l.token(string([]byte{b}))
	}
	return l
}

// token returns the id of a token, a new one if it is new.
func (l *learner) token(bytes string) int32 {
	id, ok := l.ids[bytes]
	if !ok {
		id = int32(len(l.tokens))
		l.tokens = append(l.tokens, bytes)
		l.ids[bytes] = id
	}
	return id
}

// force makes w one token by merges that rank above all learned ones. A merge
// learned later cannot undo it: while w is being built there is always one of
// these to do first.
func (l *learner) force(w string) error {
	if n := classes().qwen(w + " "); w == "" || n != len(w) {
		return fmt.Errorf("%q cannot be one token: it is not one word", w)
	}
	if w != (&Tokenizer{nfc: true}).normalize(w) {
		return fmt.Errorf("%q cannot be one token: it is not in normal form C", w)
	}
	for sym := l.apply(l.spell(w)); len(sym) > 1; sym = l.apply(sym) {
		l.addMerge(sym[0], sym[1])
		l.token(l.tokens[sym[0]] + l.tokens[sym[1]])
	}
	return nil
}

// addMerge notes a merge, unless it has a rank already: a token that two
// merges build can bring an old pair back.
func (l *learner) addMerge(a, b int32) {
	pair := packPair(a, b)
	if _, ok := l.rank[pair]; !ok {
		l.rank[pair] = len(l.merges)
		l.merges = append(l.merges, [2]int32{a, b})
	}
}

// apply merges sym by the merges there are, lowest rank first, in place.
func (l *learner) apply(sym []int32) []int32 {
	for {
		best, at := len(l.merges), -1
		for i := 0; i+1 < len(sym); i++ {
			if r, ok := l.rank[packPair(sym[i], sym[i+1])]; ok && r < best {
				best, at = r, i
			}
		}
		if at < 0 {
			return sym
		}
		sym[at] = l.ids[l.tokens[sym[at]]+l.tokens[sym[at+1]]]
		sym = slices.Delete(sym, at+1, at+2)
	}
}

func (l *learner) spell(w string) []int32 {
	sym := make([]int32, len(w))
	for i := range sym {
		sym[i] = l.ids[w[i:i+1]]
	}
	return sym
}

// replacePair replaces every a b by id, leftmost first, in place.
func replacePair(sym []int32, a, b, id int32) []int32 {
	out := sym[:0]
	for i := 0; i < len(sym); i++ {
		if i+1 < len(sym) && sym[i] == a && sym[i+1] == b {
			out = append(out, id)
			i++
			continue
		}
		out = append(out, sym[i])
	}
	return out
}

// load takes the counted words, with the forced merges applied to them.
func (l *learner) load(counts map[string]int64) {
	keys := make([]string, 0, len(counts))
	for w := range counts {
		keys = append(keys, w)
	}
	slices.Sort(keys)
	for _, w := range keys {
		l.words = append(l.words, trainWord{l.apply(l.spell(w)), counts[w]})
	}
	for i := range l.words {
		l.tally(int32(i), 1, anyToken)
	}
	for pair, n := range l.counts {
		l.heap = append(l.heap, pairCount{n, pair})
	}
	heap.Init(&l.heap)
}

const anyToken = -1

// tally adds (sign 1) or takes away (sign -1) the pairs of a word. Adding also
// notes where the pairs with the new token are.
func (l *learner) tally(word int32, sign int64, fresh int32) {
	w := &l.words[word]
	for i := 0; i+1 < len(w.sym); i++ {
		pair := packPair(w.sym[i], w.sym[i+1])
		l.counts[pair] += sign * w.count
		if sign < 0 || fresh != anyToken && w.sym[i] != fresh && w.sym[i+1] != fresh {
			continue
		}
		// Words are tallied in turn, so a repeat within this one is last.
		if at := l.where[pair]; len(at) == 0 || at[len(at)-1] != word {
			l.where[pair] = append(at, word)
		}
	}
}

func unpackPair(pair uint64) (l, r int32) { pair--; return int32(pair >> 32), int32(uint32(pair)) }

// learn merges the most frequent pair until the vocabulary is full.
func (l *learner) learn(ctx context.Context, o TrainOptions) error {
	size := o.VocabSize - len(o.Special)
	if len(l.tokens) > size {
		return fmt.Errorf("vocabulary size %d leaves no room for the words that must be tokens", o.VocabSize)
	}
	special := map[string]bool{}
	for _, s := range o.Special {
		special[s] = true
	}
	for len(l.tokens) < size && len(l.heap) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		top := heap.Pop(&l.heap).(pairCount)
		if n := l.counts[top.pair]; n != top.count {
			if n > 0 && n < top.count {
				heap.Push(&l.heap, pairCount{n, top.pair})
			}
			continue // an entry that was overtaken
		}
		if top.count < l.minFrequency {
			break
		}
		a, b := unpackPair(top.pair)
		if merged := l.tokens[a] + l.tokens[b]; len(merged) <= l.maxBytes && !special[merged] {
			l.merge(top.pair, a, b, l.token(merged))
		}
	}
	return nil
}

// merge applies one merge to every word that holds the pair.
func (l *learner) merge(pair uint64, a, b, id int32) {
	l.addMerge(a, b)
	words := l.where[pair]
	slices.Sort(words)
	words = slices.Compact(words)
	grown := map[uint64]bool{}
	for _, w := range words {
		word := &l.words[w]
		if !holds(word.sym, a, b) {
			continue
		}
		l.tally(w, -1, id)
		word.sym = replacePair(word.sym, a, b, id)
		l.tally(w, 1, id)
		for i := 0; i+1 < len(word.sym); i++ {
			if word.sym[i] == id || word.sym[i+1] == id {
				grown[packPair(word.sym[i], word.sym[i+1])] = true
			}
		}
	}
	delete(l.counts, pair)
	delete(l.where, pair)
	for p := range grown {
		heap.Push(&l.heap, pairCount{l.counts[p], p})
	}
}

func holds(sym []int32, a, b int32) bool {
	for i := 0; i+1 < len(sym); i++ {
		if sym[i] == a && sym[i+1] == b {
			return true
		}
	}
	return false
}

// A pairCount is an entry of the heap: how often the pair occurred when the
// entry was made. Entries are not updated; one that no longer agrees with
// learner.counts is put back or dropped when it comes up.
type pairCount struct {
	count int64
	pair  uint64
}

// A pairHeap has the most frequent pair first, the smaller ids among equals.
type pairHeap []pairCount

func (h pairHeap) Len() int { return len(h) }
func (h pairHeap) Less(i, j int) bool {
	if h[i].count != h[j].count {
		return h[i].count > h[j].count
	}
	return h[i].pair < h[j].pair
}
func (h pairHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *pairHeap) Push(x any)   { *h = append(*h, x.(pairCount)) }
func (h *pairHeap) Pop() any {
	s := *h
	x := s[len(s)-1]
	*h = s[:len(s)-1]
	return x
}
