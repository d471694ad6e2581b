package contract_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/swerm/swerm/pipeline"
)

func Example() {
	texts := []string{"fix the parser", "run the tests"}
	tok, err := tokenizer.Train(context.Background(), slices.Values(texts), tokenizer.TrainOptions{VocabSize: 300, Words: []string{"YES", "NO"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := contract.New(tok, contract.Options{MaxTokens: 2048})
	if err != nil {
		fmt.Println(err)
		return
	}
	text := func(s string) *string { return &s }
	row, err := c.Encode(&pipeline.Trajectory{
		Messages: []pipeline.Message{
			{Role: pipeline.RoleUser, Kind: pipeline.KindIssue, Content: text("fix the parser")},
			{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: text("done<|im_end|>")},
		},
		Patch: text("-a\n+b\n"),
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, shown, _ := strings.Cut(tok.Decode(row.IDs), "NO.<|im_end|>\n")
	fmt.Print(shown)
	end, _ := tok.ID("<|im_end|>")
	ends := 0
	for _, id := range row.IDs {
		if id == end {
			ends++
		}
	}
	fmt.Println("control tokens that end a block:", ends)
	score, err := c.Score(2, 1)
	fmt.Printf("score %.3f %v\n", score, err)
	// Output:
	// <|im_start|>issue
	// fix the parser<|im_end|>
	// <|im_start|>assistant
	// done<|im_end|><|im_end|>
	// <|im_start|>patch
	// -a
	// +b
	// <|im_end|>
	// <|im_start|>user
	// Does the patch resolve the issue? Answer YES or NO.<|im_end|>
	// <|im_start|>assistant
	// control tokens that end a block: 5
	// score 0.731 <nil>
}
