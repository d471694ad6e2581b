package judge

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/moe"
)

// IDsOptions says how raw token ids are scored.
type IDsOptions struct {
	Yes, No int32 // ids of the two verdict tokens
	Threads int   // 0: all cores

	Precision Precision // of the network's products; none is fp32
	// WeightsIn is [WeightsInFile], as if empty, or [WeightsInMemory].
	WeightsIn string
}

// maxIDsLine bounds one line of ids: a 256k-token context in decimal, twice over.
const maxIDsLine = 8 << 20

// ErrLines is returned when some lines could not be scored; each has its own
// line of output that says why.
var ErrLines = errors.New("some lines could not be scored")

type idsLine struct {
	IDs []int32 `json:"ids"`
}

type idsScore struct {
	LogitYes *float64 `json:"logit_yes,omitempty"`
	LogitNo  *float64 `json:"logit_no,omitempty"`
	Score    *float64 `json:"score,omitempty"`
	Error    string   `json:"error,omitempty"`
}

// ScoreIDs reads lines of {"ids":[…]} and writes one JSON line for each, in
// order: the two logits after the last token and p(YES) of the two, or an
// error. Weights that change while they are read end it. It needs the network's directory only, no tokenizer and no contract,
// and is meant for checking parity with other implementations.
func ScoreIDs(ctx context.Context, dir string, in io.Reader, out io.Writer, o IDsOptions) error {
	precision, err := o.Precision.products()
	if err != nil {
		return err
	}
	model, err := openModel(dir, cmp.Or(o.WeightsIn, WeightsInFile))
	if err != nil {
		return err
	}
	defer model.Close()
	vocab := model.Config().VocabSize
	for _, id := range []int32{o.Yes, o.No} {
		if id < 0 || int(id) >= vocab {
			return fmt.Errorf("token id %d is outside the vocabulary of %d", id, vocab)
		}
	}
	pass := model.NewPass(moe.Options{Threads: o.Threads, Precision: precision})
	head := moe.Head{Yes: o.Yes, No: o.No}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxIDsLine)
	enc := json.NewEncoder(out)
	read, failed := 0, 0
	for lines.Scan() {
		read++
		if err := ctx.Err(); err != nil {
			return err
		}
		score, err := scoreLine(pass, head, lines.Bytes())
		if errors.Is(err, moe.ErrChanged) {
			return fmt.Errorf("line %d: %w", read, err)
		}
		if err != nil {
			failed++
			score = idsScore{Error: err.Error()}
		}
		if err := enc.Encode(score); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading ids: line %d (at most %d bytes): %w", read+1, maxIDsLine, err)
	}
	if failed > 0 {
		return fmt.Errorf("%w: %d", ErrLines, failed)
	}
	return nil
}

func scoreLine(pass *moe.Pass, head moe.Head, line []byte) (idsScore, error) {
	var row idsLine
	if err := json.Unmarshal(line, &row); err != nil {
		return idsScore{}, err
	}
	if len(row.IDs) == 0 {
		return idsScore{}, errors.New("no ids")
	}
	logits, err := pass.Verdict(moe.Batch{IDs: row.IDs, Offsets: []int32{0, int32(len(row.IDs))}}, head)
	if err != nil {
		return idsScore{}, err
	}
	yes, no := float64(logits[0].Yes), float64(logits[0].No)
	if yes-yes != 0 || no-no != 0 {
		return idsScore{}, errors.New("a logit is not finite")
	}
	var plain *contract.Calibration
	p := plain.Apply(yes - no)
	return idsScore{LogitYes: &yes, LogitNo: &no, Score: &p}, nil
}
