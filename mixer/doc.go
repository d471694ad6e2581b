// Package mixer decides which trajectories are used for what. It writes views:
// narrow rows that point at trajectories. Text is never copied.
//
// The stage "split" puts whole tasks, or whole repositories, into train, dev
// or test, so that no task is both learnt and judged by. The stage "mix" then
// draws an exact mixture from one split:
//
//	split: train
//	carry: [dev, test]             # rows of these go through as they are
//	scales: [250, 1000, 4000]      # nested; or total: 4000
//	ratio: "2:1"                   # resolved to unresolved; or a share such as "0.4"
//	policies: {claude: 0.5, qwen: 0.3, "*": 0.2}
//	sources: {swe-gym: 0.7, swe-smith: 0.3}
//	cap_per_task: 4
//	seed: 7
//
// A share is a share of TRAJECTORIES in the view: not of tokens, not of tasks,
// and not a probability. Shares become whole numbers by largest remainder
// ([Apportion]) and the view holds exactly those numbers, for every policy,
// every source and both verdicts at once, with no task above its cap. A policy
// or source without a share is left out; "*" stands for all that have none.
//
// What shares do not fix is how the dimensions combine. The plan asks for the
// product (each policy has the same ratio in every source), so that the judge
// cannot read a verdict off the policy's name. Where the pool cannot give
// that, `cells: near` moves away from it only as far as needed and the report
// shows where, and `cells: exact` refuses.
//
// When even the plain shares cannot be met, the answer is an [InfeasibleError]:
// what was asked and what is there for every cell, the constraint that binds
// and the largest total that can be met. See [Solver] for what is decided
// exactly and what is searched.
//
// Rows are taken in order of hash(seed, trajectory id). So the choice does not
// depend on the order of rows or on workers, and rows added to a pool displace
// few of those chosen before. Each scale holds all smaller ones, and each has
// exact counts of its own.
//
// Labels that are no score (infra, timeout, flaky, tainted, unknown) are
// dropped and counted, never read as a failure of the policy.
package mixer
