package agent

import (
	"math/rand/v2"
	"strings"
)

// Phrases say what a step is for and never how it came out: they are drawn
// before it, and words that knew better would be a label in disguise.
var (
	sayLook   = []string{"Let me look around first.", "I want to see the code.", "Where is this done?", "Reading the part in question.", "Look at the code that does this.", "Let me see how it is written."}
	sayRepro  = []string{"Run the example.", "Try the case from the issue.", "What does the example give?", "Check the reported call.", "Let me see what the call gives now.", "The example from the report:"}
	sayTest   = []string{"Run the tests.", "What do the tests say?", "Let me run the test suite.", "Check with the tests.", "See whether the tests agree."}
	sayEdit   = []string{"I think the fault is here.", "Change this part.", "This line looks wrong to me.", "Make the edit.", "This should do what the issue asks.", "Here is my change.", "The condition needs another look.", "I would write it like this."}
	sayNext   = []string{"On second thought I prefer this.", "Let me write this differently.", "A cleaner way to write it.", "Another go at the same lines.", "I want to change this once more.", "Let me rework that part.", "This reads better to me.", "Maybe it should be like this."}
	sayUndo   = []string{"Take that back.", "Back to how it was.", "Undo this and start over.", "I do not like that change; revert it."}
	sayTidy   = []string{"Leave a note for the next reader.", "Add a comment.", "A word of explanation helps here."}
	sayBend   = []string{"Put the example into the tests.", "The tests should hold this case.", "Update the tests to go with it.", "A test for this."}
	sayDiff   = []string{"Look over the change.", "Review the diff.", "What did I change?"}
	saySubmit = []string{"Done.", "The issue is fixed.", "This works now, submitting.", "I am done here.", "All good, hand it in.", "That should be it.", "Not sure it is complete, but I will submit.", "Submitting what I have.", "The fix is in place and verified.", "Finished."}
	sayQuit   = []string{"I stop here.", "I am giving up on this one; the change stays as it is.", "I cannot get any further.", "This is as far as I get.", "I do not see how to go on."}
	sayMore   = []string{"I will take it one step at a time.", "The report is short, so I go by its example.", "It is a small package.", "Other callers should not notice.", "I keep the rest as it is.", "Names can stay.", "That is where I would expect it.", "There may be more to it."}
)

var comments = []string{"# see the module's tests", "# callers rely on this", "# kept simple on purpose", "# the order of checks matters", "# plain values only"}

// phrase draws the words before a step. Terse runs often say nothing.
func phrase(r *rand.Rand, list []string, verbosity int) string {
	text := oneOf(r, list)
	more := oneOf(r, sayMore)
	silent, longer := r.IntN(3) > 0, r.IntN(4) == 0
	switch {
	case verbosity == 0 && silent:
		return ""
	case verbosity == 2 && longer:
		return strings.Join([]string{text, more}, " ")
	}
	return text
}
