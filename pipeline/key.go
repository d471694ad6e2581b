package pipeline

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Key names content: hex of 128 bits of SHA-256. Equal keys mean equal bytes.
type Key string

// Short is the form that file names carry.
func (k Key) Short() string { return string(k[:min(len(k), 10)]) }

// InputKey is one input as a task key sees it.
type InputKey struct {
	Port string
	Key  Key
}

// TaskKey is hash(stage, version, canonical config, keys of the inputs). The
// config is marshalled as JSON with sorted keys; inputs keep the order they
// have within a port, since order can decide which duplicate stays.
func TaskKey(stage string, version int, config any, inputs []InputKey) (Key, error) {
	cfg, err := CanonicalJSON(config)
	if err != nil {
		return "", fmt.Errorf("key of %s: %w", stage, err)
	}
	inputs = slices.Clone(inputs)
	slices.SortStableFunc(inputs, func(a, b InputKey) int { return strings.Compare(a.Port, b.Port) })
	h := sha256.New()
	put := func(s string) {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	put("swerm-task-1")
	put(stage)
	put(fmt.Sprint(version))
	put(string(cfg))
	for _, in := range inputs {
		put(in.Port)
		put(string(in.Key))
	}
	return Key(hex.EncodeToString(h.Sum(nil)[:16])), nil
}

// CanonicalJSON marshals v with sorted object keys and no insignificant space.
func CanonicalJSON(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var any any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if err := dec.Decode(&any); err != nil {
		return nil, err
	}
	return json.Marshal(any) // maps are marshalled in key order
}

// HashKey returns the key of raw bytes.
func HashKey(b []byte) Key {
	sum := sha256.Sum256(b)
	return Key(hex.EncodeToString(sum[:16]))
}
