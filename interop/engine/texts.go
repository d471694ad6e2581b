package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/swerm/swerm/moe/tokenizer"
)

// maxText bounds one text of a corpus.
const maxText = 64 << 20

// tokenizing encodes all texts, each time with empty caches. Goroutines share
// the vocabulary; each has an encoder of its own and takes the next text.
func (s *spec) tokenizing() (func(*answer) error, error) {
	t, err := tokenizer.Load(s.Tokenizer)
	if err != nil {
		return nil, err
	}
	texts, err := readTexts(s.Texts)
	if err != nil {
		return nil, err
	}
	hashed := "" // once: the ids do not change
	return func(a *answer) error {
		ids := encode(t, texts, s.Threads)
		if hashed == "" {
			hashed = hashOf(ids)
		}
		a.Hash = hashed
		return nil
	}, nil
}

func encode(t *tokenizer.Tokenizer, texts []string, threads int) [][]int32 {
	ids := make([][]int32, len(texts))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			e := t.NewEncoder()
			for {
				i := int(next.Add(1)) - 1
				if i >= len(texts) {
					return
				}
				ids[i] = e.EncodeSpecial(make([]int32, 0, len(texts[i])/3+8), texts[i])
			}
		})
	}
	wg.Wait()
	return ids
}

// hashOf covers every list's length and ids, little-endian.
func hashOf(ids [][]int32) string {
	h := sha256.New()
	var b []byte
	for _, list := range ids {
		b = binary.LittleEndian.AppendUint32(b[:0], uint32(len(list)))
		for _, id := range list {
			b = binary.LittleEndian.AppendUint32(b, uint32(id))
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func readTexts(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var texts []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxText)
	for lines.Scan() {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, len(texts)+1, err)
		}
		texts = append(texts, text)
	}
	return texts, lines.Err()
}
