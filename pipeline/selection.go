package pipeline

// A Selection is one row of a view: which trajectory, how often, and the
// scalar columns it was chosen by. A view copies no text.
type Selection struct {
	TrajectoryID string
	Part         string // key of the part that holds the row
	Row          int64  // row inside that part
	Count        int32  // how often one epoch visits it, at least 1

	Split string // train, dev, test; "" before a split
	Scale int64  // smallest of the nested scales that contains the row; 0 = not scaled

	TaskID   string
	Repo     *string
	Source   string
	Policy   string
	Scaffold string
	Verdict  Verdict // VerdictUnknown where no label set was used
}

// Splits in the order they are reported.
const (
	SplitTrain = "train"
	SplitDev   = "dev"
	SplitTest  = "test"
)

// TokenRow is the token ids of one trajectory under one contract. It carries
// no target: targets are joined from a label set when batches are read.
type TokenRow struct {
	TrajectoryID string
	TaskID       string
	IDs          []int32
	TokensFull   int32  // tokens before elision
	TokensElided int32  // tokens that the overflow rule took out
	Segments     int32  // message segments that elision touched
	Overflow     string // name of the overflow rule that was applied; "" when it fitted
}

// Score is a model's answer on one trajectory, or why there is none. The
// logits and the score are nil exactly when Reason is not empty.
type Score struct {
	TrajectoryID string
	TaskID       string
	LogitYes     *float64
	LogitNo      *float64
	LogitRest    *float64 // log-sum-exp of all other tokens; nil in two-way scoring
	Score        *float64 // p(YES) of the two
	Reason       string   // why there is no score: a DropReason or an error kind
	TokensRead   int32
	TokensFull   int32
}
