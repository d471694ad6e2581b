// Package verifier reads rows that were made to train verifiers: a prompt, a
// whole run as text in a question about it, and the answer YES or NO
// (SWE-Gym/OpenHands-Verifier-Trajectories, R2E-Gym/R2EGym-Verifier-Trajectories
// and sets made like them).
//
//	row                                       record
//	messages[] before the log                 left: what verifiers are told
//	messages[] with INTERACTION LOG           Messages, turn by turn
//	  … its FINAL PATCH                       Patch, where no key has it
//	messages[] of the assistant               Claims, as verdict
//	resolved, rewards, score                  Claims
//	any other key                             see package rows
//
// Two ways of marking turns in a log are known: a rule and "*** Turn 3 - USER
// ***" (SWE-Gym), and tags [USER]…[/USER] with [STEP] before each of the
// policy's (R2E-Gym). A log in any other form is an error of its row: a run that
// cannot be told apart from the question about it is not guessed at.
//
// Traps. The answer was made from the outcome: it never stays in the messages,
// whatever words it is in. In R2E-Gym's set the log's own system message is the
// verifier's prompt once more, and is left out as well. Long runs were cut: step
// numbers that jump are noted as steps_left_out at the turn behind the gap. Text
// inside a turn may hold a closing tag; the tag that counts has another turn or
// the end of the log behind it. Rows name no policy, and SWE-Gym's no task.
package verifier
