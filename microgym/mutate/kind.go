package mutate

// Kind names what an edit does. Bugs and rewrites have kinds of their own.
type Kind string

// Kinds of bugs, by what they touch.
const (
	// Tests and logic.
	Boundary          Kind = "boundary"           // < becomes <=, > becomes >=, and back
	ComparisonFlip    Kind = "comparison_flip"    // < becomes >
	EqualityFlip      Kind = "equality_flip"      // == becomes !=
	MembershipFlip    Kind = "membership_flip"    // in becomes not in
	LostNot           Kind = "lost_not"           // not x becomes x
	NegatedTest       Kind = "negated_test"       // if x becomes if not x
	AndOr             Kind = "and_or"             // and becomes or
	LostCondition     Kind = "lost_condition"     // a and b becomes a
	FlippedFlag       Kind = "flipped_flag"       // True becomes False
	SwappedBranches   Kind = "swapped_branches"   // if/else arms change places
	MissingBranch     Kind = "missing_branch"     // an if or elif is not there
	EmptyInput        Kind = "empty_input"        // the guard for nothing is not there
	EmptyValue        Kind = "empty_value"        // what the guard returns is wrong
	EarlyReturn       Kind = "early_return"       // return inside the loop
	BreakContinue     Kind = "break_continue"     // break becomes continue
	LostBreak         Kind = "lost_break"         // break or continue is not there
	WrongOperator     Kind = "wrong_operator"     // + becomes -
	FloatDivision     Kind = "float_division"     // // becomes /
	SwappedOperands   Kind = "swapped_operands"   // a - b becomes b - a
	LostParentheses   Kind = "lost_parentheses"   // (a + b) * c becomes a + b * c
	LostTerm          Kind = "lost_term"          // a + b becomes a
	WrongSign         Kind = "wrong_sign"         // -x becomes x
	OffByOne          Kind = "off_by_one"         // n becomes n + 1
	WrongUnit         Kind = "wrong_unit"         // 60 becomes 100
	RangeStart        Kind = "range_start"        // range(n) becomes range(1, n)
	RangeEnd          Kind = "range_end"          // range(n) becomes range(n - 1)
	WrongIndex        Kind = "wrong_index"        // x[0] becomes x[1]
	WrongSlice        Kind = "wrong_slice"        // x[1:] becomes x[2:]
	WrongKey          Kind = "wrong_key"          // row["a"] becomes row["b"]
	WrongVariable     Kind = "wrong_variable"     // another name in scope
	WrongConstant     Kind = "wrong_constant"     // another constant of the module
	WrongFunction     Kind = "wrong_function"     // a sibling with as many parameters
	SwappedArguments  Kind = "swapped_arguments"  // f(a, b) becomes f(b, a)
	MissingArgument   Kind = "missing_argument"   // an optional argument is not given
	WrongDefault      Kind = "wrong_default"      // def f(x, n=10) becomes n=9
	SwappedResults    Kind = "swapped_results"    // return a, b becomes return b, a
	LostAccumulator   Kind = "lost_accumulator"   // x += y becomes x = y
	WrongAugment      Kind = "wrong_augment"      // x += y becomes x -= y
	WrongInitial      Kind = "wrong_initial"      // total = 0 becomes total = 1
	ResetInLoop       Kind = "reset_in_loop"      // total = 0 moves into the loop
	SwappedStatements Kind = "swapped_statements" // a value is used before its update
	MissingUpdate     Kind = "missing_update"     // a statement is not there
	MissingCopy       Kind = "missing_copy"       // list(x) becomes x
	LostCall          Kind = "lost_call"          // abs(x) becomes x
	MinMax            Kind = "min_max"            // min becomes max
	AnyAll            Kind = "any_all"            // any becomes all
	WrongMethod       Kind = "wrong_method"       // startswith becomes endswith
	SortKey           Kind = "sort_key"           // the key of a sort is not there
	SortOrder         Kind = "sort_order"         // ascending becomes descending
	MissingFilter     Kind = "missing_filter"     // [x for x in xs if c] loses its if
	WrongFallback     Kind = "wrong_fallback"     // d.get(k, 0) becomes d.get(k, 1)
	WrongSeparator    Kind = "wrong_separator"    // "-".join becomes "".join
)

// Kinds lists every kind of bug.
func Kinds() []Kind {
	return []Kind{
		Boundary, ComparisonFlip, EqualityFlip, MembershipFlip, LostNot, NegatedTest, AndOr,
		LostCondition, FlippedFlag, SwappedBranches, MissingBranch, EmptyInput, EmptyValue,
		EarlyReturn, BreakContinue, LostBreak, WrongOperator, FloatDivision, SwappedOperands,
		LostParentheses, LostTerm, WrongSign, OffByOne, WrongUnit, RangeStart, RangeEnd,
		WrongIndex, WrongSlice, WrongKey, WrongVariable, WrongConstant, WrongFunction,
		SwappedArguments, MissingArgument, WrongDefault, SwappedResults, LostAccumulator,
		WrongAugment, WrongInitial, ResetInLoop, SwappedStatements, MissingUpdate, MissingCopy,
		LostCall, MinMax, AnyAll, WrongMethod, SortKey, SortOrder, MissingFilter, WrongFallback,
		WrongSeparator,
	}
}

// Kinds of rewrites.
const (
	MirrorComparison Kind = "mirror_comparison" // a < b becomes b > a
	SwapEquality     Kind = "swap_equality"     // a == b becomes b == a
	ExpandAugment    Kind = "expand_augment"    // x += 1 becomes x = x + 1
	ContractAugment  Kind = "contract_augment"  // x = x + 1 becomes x += 1
	SwapOperands     Kind = "swap_operands"     // x + 1 becomes 1 + x
	FlipIf           Kind = "flip_if"           // the test negated, the arms swapped
	AddElse          Kind = "add_else"          // what follows a returning if goes under else
	SplitAnd         Kind = "split_and"         // if a and b becomes two ifs
	UnfoldCondition  Kind = "unfold_condition"  // return a if c else b becomes an if statement
	ExtractTemporary Kind = "extract_temporary" // return f(x) becomes r = f(x), return r
	NameTest         Kind = "name_test"         // if c becomes t = c, if t
	RenameLocal      Kind = "rename_local"      // a local gets another name
	Parenthesize     Kind = "parenthesize"      // return (x)
	ExplicitStart    Kind = "explicit_start"    // range(n) becomes range(0, n)
	ExplicitKeyword  Kind = "explicit_keyword"  // f(a, b) becomes f(a, b=b)
	AppendToExtend   Kind = "append_to_extend"  // x.append(y) becomes x += [y]
	AddComment       Kind = "add_comment"       // a line of comment
)

// RewriteKinds lists every kind of rewrite.
func RewriteKinds() []Kind {
	return []Kind{
		MirrorComparison, SwapEquality, ExpandAugment, ContractAugment, SwapOperands, FlipIf,
		AddElse, SplitAnd, UnfoldCondition, ExtractTemporary, NameTest, RenameLocal,
		Parenthesize, ExplicitStart, ExplicitKeyword, AppendToExtend, AddComment,
	}
}
