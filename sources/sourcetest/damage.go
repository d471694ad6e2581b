package sourcetest

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/swerm/swerm/sources/format"
)

// damages is how many damaged copies of a sample a format is given.
const damages = 1_000

// damaged gives the format copies of a sample with bytes changed, cut out and
// repeated. Whatever it makes of one, what it yields is lawful.
func damaged(t *testing.T, f format.Format, s Sample) {
	rng := rand.New(rand.NewPCG(1, uint64(len(s.Data))))
	for range damages {
		doc := damage(rng, s.Data)
		recs, _ := tryDecode(f, s, doc)
		lawful(t, recs)
		if t.Failed() {
			t.Fatalf("%s", doc)
		}
	}
}

// damage returns a copy with one to three faults.
func damage(rng *rand.Rand, doc []byte) []byte {
	doc = bytes.Clone(doc)
	for range 1 + rng.IntN(3) {
		if len(doc) == 0 {
			return doc
		}
		at := rng.IntN(len(doc))
		end := min(len(doc), at+1+rng.IntN(100))
		switch rng.IntN(4) {
		case 0:
			doc[at] = `{}[]",:0123456789ntf\-e.`[rng.IntN(24)]
		case 1:
			doc[at] = byte(rng.IntN(256))
		case 2:
			doc = slices.Delete(doc, at, end)
		case 3:
			doc = slices.Insert(doc, rng.IntN(len(doc)), bytes.Clone(doc[at:end])...)
		}
	}
	return doc
}
