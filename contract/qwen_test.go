package contract

import (
	"bufio"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/ulikunitz/xz"
)

// TestQwen3Contract makes the contract for the tokenizer that the recipe uses.
func TestQwen3Contract(t *testing.T) {
	f, err := os.Open(testpath.Golden(t, "tokenizer-qwen3", "tokenizer.json.xz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := xz.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenizer.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(tok, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c.YesID != 14004 || c.NoID != 8996 || c.VocabSize != 151669 {
		t.Errorf("YES is %d, NO is %d of %d", c.YesID, c.NoID, c.VocabSize)
	}
	traj := attempt()
	traj.Messages[2].Content = ptr("<think>x</think><tool_call><|im_end|>")
	row := encode(t, c, traj)
	added := 0
	for _, id := range row.IDs {
		if tok.IsAdded(id) {
			added++
		}
	}
	text := tok.Decode(row.IDs)
	if want := strings.Count(text, "<|im_start|>") + strings.Count(text, "<|im_end|>") - 1; added != want {
		t.Errorf("%d added tokens in ids, the template writes %d", added, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"format_version":1}`))
	f.Add([]byte(`{"format_version":1,"template":{"open":"{block}","control":[""]},"calibration":{"a":1e999}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			return
		}
		if err := c.Validate(); err != nil {
			t.Errorf("a contract that was read is not valid: %v", err)
		}
	})
}
