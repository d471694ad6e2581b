package contract

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/pipeline"
)

// generated is an attempt of random shape.
func generated(rng *rand.Rand) *pipeline.Trajectory {
	text := func(most int) string {
		return strings.Repeat([]string{"ok\n", "def f(x): return x\n", "<|im_end|> ", "漢 ", "4 passed "}[rng.IntN(5)], rng.IntN(most))
	}
	t := &pipeline.Trajectory{ID: "x", TaskID: "y", Patch: ptr("+" + text(30))}
	t.Messages = append(t.Messages, message(pipeline.RoleSystem, pipeline.KindSystem, text(60)), message(pipeline.RoleUser, pipeline.KindIssue, text(20)+"ISSUE TEXT"))
	for range rng.IntN(12) {
		m := message(pipeline.RoleAssistant, pipeline.KindAction, text(20))
		for range rng.IntN(3) {
			m.ToolCalls = append(m.ToolCalls, pipeline.ToolCall{Name: "bash", Arguments: text(40)})
		}
		t.Messages = append(t.Messages, m, message(pipeline.RoleTool, pipeline.KindObservation, text(300)))
	}
	t.Messages = append(t.Messages, message(pipeline.RoleAssistant, pipeline.KindAction, "LAST ACTION"))
	return t
}

// wide is a contract that everything fits into.
var wide = sync.OnceValue(func() *Contract {
	tok, err := smallTokenizer()
	if err != nil {
		panic(err)
	}
	c, err := New(tok, Options{MaxTokens: maxMaxTokens})
	if err != nil {
		panic(err)
	}
	return c
})

func checkOverflow(t *testing.T, rng *rand.Rand, limit int, rule string) {
	t.Helper()
	tok := small(t)
	c := newContract(t, Options{MaxTokens: limit, Overflow: rule})
	traj := generated(rng)
	whole := encode(t, wide(), traj)
	row, err := c.Encode(traj, nil)
	var drop *DropError
	switch {
	case errors.As(err, &drop):
		if drop.Reason != pipeline.DropOverflow || len(whole.IDs) <= limit || drop.Tokens <= limit {
			t.Fatalf("limit %d, %d tokens: dropped with %v", limit, len(whole.IDs), drop)
		}
		return
	case err != nil:
		t.Fatal(err)
	}
	if len(row.IDs) > limit {
		t.Fatalf("%d ids, the limit is %d", len(row.IDs), limit)
	}
	fitted := len(whole.IDs) <= limit
	if fitted != (row.Overflow == "") || fitted != (row.TokensElided == 0) || fitted != (row.Segments == 0) {
		t.Fatalf("limit %d, %d tokens: row says %q, %d elided, %d segments", limit, len(whole.IDs), row.Overflow, row.TokensElided, row.Segments)
	}
	if fitted != slices.Equal(row.IDs, whole.IDs) || int(row.TokensFull) != len(whole.IDs) {
		t.Fatalf("limit %d: ids are whole: %v, full %d of %d", limit, slices.Equal(row.IDs, whole.IDs), row.TokensFull, len(whole.IDs))
	}
	text := tok.Decode(row.IDs)
	if rule == OverflowElideAll {
		return // may cut anything but the template
	}
	for _, keep := range []string{"ISSUE TEXT", *traj.Patch + "<|im_end|>\n" + c.Template.End, c.Template.Begin} {
		if !strings.Contains(text, keep) {
			t.Fatalf("limit %d: %q is gone from %q", limit, keep, text)
		}
	}
	if !strings.Contains(text, "LAST ACTION") {
		t.Fatalf("limit %d: the last action is gone", limit)
	}
	opens, ends := 0, 0
	start, _ := tok.ID("<|im_start|>")
	end, _ := tok.ID("<|im_end|>")
	for _, id := range row.IDs {
		if id == start {
			opens++
		}
		if id == end {
			ends++
		}
	}
	if opens != ends+1 {
		t.Fatalf("limit %d: %d blocks begin and %d end", limit, opens, ends)
	}
	again, err := c.Encode(traj, nil)
	if diff := cmp.Diff(row, again); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
}

func TestOverflow(t *testing.T) { overflowMany(t, 240) }

func TestOverflowLong(t *testing.T) {
	testpath.Soak(t)
	overflowMany(t, 10000)
}

func overflowMany(t *testing.T, n int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(11, 12))
	for i := range n {
		limit := 220 + rng.IntN(20)*rng.IntN(200)
		checkOverflow(t, rng, limit, Overflows()[i%3])
	}
}

func FuzzOverflow(f *testing.F) {
	f.Add(uint64(1), 300)
	f.Add(uint64(2), 1000)
	f.Fuzz(func(t *testing.T, seed uint64, limit int) {
		if limit < 220 || limit > 100000 {
			t.Skip()
		}
		checkOverflow(t, rand.New(rand.NewPCG(seed, 0)), limit, Overflows()[seed%3])
	})
}

func TestElisionUsesTheRoomThereIs(t *testing.T) {
	traj := attempt()
	traj.Messages[3].Content = ptr(strings.Repeat("line of output\n", 3000))
	c := newContract(t, Options{MaxTokens: 2000})
	row := encode(t, c, traj)
	if len(row.IDs) < 1990 || row.Segments != 1 || row.Overflow != OverflowElideObservations {
		t.Errorf("%d ids of 2000, %d segments, rule %q", len(row.IDs), row.Segments, row.Overflow)
	}
	text := small(t).Decode(row.IDs)
	if strings.Count(text, "[the middle is left out]") != 1 || strings.Contains(text, "[earlier steps") {
		t.Error("more was cut than one observation")
	}
}

func TestElideAllCutsIssueAndPatchLast(t *testing.T) {
	traj := attempt()
	traj.Messages[1].Content = ptr("ISSUE BEGINS\n" + strings.Repeat("detail of the issue\n", 400) + "ISSUE ENDS")
	traj.Patch = ptr("PATCH BEGINS\n" + strings.Repeat("+x = 1\n", 400) + "PATCH ENDS")
	var drop *DropError
	if _, err := newContract(t, Options{MaxTokens: 1500}).Encode(traj, nil); !errors.As(err, &drop) {
		t.Fatalf("elide_observations gives %v", err)
	}
	row := encode(t, newContract(t, Options{MaxTokens: 1500, Overflow: OverflowElideAll}), traj)
	text := small(t).Decode(row.IDs)
	for _, want := range []string{"ISSUE BEGINS", "ISSUE ENDS", "PATCH BEGINS", "PATCH ENDS"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is gone", want)
		}
	}
	if len(row.IDs) < 1490 || row.Overflow != OverflowElideAll {
		t.Errorf("%d ids of 1500, rule %q", len(row.IDs), row.Overflow)
	}
}

func TestEncodeAppends(t *testing.T) {
	c := newContract(t, Options{})
	want := encode(t, c, attempt()).IDs
	dst := make([]int32, 3, 5000)
	row, err := c.Encode(attempt(), dst)
	if err != nil || !slices.Equal(row.IDs, want) {
		t.Errorf("ids differ when appended: %v", err)
	}
	if cap(row.IDs) != len(row.IDs) {
		t.Error("appending to IDs would write into the caller's memory")
	}
}
