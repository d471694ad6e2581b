package program

// state lists the templates about things that change step by step.
func state() []Template {
	return []Template{
		sketched("order_states", "state", orderStates),
		sketched("undo_history", "state", undoHistory),
		sketched("thermostat", "state", thermostat),
		sketched("rate_limit", "state", rateLimit),
		sketched("stack_machine", "state", stackMachine),
		sketched("flash_cards", "state", flashCards),
		sketched("lift_trips", "state", liftTrips),
	}
}

func orderStates(s *sketch) {
	s.draw("pkg: parcels tickets orders", "step: step advance next_state", "run: run replay follow", "allowed: allowed options can_do", "visits: visits counts times_in", "stalled: stalled stuck_for idle",
		"state: state status stage", "event: event action signal", "sent: sent shipped", "back: back returned", "limit = ${2..3}")
	s.draw("new: new draft cart", "paid: paid accepted open", "pay: pay accept", "ship: ship send", "cancel: cancel drop", "ret: return refuse")
	s.target("flow", `
"""What may happen to an order."""

MOVES = {
    "$new": {"$pay": "$paid", "$cancel": "gone"},
    "$paid": {"$ship": "$sent", "$cancel": "gone"},
    "$sent": {"$ret": "$back"},
    "$back": {"$ship": "$sent", "$cancel": "gone"},
}

def $step($state, $event):
    """The state after an $event; one that does not fit changes nothing."""
    return MOVES.get($state, {}).get($event, $state)

def $run(events, $state="$new", most=None):
    """The state after all events, or after the first most that fit."""
    done = 0
    for $event in events:
        if most != None and done >= most:
            break
        after = $step($state, $event)
        if after != $state:
            done += 1
        $state = after
    return $state, done

def $allowed($state, only=None):
    """The events that fit a state, in order; only keeps those that lead there."""
    moves = MOVES.get($state, {})
    return sorted([e for e in moves if only == None or moves[e] == only])

def $visits(events, $state="$new"):
    """How often each state was entered, the first one counted too."""
    seen = {$state: 1}
    for $event in events:
        after = $step($state, $event)
        if after != $state:
            seen[after] = seen.get(after, 0) + 1
        $state = after
    return seen
`)
	s.module("watch", `
load("$pkg/flow.star", "$step")

def $stalled(events, limit=$limit):
    """The first place with more than limit events in a row that did not fit; -1 for none."""
    state, bad = "$new", 0
    for i, event in enumerate(events):
        after = $step(state, event)
        bad = bad + 1 if after == state else 0
        if bad > limit:
            return i
        state = after
    return -1
`)
	s.fn("flow", "$step", "tells what state an order is in after an event", calls(`
		"$new", "$pay" ; "$new", "$cancel" ; "$paid", "$ship" ; "$sent", "$ret" ; "$back", "$ship" ; "$back", "$cancel"
		"$paid", "$pay" ; "$sent", "$cancel" ; "gone", "$pay" ; "$new", "" ; "nowhere", "$ship" ; "$paid", "$cancel"
	`))
	s.fn("flow", "$run", "follows an order through its events", calls(`
		["$pay", "$ship"] ; ["$pay", "$ship", "$ret", "$ship"] ; ["$ship", "$pay"] ; ["$pay", "$pay", "$cancel", "$ship"]
		["$ret", "$cancel"], "$sent" ; ["$pay", "$ship", "$ret"], "$new", 2 ; ["$ship", "$pay", "$ship"], "$new", 1
		["$pay", "$ship"], "$new", 0 ; ["$cancel"], "$paid", 1 ; ["$pay"], "gone" ; ["what"] ; [] ; [], "$back"
	`))
	s.fn("flow", "$allowed", "lists what may happen to an order next", calls(`
		"$new" ; "$paid" ; "$sent" ; "$back" ; "gone" ; "$new", "gone" ; "$new", "$paid" ; "$paid", "$sent" ; "$sent", "gone"
		"$back", "$sent" ; "nowhere" ; "", ""
	`))
	s.fn("flow", "$visits", "counts how often an order was in each state", calls(`
		["$pay", "$ship"] ; ["$pay", "$ship", "$ret", "$ship"] ; ["$pay", "$ship", "$ret", "$ship", "$ret", "$cancel"]
		["$pay", "$pay"] ; ["$ret", "$ship", "$ret"], "$sent" ; ["$cancel", "$pay"] ; ["$ship"], "$paid" ; ["x", "y"]
		["$pay"], "gone" ; [] ; ["$ship", "$ship", "$ret"], "$back"
	`))
	s.fn("watch", "$stalled", "finds where too many events did not fit", calls(`
		["$pay", "$ship", "$ret"] ; ["$ship", "$ship", "$ship", "$ship", "$ship"] ; ["$pay", "$pay", "$pay", "$pay", "$pay"]
		["$ship", "$pay", "x", "x", "$ship"], 1 ; ["x", "x", "$pay", "x"], 1 ; ["x", "x", "$pay", "x"], 2 ; ["x"], 0
		["$pay", "x"], 0 ; ["$cancel", "$pay", "$ship"], 1 ; ["x", "$pay", "x", "$ship", "x"], 1 ; [] ; [], 0
	`))
}

func undoHistory(s *sketch) {
	s.draw("pkg: editor notepad sketchpad", "apply: apply do_all edit", "text: text_after final_text show", "count: count_lost wasted erased",
		"past: past before undo_list", "future: future redo_list undone", "w: @tags", "v: @tags", "limit = ${2..4}", "spaces?")
	s.target("history", `
"""A text with undo and redo; a command is ("add", text), ("cut", n), ("undo", n) or ("redo", n)."""

def change(text, kind, value):
    """The text after one add or cut."""
    if kind == "add":
        return text + " " + value if text else value  #?spaces
        return text + value  #!spaces
    if value <= 0:
        return text
    return text[:-value]

def $apply(commands, limit=$limit):
    """The text and what is left to undo and to redo; at most limit steps are kept."""
    text, $past, $future = "", [], []
    for kind, value in commands:
        if kind == "undo":
            for _ in range(min(value, len($past))):
                $future.append(text)
                text = $past.pop()
        elif kind == "redo":
            for _ in range(min(value, len($future))):
                $past.append(text)
                text = $future.pop()
        else:
            $past = ($past + [text])[-limit:]
            text = change(text, kind, value)
            $future = []
    return text, len($past), len($future)

def $count(commands):
    """How many characters were added and how many cut, undone or not."""
    added, cut = 0, 0
    for kind, value in commands:
        if kind == "add":
            added += len(value)
        elif kind == "cut" and value > 0:
            cut += value
    return added, cut
`)
	s.module("session", `
load("$pkg/history.star", "$apply")

def $text(lines, limit=$limit):
    """The text after lines such as "undo 1", "cut 3" or words to add."""
    commands = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word in ("undo", "redo", "cut"):
            commands.append((word, int(rest or "1")))
        else:
            commands.append(("add", line))
    return $apply(commands, limit)[0]
`)
	s.fn("history", "change", "changes a text by one command", calls(`
		"$w", "add", "$v" ; "", "add", "$v" ; "$w", "add", "" ; "hello", "cut", 2 ; "hello", "cut", 1 ; "hello", "cut", 5
		"hello", "cut", 9 ; "hello", "cut", 0 ; "hello", "cut", -2 ; "", "cut", 3 ; "", "add", ""
	`))
	s.fn("history", "$apply", "runs editor commands with undo and redo", calls(`
		[("add", "$w"), ("add", "$v"), ("undo", 1)] ; [("add", "$w"), ("add", "$v"), ("undo", 1), ("redo", 1)]
		[("add", "a"), ("add", "b"), ("add", "c"), ("add", "d"), ("add", "e"), ("cut", 1)]
		[("add", "a"), ("undo", 1), ("add", "b"), ("undo", 1), ("redo", 2)] ; [("add", "$w"), ("cut", 2), ("undo", 2)]
		[("add", "a"), ("undo", 1), ("add", "b"), ("redo", 1)]
		[("add", "a"), ("add", "b"), ("add", "c"), ("add", "d"), ("add", "e"), ("undo", 9)]
		[("add", "a"), ("add", "b"), ("add", "c"), ("undo", 3)], 2 ; [("add", "a"), ("add", "b"), ("undo", 2), ("redo", 1)], 9
		[("add", "a"), ("undo", 5), ("redo", 5)] ; [("add", "abc"), ("cut", 1), ("cut", 1), ("undo", 1)] ; [("undo", 1)]
		[("redo", 2)] ; [("add", "a"), ("undo", 0)] ; [("add", "a"), ("add", "b"), ("undo", 1)], 1 ; []
	`))
	s.fn("history", "$count", "counts what was typed and what was cut", calls(`
		[("add", "$w"), ("cut", 2)] ; [("add", "$w"), ("add", "$v")] ; [("cut", 3), ("cut", ${1..9})]
		[("add", "abc"), ("undo", 1)] ; [("add", "ab"), ("undo", 1), ("redo", 1)] ; [("cut", 4), ("cut", -3), ("cut", 1)]
		[("cut", 0)] ; [("add", "")] ; [("add", "a"), ("cut", 1), ("add", "b")] ; [("redo", 9)] ; []
	`))
	s.fn("session", "$text", "shows the text after an editing session", calls(`
		["$w", "$v", "undo 1"] ; ["$w", "cut 1", "$v"] ; ["$w", "$v", "undo 2", "redo 1"] ; ["$w", "undo", "redo"]
		["a", "b", "c", "d", "undo 9"] ; ["a", "b", "c", "undo 3"], 2 ; ["$w", "cut", "cut", "undo"]
		["ab", "cut 5", "undo", "$v"] ; ["two words", "cut 2"] ; ["undo", "redo"] ; [""] ; []
	`))
}

func thermostat(s *sketch) {
	s.draw("pkg: heating greenhouse aquarium", "next: next_mode switch decide", "run: run modes simulate", "cost: energy cost use_of", "alarm: alarms alerts out_of_range", "target: goal wanted setpoint",
		"band: band slack margin", "mode: mode setting state", "heat: heat warm", "cool: cool fan", "watts = ${3..9}", "temp = ${18..22}", "gap: 1 2", "cheap = ${1..2}")
	s.target("control", `
"""Heating and cooling by steps of whole degrees."""

def $next($mode, temp, $target=$temp, $band=$gap):
    """The mode at a temperature: it starts beyond $band from $target and ends at $target."""
    if temp < $target - $band:
        return "$heat"
    if temp > $target + $band:
        return "$cool"
    if $mode == "$heat" and temp >= $target:
        return "off"
    if $mode == "$cool" and temp <= $target:
        return "off"
    return $mode

def $run(temps, $target=$temp, $mode="off"):
    """The mode after each temperature."""
    out = []
    for temp in temps:
        $mode = $next($mode, temp, $target)
        out.append($mode)
    return out

def $cost(temps, $target=$temp, $heat=$watts, $cool=$cheap):
    """Units used and how often the mode changed."""
    total = 0
    changes = 0
    last = "off"
    for $mode in $run(temps, $target):
        if $mode == "$heat":
            total += $heat
        elif $mode == "$cool":
            total += $cool
        if $mode != last:
            changes += 1
            last = $mode
    return total, changes
`)
	s.module("monitor", `
load("$pkg/control.star", "$run")

def $alarm(temps, $target=$temp, patience=2):
    """The places where the same mode, not off, has lasted longer than patience."""
    out = []
    count, last = 0, "off"
    for i, mode in enumerate($run(temps, $target)):
        count = count + 1 if mode == last else 1
        last = mode
        if mode != "off" and count > patience:
            out.append(i)
    return out
`)
	s.fn("control", "$next", "decides between heating, cooling and off", calls(`
		"off", ${10..16} ; "off", ${25..30} ; "off", $temp ; "$heat", $temp ; "$heat", ${temp-1} ; "$heat", ${temp+1}
		"$cool", $temp ; "$cool", ${temp+1} ; "$cool", ${temp-1} ; "off", ${temp-2} ; "off", ${temp+2} ; "off", ${temp-3}
		"off", ${temp+3} ; "$cool", 10, 15, 5 ; "$heat", 20, 15, 5 ; "$cool", 9, 15, 5 ; "off", 21, 15, 5 ; "$heat", 5, 5, 0
		"off", 4, 5, 0
	`))
	s.fn("control", "$run", "runs the thermostat over a list of temperatures", calls(`
		[16, 18, 20, 22, 24, 26] ; @6x14..28 ; @5x17..25 ; [10, 11, 12, 13, 12], 12 ; [14, 13, 12, 11, 10, 9], 11
		[9, 10, 11, 12], 10, "$heat" ; [12, 11, 10, 9, 8], 10, "$cool" ; [5, 5, 5], 5 ; [0, 30, 0], 15
		[-3, -2, -1], -2, "$heat" ; [$temp] ; []
	`))
	s.fn("control", "$cost", "adds up what heating and cooling use", calls(`
		[16, 18, 20, 22, 24, 26] ; @6x14..28 ; [10, 10, 10], 20 ; [30, 30], 20 ; [10, 30, 10], 20 ; [10, 20, 10, 20], 20, 5
		[30, 20, 30], 20, 5, 3 ; [10, 30], 20, 0, 0 ; [5, 5], 5 ; [8, 9, 10, 11], 10, ${2..9} ; []
	`))
	s.fn("monitor", "$alarm", "finds where heating or cooling took too long", calls(`
		[10, 10, 10, 10] ; [10, 10, 20, 10, 10], 20 ; [30, 30, 30, 30, 30], 20, 3 ; [10, 30, 10, 30], 20, 1
		[10, 11, 12, 13, 14], 15, 1 ; @6x14..28 ; [5, 5, 5, 5], 5 ; [9, 9, 1, 1], 5, 1 ; [1], 9, 0 ; [9, 1, 5], 5, 0 ; []
	`))
}

func rateLimit(s *sketch) {
	s.draw("pkg: gateway doorman throttle", "admit: admit allow let_in", "refused: refused turned_away rejected", "wait: wait_for free_at retry_at", "bucket: bucket levels tokens_left",
		"times: times seconds arrivals", "limit = ${2..3}", "window: 10 30 60", "rate: 1 2", "size = ${3..5}", "kept: kept passed entered")
	s.target("limits", `
"""At most so many requests in a window of time; times are in seconds and in order."""

def $admit($times, limit=$limit, window=$window):
    """The times that pass: fewer than limit passed within the window before."""
    $kept = []
    for now in $times:
        recent = [t for t in $kept if t > now - window]
        if len(recent) < limit:
            $kept.append(now)
    return $kept

def $wait($times, now, limit=$limit, window=$window):
    """The first second, from now on, at which one more would pass."""
    recent = [t for t in $admit($times, limit, window) if t > now - window and t <= now]
    if len(recent) < limit:
        return now
    return recent[len(recent) - limit] + window

def $bucket($times, size=$size, rate=$rate):
    """The tokens left after each time; rate come back a second, a request takes one."""
    level = size
    last = $times[0] if $times else 0
    out = []
    for now in $times:
        level = min(level + (now - last) * rate, size)
        if level >= 1:
            level -= 1
        last = now
        out.append(level)
    return out
`)
	s.module("log", `
load("$pkg/limits.star", "$admit")

def $refused(log, limit=$limit):
    """How many requests of each name in a log of (name, time) pairs were refused."""
    by_name = {}
    for name, time in log:
        by_name.setdefault(name, []).append(time)
    lost = {n: len(ts) - len($admit(ts, limit)) for n, ts in by_name.items()}
    return {n: count for n, count in lost.items() if count > 0}
`)
	s.draw("a: @people", "b: @people")
	s.fn("limits", "$admit", "lets a few requests pass in each window of time", calls(`
		[0, 1, 2, 3, 4] ; [0, 5, 9, 14, 15, 16, 40] ; [0, 4, 8, 12, 16], 2, 10 ; [1, 2, 11, 12, 13], 2, 10
		[0, 10, 20], 1, 10 ; [0, 9, 18], 1, 10 ; [0, 11, 20], 1, 10 ; [3, 3, 3, 3], 3, 5
		[0, ${2..5}, ${6..9}, ${10..14}], 2, 8 ; [7], 1, 1 ; [7, 8], 0, 5 ; [0, $window] ; [0, 0, 0, ${window-1}, $window]
		[0, 0, 0, $window, ${window+1}] ; [5, 5], 1, 0 ; []
	`))
	s.fn("limits", "$wait", "tells when the next request would pass", calls(`
		[0, 1, 2], 3 ; [0, 1, 1, 2, 3], 5 ; [0, 0, 0, 0], $window ; [2, 2], 3 ; [4, 4, 4, 9], 4, 3, 7 ; [0, 1, 2], 5, 2, 10
		[0, 1, 2], 10, 2, 10 ; [0, 1, 2], 9, 2, 10 ; [0, 1, 2], 11, 2, 10 ; [5], 5, 1, 10 ; [5], 15, 1, 10 ; [5], 14, 1, 10
		[0, 4, 8], 9, 3, 10 ; [0, 4, 8], 9, 4, 10 ; [8], 5, 1, 10 ; [0, 0, 0], 4 ; [${1..3}, ${4..6}], 7, 2, 20 ; [], 4
		[], 4, 1, 9
	`))
	s.fn("limits", "$bucket", "tells how full a bucket of tokens is", calls(`
		[0, 0, 0, 0] ; [0, 0, 0, 0, 0, 0, 1, 3, 9] ; [5, 5, 5, 5, 5, 6, 6, 6] ; [0, 1, 2, 3, 4] ; [0, 0, 0, 0, 0, 2, 9], 3
		[0, 0, 1, 5], 2, 1 ; [0, 0, 0, 1, 1], 2, 2 ; [4, 5, 6], 1, 1 ; [4, 4, 5], 1, 1 ; [0, 9], 5, 0 ; [3, 3, 3], 2, 0
		[0, ${1..4}, ${5..9}], 3, 1 ; [100] ; [100], 1 ; [], 5 ; [1, 1, 2, 2, 3, 3], 3, 1
	`))
	s.fn("log", "$refused", "counts the refused requests of each user", calls(`
		[("$a", 0), ("$a", 1), ("$a", 2), ("$a", 3), ("$b", 4)] ; [("$a", 0), ("$b", 1), ("$a", 2), ("$b", 3)], 1
		[("$a", 0), ("$a", 5), ("$a", 99)], 1 ; [("$a", 0), ("$b", 0), ("$a", 0), ("$b", 0), ("$b", 0)], 2
		[("$a", 0), ("$a", $window), ("$a", ${window+1})], 1 ; [("$a", 0), ("$a", ${window-1})], 1 ; [("$b", 7)], 0
		[("$b", 7)] ; [("$a", 1), ("$a", 1), ("$a", 1), ("$a", 1), ("$a", 1), ("$a", 1)] ; [], 1 ; []
	`))
}

func stackMachine(s *sketch) {
	s.draw("pkg: forth stackvm tinycpu", "step: step one_step execute", "run: run run_program evaluate", "value: value result top_of", "needs: needs takes pops_of",
		"stack: stack values data", "word: word op instruction", "dup: dup copy twice", "swap: swap flip", "drop: drop pop", "mul: * mul times", "limit = ${4..6}", "wrap: 100 256 1000")
	s.target("machine", `
"""A machine that keeps whole numbers on a stack."""

NEEDS = {"+": 2, "-": 2, "$mul": 2, "$dup": 1, "$swap": 2, "$drop": 1}

def $step($stack, $word):
    """The stack after a word; None when it holds too few numbers."""
    if len($stack) < NEEDS.get($word, 0):
        return None
    if $word not in NEEDS:
        return $stack + [int($word) % $wrap]
    if $word == "$dup":
        return $stack + [$stack[-1]]
    if $word == "$drop":
        return $stack[:-1]
    rest, a, b = $stack[:-2], $stack[-2], $stack[-1]
    if $word == "$swap":
        return rest + [b, a]
    if $word == "+":
        return rest + [(a + b) % $wrap]
    if $word == "-":
        return rest + [(a - b) % $wrap]
    return rest + [a * b % $wrap]

def $run(text, $stack=[], limit=$limit):
    """The stack after a program; it stops before a word that fails or fills it past limit."""
    for $word in text.split():
        after = $step($stack, $word)
        if after == None or len(after) > limit:
            break
        $stack = after
    return $stack
`)
	s.module("tools", `
load("$pkg/machine.star", "$run", "NEEDS")

def $value(text, default=0):
    """The number on top after a program."""
    stack = $run(text)
    return stack[-1] if stack else default

def $needs(text):
    """How many numbers must be on the stack for a program to start."""
    have, short = 0, 0
    for word in text.split():
        short = max(short, NEEDS.get(word, 0) - have)
        if word in ("$dup",) or word not in NEEDS:
            have += 1
        elif word != "$swap":
            have -= 1
    return short
`)
	s.fn("machine", "$step", "carries out one word on a stack", calls(`
		[1, 2], "+" ; [7, ${2..5}], "-" ; [${2..9}, ${2..9}], "$mul" ; [5, 6, 7], "$swap" ; [5, 6], "$dup" ; [5, 6], "$drop"
		[], "${2..99}" ; [3], "+" ; [3], "-" ; [3], "$mul" ; [3], "$swap" ; [3], "$drop" ; [3], "$dup" ; [], "$dup"
		[2, 5], "-" ; [99, 99], "$mul" ; [${wrap-1}, 1], "+" ; [1], "$wrap" ; [], "$drop" ; [8, 1, 2], "+"
	`))
	s.fn("machine", "$run", "runs a program for the stack machine", calls(`
		"2 3 +" ; "${10..20} ${2..9} -" ; "2 $dup $mul" ; "1 2 $swap -" ; "1 2 3 + $mul" ; "4 $drop" ; "1 +" ; "1 2 + +"
		"5 5 5 5 5 5 5 5" ; "1 2 3 4 5 6 7 8 9" ; "7 $dup $dup $dup $dup $dup $dup" ; "1 2 3", [9] ; "+", [4, 5]
		"1 2 3", [], 2 ; "1 2 + 3", [], 2 ; "1", [], 0 ; "3 $dup $dup + -" ; "-1" ; "$wrap 1 -" ; ""
	`))
	s.fn("tools", "$value", "gives the result of a program", calls(`
		"2 3 +" ; "${2..9} ${2..9} $mul" ; "9 4 -" ; "4 9 -" ; "1 2 $swap" ; "7 $dup" ; "1 2 $drop" ; "+" ; "+", 5
		"3 $drop", 7 ; "1 2 3 $mul +" ; "12 12 $mul 5 $mul 9 $mul" ; "" ; "", None
	`))
	s.fn("tools", "$needs", "tells how many numbers a program starts from", calls(`
		"2 3 +" ; "+" ; "+ +" ; "1 +" ; "1 2 + +" ; "$dup" ; "$swap" ; "$drop $drop" ; "1 $swap -" ; "$dup $mul +"
		"$drop 1 + +" ; "5" ; ""
	`))
}

func flashCards(s *sketch) {
	s.draw("pkg: flashcards vocab revision", "answer: answer move_card new_box", "due: due cards_due to_study", "review: review study_day work_through", "soonest: next_day soonest first_due",
		"course: course simulate train", "known: known_share learned mastered", "cards: cards deck words", "box: box level stage", "day: day today now",
		"gaps: 1, 2, 4, 8|1, 3, 7|2, 3, 5, 9|1, 2, 5, 10", "back: 1 2", "reset?")
	s.draw("a: @goods", "b: @goods", "c: @goods", "d: @goods")
	s.target("boxes", `
"""Cards to learn: each maps to (box, last day); higher boxes wait longer."""

GAPS = [$gaps]

def $answer($box, right):
    """The box after an answer: one up, or all the way back to box 1."""  #?reset
    """The box after an answer: one up, or $back down."""  #!reset
    if right:
        return min($box + 1, len(GAPS))
    return 1  #?reset
    return max($box - $back, 1)  #!reset

def $due($cards, $day, most=None):
    """The cards to study on a day, lowest box first, at most so many."""
    names = [n for n in $cards if $day - $cards[n][1] >= GAPS[$cards[n][0] - 1]]
    names = sorted(names, key=lambda n: ($cards[n][0], n))
    if most == None:
        return names
    return names[:most]

def $review($cards, $day, right, most=None):
    """The cards after a day on which those in right were known."""
    out = dict($cards)
    for name in $due($cards, $day, most):
        out[name] = ($answer($cards[name][0], name in right), $day)
    return out

def $soonest($cards):
    """The first day on which a card is due; None without cards."""
    days = [last + GAPS[$box - 1] for $box, last in $cards.values()]
    return min(days) if days else None
`)
	s.module("school", `
load("$pkg/boxes.star", "$review", "GAPS")

def $course(names, days, hard=[]):
    """The box of each card after days of study with the hard ones never known."""
    cards = {name: (1, 0) for name in names}
    for day in range(1, days + 1):
        cards = $review(cards, day, [n for n in names if n not in hard])
    return {name: cards[name][0] for name in names}

def $known(cards):
    """Percent of the cards that are in the last box."""
    done = [n for n in cards if cards[n][0] == len(GAPS)]
    return len(done) * 100 // max(len(cards), 1)
`)
	s.set("m", s.fill(`{"$a": (1, 0), "$b": (2, 1), "$c": (3, 1)}`))
	s.set("n", s.fill(`{"$d": (3, ${2..5}), "$c": (1, 4), "$a": (2, ${1..4}), "$b": (1, 4)}`))
	s.fn("boxes", "$answer", "moves a card to another box after an answer", calls(`
		1, True ; 2, True ; 3, True ; 4, True ; 3, False ; 4, False ; 2, False ; 1, False ; 5, True ; 5, False ; 6, False
	`))
	s.fn("boxes", "$due", "lists the cards to study on a day", calls(`
		$m, 1 ; $m, 2 ; $m, 3 ; $m, 5 ; $m, 8 ; $n, 6 ; $n, 9, 2 ; $n, 14 ; $n, 14, 1 ; $n, 14, 0 ; {"$a": (1, 3)}, 4
		{"$a": (1, 3)}, 3 ; {"$b": (1, 0), "$a": (1, 0)}, 9 ; {"$a": (3, 0)}, ${5..9} ; {}, 4
	`))
	s.fn("boxes", "$review", "updates the cards after a day of study", calls(`
		$m, 2, ["$a"] ; $m, 9, ["$a", "$c"] ; $m, 9, [] ; $m, 1, ["$b"] ; $n, 14, ["$a", "$b", "$c", "$d"] ; $n, 14, ["$b"], 1
		$n, 14, ["$a"], 2 ; $n, 0, ["$a"] ; {"$a": (3, 0)}, 20, [] ; {"$a": (2, 0)}, 20, ["$a"] ; {"$a": (1, 1)}, 2, ["$a"]
		{}, 3, ["$a"]
	`))
	s.fn("boxes", "$soonest", "finds the first day with something to study", calls(`
		$m ; $n ; {"$a": (1, 0)} ; {"$a": (2, 0)} ; {"$a": (3, 0)} ; {"$a": (3, 1), "$b": (1, 5)}
		{"$a": (3, 0), "$b": (1, 9)} ; {"$a": (1, 4), "$b": (1, 2)} ; {"$a": (2, ${3..9}), "$c": (2, ${3..9})}
		{"$d": (1, -1)} ; {}
	`))
	s.fn("school", "$course", "plays a course of study day by day", calls(`
		["$a", "$b"], 1 ; ["$a", "$b"], 2 ; ["$a"], 3 ; ["$a"], 4 ; ["$a", "$b", "$c"], 7, ["$b"] ; ["$a"], ${5..9}
		["$a"], 20 ; ["$a", "$d"], 20, ["$a"] ; ["$c"], 0 ; [], 5 ; ["$a"], 1, ["$a"]
	`))
	s.fn("school", "$known", "tells which share of the cards is learned", calls(`
		$m ; $n ; {"$a": (3, 0), "$b": (4, 0)} ; {"$a": (4, 0), "$b": (1, 0), "$c": (2, 0)}
		{"$a": (3, 0), "$b": (1, 0), "$c": (2, 0)} ; {"$a": (4, 9)} ; {"$a": (3, 9)} ; {"$a": (1, 0)}
		{"$a": (3, 0), "$b": (3, 0)} ; {"$a": (4, 1), "$b": (4, 2)} ; {}
	`))
}

func liftTrips(s *sketch) {
	s.draw("pkg: elevator lift hoist", "travel: travel floors_moved distance", "seconds: trip_time duration how_long", "order: sweep stop_order plan", "load: crowd rider_counts on_board", "full: overfull too_full crowded",
		"floor: floor level here", "stops: stops calls goals", "door = ${3..6}", "speed = ${2..4}", "seats = ${4..6}", "start: 0 1", "up: up going_up rising")
	s.target("trips", `
"""A lift that answers calls."""

def $travel($stops, $floor=$start):
    """How many floors it moves to visit the stops in turn."""
    total = 0
    for stop in $stops:
        total += abs(stop - $floor)
        $floor = stop
    return total

def $order($stops, $floor=$start, $up=True):
    """The stops in the order of one sweep: first all in its direction, then back."""
    above = sorted(set([s for s in $stops if s > $floor]))
    below = sorted(set([s for s in $stops if s < $floor]), reverse=True)
    here = [$floor] if $floor in $stops else []
    if $up:
        return here + above + below
    return here + below + above

def $seconds($stops, $floor=$start, speed=$speed, door=$door):
    """Seconds for one sweep upwards first: speed a floor, door at each stop."""
    path = $order($stops, $floor)
    return $travel(path, $floor) * speed + len(path) * door

def $load(events, seats=$seats):
    """Riders after each (in, out) pair; those who find no room stay out."""
    riders = 0
    counts = []
    for entering, leaving in events:
        riders = max(riders - leaving, 0)
        riders = min(riders + entering, seats)
        counts.append(riders)
    return counts
`)
	s.module("report", `
load("$pkg/trips.star", "$load", "$seconds")

def $full(events, seats=$seats):
    """How many times it was full, and the first time; None if never."""
    full = [i for i, n in enumerate($load(events, seats)) if n >= seats]
    return len(full), full[0] if full else None

def late(stops, limit, floor=$start):
    """By how many seconds a sweep misses a limit; 0 when it does not."""
    return max($seconds(stops, floor) - limit, 0)
`)
	s.fn("trips", "$travel", "counts the floors that a lift moves", calls(`
		[3, 1, 5] ; @4x0..9 ; [4, 4, 2] ; [2], 7 ; [9, 0, 9], 9 ; [-2, 3] ; [5], 5 ; [1] ; [0] ; [6, 5, 4], 1 ; [] ; [], 8
	`))
	s.fn("trips", "$order", "plans in which order a lift stops", calls(`
		[5, 2, 8], 4 ; [5, 2, 8], 4, False ; @5x0..9, 5 ; @5x0..9, 5, False ; [3, 3, 6] ; [4, 7, 1], 4 ; [4, 7, 1], 4, False
		[4, 1, 6, 2] ; [3, 2, 1, 5], 4 ; [9, 8], 3, False ; [1, 2], 3 ; [-1, 2, 0, 1] ; [2], 2 ; [0, 1] ; [] ; [], 3, False
	`))
	s.fn("trips", "$seconds", "works out how long a lift takes", calls(`
		[5, 2, 8], 4 ; @3x1..9 ; [3, 3, 6] ; [1, 9], 5, 2 ; [1, 9], 5, 2, 0 ; [4], 4 ; [4], 4, 1, 10 ; [2, 6], 4, 3, 1 ; [7]
		[-3, 3], 0, 1, 1 ; [] ; [], 9, 5, 5
	`))
	s.fn("trips", "$load", "counts the riders in a lift", calls(`
		[(2, 0), (1, 1), (3, 2)] ; [(9, 0), (0, 1)] ; [($seats, 0), (1, 0)] ; [($seats, 0), (1, 1)] ; [(${seats+1}, 0)]
		[(1, 5), (2, 0)] ; [(3, 0), (2, 3)], 3 ; [(3, 0), (3, 2)], 4 ; [(${1..4}, 0), (${1..4}, ${1..3})] ; [(1, 0)], 0
		[(0, 0)] ; []
	`))
	s.fn("report", "$full", "tells how often a lift was full", calls(`
		[(2, 0), (1, 1), (3, 2)] ; [(9, 0), (0, 1), (1, 0)] ; [($seats, 0), (0, 0)] ; [(${seats-1}, 0), (1, 0)]
		[(3, 0), (2, 3), (1, 0)], 3 ; [(1, 0), (1, 0), (0, 1), (5, 0)], 2 ; [(2, 0)], 3 ; [(0, 0)], 0 ; [(1, 1)], 1
		[(4, 0), (0, 4), (4, 0)], 4 ; []
	`))
	s.fn("report", "late", "tells by how much a lift is late", calls(`
		[5, 2, 8], 10, 4 ; [5, 2, 8], 99, 4 ; @3x1..9, ${5..20} ; [7], 10 ; [7, 7], 10 ; [3], 0 ; [4], 0, 4 ; [4], 5, 4
		[1, 9], 20, 5 ; [], 0 ; [], 5 ; [2, 1], -5
	`))
}
