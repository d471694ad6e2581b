package task

// Parts of an issue. {fn} is the function of the example, {summary} what it
// does, {call}, {got} and {want} the example, {file} and {mod} where it lives,
// {other} some other function, {fine} a call that works.

func title(w *writer) string {
	return w.pick([]string{
		"# Unexpected result from {fn}", "# {fn} returns the wrong value", "# {fn}: wrong answer for some input",
		"# Bug in {fn}?", "# {mod}: {fn} does not do what it says", "# Wrong output of {pkg}.{fn}", "# {fn} is off",
		"# {fn} disagrees with its documentation",
	}, []string{
		"# {fn} fails on valid input", "# Crash in {fn}", "# {fn} raises an error", "# {mod}: {fn} stops with an error",
		"# Error instead of a result from {fn}", "# {fn} blows up on ordinary input",
	})
}

func opening(w *writer) string {
	return w.pick([]string{
		"Hi, I have been using `{pkg}` for a while and ran into something odd with `{fn}`.",
		"Hello! Thanks for this package. I think there is a problem in `{file}`.",
		"I spent an hour on this before I looked at `{fn}`.",
		"Not sure whether this is known, I found nothing in the tracker about `{fn}`.",
		"We upgraded last week and since then `{fn}` behaves strangely.",
		"While porting some scripts I noticed that `{fn}` surprises me.",
		"Small thing, but it bit us twice now.",
		"Someone on my team stumbled over `{fn}` today.",
		"Hey, quick report about `{fn}` in `{file}`.",
	}, nil)
}

func question(w *writer) string {
	return w.pick([]string{
		"Is this how `{fn}` is meant to work?", "Am I using `{fn}` wrongly, or is this a bug?",
		"Could somebody check `{fn}` for me?", "Is there something about `{fn}` that I am missing?",
		"Question about `{fn}`: do I misread its docstring?", "Can you reproduce this with `{fn}`?",
	}, nil)
}

func purpose(w *writer) string {
	return w.pick([]string{
		"As I understand it, `{fn}` {summary}.", "The docs say that `{fn}` {summary}.", "`{fn}` {summary}, or so I thought.",
		"We rely on `{fn}`, which {summary}.", "I use `{fn}` because it {summary}.", "According to the readme `{fn}` {summary}.",
		"`{fn}` is the function that {summary}.", "For context: `{fn}` {summary}.",
	}, nil)
}

func symptom(w *writer) string {
	return w.pick([]string{
		"`{call}` gives `{got}`, it should give `{want}`.",
		"I call `{call}` and get `{got}`. I expected `{want}`.",
		"With `{call}` the result is `{got}` instead of `{want}`.",
		"`{call}` returns `{got}`; the correct value is `{want}`.",
		"For example `{call}` comes back as `{got}` when it ought to be `{want}`.",
		"What I see: `{call}` -> `{got}`. What I want: `{want}`.",
		"Take `{call}`: I get `{got}`, by hand I get `{want}`.",
		"`{call}` evaluates to `{got}` here. That cannot be right, it has to be `{want}`.",
	}, []string{
		"`{call}` fails with `{got}`, it should give `{want}`.",
		"I call `{call}` and it stops with `{got}`. I expected `{want}`.",
		"With `{call}` I get an error (`{got}`) instead of `{want}`.",
		"`{call}` does not return at all, it ends in `{got}`; the correct value is `{want}`.",
		"Take `{call}`: it raises `{got}`, by hand I get `{want}`.",
		"What I see: `{call}` -> `{got}`. What I want: `{want}`.",
	})
}

func steps(w *writer) string {
	return w.pick([]string{
		"```\nload(\"{file}\", \"{fn}\")\nprint({call})\n```\n\nprints `{got}`, not `{want}`.",
		"Steps: load `{fn}` from `{file}`, then\n\n    >>> {call}\n    {got}\n\nIt should print `{want}`.",
		"To reproduce:\n\n```\n>>> {call}\n{got}\n```\n\nExpected:\n\n```\n{want}\n```",
		"Minimal example:\n\n    print({call})   # {got}, want {want}",
		"```\nassert_eq({call}, {want})\n```\n\nfails, because the call gives `{got}`.",
	}, []string{
		"```\nload(\"{file}\", \"{fn}\")\nprint({call})\n```\n\nends in `{got}`. It should print `{want}`.",
		"To reproduce:\n\n```\n>>> {call}\nTraceback (most recent call last):\n{got}\n```\n\nExpected:\n\n```\n{want}\n```",
		"Minimal example:\n\n    print({call})   # want {want}\n\nIt stops with\n\n    {got}",
	})
}

func expectation(w *writer) string {
	return w.pick([]string{
		"That is not what the docstring promises.", "Other inputs look suspicious as well, I have not gone through all of them.",
		"I checked it on paper twice.", "Some inputs are right and some are not, I could not see the pattern at first.",
		"The same call was right in the copy I had from last year.", "I would expect the documented behaviour for every input.",
		"There may be more inputs like this one.", "Please do not fix only this one input, others are affected too.",
	}, nil)
}

var impacts = []string{
	"Our monthly report is built on this and the numbers no longer add up.",
	"It breaks an import job on our side.",
	"We noticed because two of our pages show different things.",
	"A customer sent us a screenshot, so it is visible to the outside.",
	"Nothing urgent, but it makes the results hard to trust.",
	"This blocks our release, more or less.",
	"It took down a nightly script of ours.",
	"For us it means that a lot of rows have to be checked by hand.",
}

func impact(w *writer) string { return w.pick(impacts, nil) }

var founds = []string{
	"I found it while writing a test for something else.",
	"I only saw it because a colleague compared the output with a spreadsheet.",
	"It showed up in a review of old data.",
	"It came up when I tried the examples one by one.",
	"A script that compares two versions of our output pointed at it.",
	"I ran into it while reading `{mod}` for the first time.",
}

func found(w *writer) string { return w.pick(founds, nil) }

var requests = []string{
	"Could you have a look?", "A fix would be great, ideally without changing how it is called.",
	"I am happy to test a patch.", "Please keep the signature as it is, we call it in many places.",
	"It would be good to have this in the next release.", "Let me know if you need more input.",
}

func request(w *writer) string { return w.pick(requests, nil) }

var comparisons = []string{
	"`{fine}` is fine, by the way.", "Other calls work, `{fine}` for one.", "On the other hand `{fine}` does what it should.",
	"I also tried `{fine}`, which is right.", "Strangely `{fine}` is correct.",
}

func comparison(w *writer) string {
	if w.slots["fine"] == "" {
		return ""
	}
	return w.pick(comparisons, nil)
}

var workarounds = []string{
	"For now we correct the result by hand.", "For now I avoid the call, which is no real solution.",
	"We have pinned an older copy in the meantime.", "I have no workaround.",
}

var checks = []string{
	"I did not look at the code.", "I looked at the code for a minute and saw nothing obvious.",
	"The tests that I ran did not help me much.", "I tried it on two machines with the same result.",
	"Starting from a fresh checkout makes no difference.",
}

var footers = []string{
	"This is on the current main branch.", "Seen with a clean checkout.", "Version: latest.", "Same on Linux and macOS.", "Thanks!",
	"Thanks for looking into it.", "Cheers.",
}

// guesses are what people suppose. They are drawn without regard to the bug.
var guesses = []string{
	"My guess is that `{other}` is to blame, but I may be wrong.",
	"Maybe something is cached between calls?",
	"Perhaps it has to do with the last refactoring of `{mod}`.",
	"Could it be that `{other}` changed underneath?",
	"I suspect the way my input is read, but I could not prove it.",
	"Might be a problem with types, I pass plain literals though.",
	"I first thought that the order of my calls matters, it does not seem to.",
	"It smells like a merge that went wrong in `{file}`.",
	"Probably the documentation is right and the code is not, but who knows.",
}
