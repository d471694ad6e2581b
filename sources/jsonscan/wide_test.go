package jsonscan

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testproc"
)

// A way is one in which a scanner can read.
type way struct {
	name   string
	fast   *kernel
	guess  bool // remember what stands between values
	memory int  // bytes lent for text
}

// ways are all but the plainest.
func ways(doc string) []way {
	all := []way{{name: "byte by byte, guessing", guess: true}}
	for _, k := range kernels() {
		for _, lent := range []int{0, len(doc) / 2, len(doc), len(doc) + 100} {
			all = append(all, way{fmt.Sprintf("%s, %d bytes lent", k.name, lent), k, true, lent})
		}
	}
	return all
}

// tell reads a document and says what came of it.
func (w way) tell(doc string) string {
	var b strings.Builder
	s := NewIn(NewMemory(make([]byte, 0, w.memory)), []byte(doc))
	if s.fast = w.fast; !w.guess {
		s.here = nowhere
	}
	visit(s, &b, 0)
	s.End()
	fmt.Fprintf(&b, " end %d, repaired %d, kept %d, %v", s.pos, s.repaired, s.kept, s.Err())
	return b.String()
}

func visit(s *Scanner, b *strings.Builder, depth int) {
	switch s.Kind() {
	case String:
		fmt.Fprintf(b, "%q ", s.Str())
	case Object:
		for key := range s.Fields() {
			fmt.Fprintf(b, "%q: ", key)
			if strings.HasPrefix(key, "stop") {
				break
			}
			if strings.HasPrefix(key, "look") {
				fmt.Fprint(b, s.Kind())
				continue
			}
			if depth < 3 && !strings.HasPrefix(key, "skip") {
				visit(s, b, depth+1)
			}
		}
	case Array:
		for i := range s.Elements() {
			if i == 5 {
				break
			}
			if i%2 == 0 {
				visit(s, b, depth+1)
			}
		}
	default:
		s.Skip()
	}
}

func sameAllWays(t *testing.T, doc string) {
	t.Helper()
	want := way{}.tell(doc)
	for _, w := range ways(doc) {
		if got := w.tell(doc); got != want {
			t.Fatalf("%q:\n%s: %s\nbyte by byte: %s", doc, w.name, got, want)
		}
	}
}

// TestWideIsNarrow reads documents put together from what matters to a scanner
// in every way: they must not differ on faulty ones either, or an import would
// depend on the machine.
func TestWideIsNarrow(t *testing.T) {
	for group := range 40 { // each is enough by itself where an emulator takes long
		t.Run(fmt.Sprint("documents ", group), func(t *testing.T) { sameDocuments(t, rand.New(rand.NewPCG(3, uint64(group)))) })
	}
	t.Run("depth", func(t *testing.T) {
		sameAllWays(t, strings.Repeat("[", MaxDepth)+strings.Repeat("]", MaxDepth))
		sameAllWays(t, strings.Repeat("[", MaxDepth+1)+strings.Repeat("]", MaxDepth+1))
		sameAllWays(t, `{"skip":`+strings.Repeat("[", 70)+strings.Repeat("]", 70)+`}`)
	})
}

// sameDocuments reads a thousand random documents.
func sameDocuments(t *testing.T, r *rand.Rand) {
	t.Helper()
	pieces := []string{`"`, `\`, `\\`, `\"`, `\n`, `\u00e9`, `\ud83d\ude00`, `\ud800`, `\x`, `{`, `}`, `[`, `]`, `:`, `,`, ` `, "\n        ",
		`"key": `, `"skip": `, `"stop": `, `{"key": "a", "text" :null}, `, "{\n \"key\": 1,\n \"k\\u0065y\": \"b\",\n \"skip\": [ 0]\n}, ", `{ }, `, `{"look": {"a": 1}}, `, "{\"look\": \n 1}, ",
		`\/\t\r\b\f`, `"text"`, `12`, `null`, `é`, "\xff", strings.Repeat("a", 61), strings.Repeat(`\\`, 35)}
	for range 1000 {
		var b strings.Builder
		b.WriteString([]string{`[`, `{"key": [`, `{"skip": {"a": [`, `"`}[r.IntN(4)])
		for range r.IntN(30) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		sameAllWays(t, b.String())
		sameAllWays(t, b.String()+`"]}`)
	}
}

func FuzzWide(f *testing.F) {
	f.Add(`{"skip": [{"a\\": "\"]}"}], "key": "x\u00e9y"}`)
	f.Add(`["` + strings.Repeat(`\\`, 64) + `"]`)
	f.Fuzz(func(t *testing.T, doc string) {
		sameAllWays(t, doc)
	})
}

func TestGenerated(t *testing.T) { testproc.GeneratorAgrees(t, "jsonscan") }
