package program

// scheduling lists the templates about times, turns and deadlines.
func scheduling() []Template {
	return []Template{
		sketched("free_slots", "scheduling", freeSlots),
		sketched("room_bookings", "scheduling", roomBookings),
		sketched("duty_rota", "scheduling", dutyRota),
		sketched("job_queue", "scheduling", jobQueue),
		sketched("workday_deadlines", "scheduling", workdayDeadlines),
		sketched("retry_backoff", "scheduling", retryBackoff),
		sketched("worker_balance", "scheduling", workerBalance),
	}
}

func freeSlots(s *sketch) {
	s.draw("pkg: diary agenda meetings", "clock: clock to_minutes minutes_of", "text: show as_clock clock_text", "merge: merge join_busy combine", "free: free gaps open_slots", "first: first_fit earliest_slot find_slot",
		"both: common_free both_free together", "busy: busy taken booked", "start: start begin opens", "end: end finish closes", "open: 8 9", "close: 17 18 16", "length: 30 45 60", "touch?")
	s.target("slots", `
"""Busy times as (start, end) in minutes; the end is free again."""

OPEN = $open * 60
CLOSE = $close * 60

def $merge($busy):
    """The busy times in order, those that overlap or touch made one."""  #?touch
    """The busy times in order, those that overlap made one."""  #!touch
    out = []
    for $start, $end in sorted($busy):
        if out and $start <= out[-1][1]:  #?touch
        if out and $start < out[-1][1]:  #!touch
            out[-1] = (out[-1][0], max(out[-1][1], $end))
        elif $end > $start:
            out.append(($start, $end))
    return out

def $free($busy, $start=OPEN, $end=CLOSE, least=1):
    """The free times from $start to $end that last at least so many minutes."""
    out = []
    at = $start
    for a, b in $merge($busy) + [($end, $end)]:
        gap = min(a, $end) - at
        if gap >= least:
            out.append((at, at + gap))
        at = max(at, b)
    return out

def $first($busy, length=$length, after=OPEN):
    """The first time for a meeting of that length, None without one."""
    for $start, _ in $free($busy, after, CLOSE, length):
        return $start
    return None
`)
	s.module("people", `
load("$pkg/slots.star", "$first", "$free")

def $clock(text):
    """Minutes since midnight of a time such as 9:30."""
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes or "0")

def $both(a, b, least=$length):
    """The times that are free in both of two lists of busy times."""
    return $free(a + b, least=least)

def $text($busy, after="$open:00"):
    """The first free time after a time, as text."""
    at = $first($busy, after=$clock(after))
    return "none" if at == None else "%d:%d%d" % (at // 60, at % 60 // 10, at % 10)
`)
	s.set("full", s.fill("${close*60}"))
	s.set("nearly", s.fill("${full-30}"))
	s.set("am", s.fill("(540, ${570..630})"))
	s.set("mid", s.fill("(${640..700}, 720)"))
	s.set("pm", s.fill("(${780..840}, ${850..930})"))
	s.fn("slots", "$merge", "joins busy times that overlap", calls(`
		[$am, $mid, $pm] ; [(600, 660), (630, 700)] ; [(600, 660), (660, 700)] ; [(630, 700), (600, 660)]
		[(600, 720), (630, 660)] ; [(600, 660), (661, 700)] ; [(600, 660), (600, 640), (650, 655)] ; [(1, 2), (2, 3), (3, 4)]
		[(5, 5), (5, 6), (8, 8)] ; [(0, 10), (5, 20), (15, 30), (40, 50)] ; [(600, 600)] ; [(700, 600)]
		[(600, 660), (630, 630)] ; [$pm, $am] ; []
	`))
	s.fn("slots", "$free", "lists the free times of a day", calls(`
		[$am, $pm] ; [$pm, $am, $mid] ; [(600, 660), (661, 700)] ; [(500, 700), (701, 999)], 500, 800 ; [(600, 660)], 540, 720
		[(600, 660)], 600, 720 ; [(600, 660)], 540, 660 ; [(600, 660)], 630, 640 ; [(600, 660)], 540, 720, 60
		[(600, 660)], 540, 720, 61 ; [(600, 660), (675, 700)], 600, 720, 15 ; [(600, 660), (660, 700)], 600, 720
		[(500, 800)], 540, 720 ; [(700, 900)], 540, 720 ; [(100, 200)], 540, 560 ; [] ; [], 600, 600 ; [(600, 900)]
	`))
	s.fn("slots", "$first", "finds the first time for a meeting", calls(`
		[$am, $mid] ; [$am, $pm], 90 ; [(${open*60}, 600), (630, 700)] ; [(${open*60}, 600), (${length+600}, 700)]
		[(${open*60}, 600), (${length+599}, 700)] ; [(0, 700), (${length+700}, 800)] ; [(0, 700), (${length+699}, 800)]
		[(600, 660)], 30, 590 ; [(600, 660)], 10, 590 ; [(600, 660)], 30, 610 ; [(0, 1440)] ; [(0, $nearly)], 30
		[(0, 900)], 999 ; [], 30, 700 ; [], 600 ; []
	`))
	s.fn("people", "$clock", "reads a time of day as minutes", calls(`
		"9:30" ; "${10..23}:${10..59}" ; "0:00" ; "00:05" ; "12:00" ; "7" ; "23:59" ; "8:" ; "1:1" ; "24:00" ; "10:60"
	`))
	s.fn("people", "$both", "finds the times that two people both have free", calls(`
		[$am], [$pm] ; [$am, $pm], [$mid] ; [(540, 900)], [(600, 1000)] ; [(500, 720)], [(750, 1200)], 30
		[(500, 720)], [(750, 1200)], 31 ; [(500, 720)], [(720, 1200)], 1 ; [], [(600, 660)] ; [(0, 1440)], [] ; [], [], 600
		[], [] ; [(600, 700)], [(600, 700)], 1
	`))
	s.fn("people", "$text", "tells the first free time of a day", calls(`
		[$am, $mid] ; [$am, $pm], "10:15" ; [(480, 605)] ; [(480, 600)], "8" ; [(480, 720)], "9:00" ; [], "9:05" ; [], "13:50"
		[(0, 1440)] ; [(600, 660)], "10:00" ; [(600, 660)], "11:00" ; [], "23:00" ; []
	`))
}

func roomBookings(s *sketch) {
	s.draw("pkg: rooms courts studios", "clash: clash overlaps conflicts", "fits: can_book fits is_free", "book: book reserve add_booking", "use: hours_used time_used busy_hours", "pick: pick_room find_room smallest_room",
		"bookings: bookings entries plan", "room: room court place", "start: start begin from_hour", "end: end until finish", "pause: 1 0", "most = ${3..5}", "a: red blue green", "b: north south east", "big = ${8..20}", "small = ${3..6}")
	s.draw("p: @people", "q: @people")
	s.target("bookings", `
"""Bookings are (room, start, end) in whole hours; the end hour is not used."""

def $clash(a, b, pause=$pause):
    """Whether two bookings are in each other's way; pause hours must lie between them."""
    if a[0] != b[0]:
        return False
    return a[1] < b[2] + pause and b[1] < a[2] + pause

def $fits($bookings, $room, $start, $end):
    """Whether a room can be booked: in the day, at most $most hours, without a clash."""
    if $start < 0 or $end > 24 or $start >= $end:
        return False
    if $end - $start > $most:
        return False
    return not any([$clash(b, ($room, $start, $end)) for b in $bookings])

def $book($bookings, wishes):
    """The bookings with every wish that fits, in turn, and how many did not."""
    out = list($bookings)
    refused = 0
    for $room, $start, $end in wishes:
        if $fits(out, $room, $start, $end):
            out.append(($room, $start, $end))
        else:
            refused += 1
    return sorted(out), refused

def $use($bookings, $room, $start=0, $end=24):
    """The hours that a room is booked from $start to $end."""
    total = 0
    for name, a, b in $bookings:
        if name == $room:
            total += max(min(b, $end) - max(a, $start), 0)
    return total
`)
	s.module("seats", `
load("$pkg/bookings.star", "$fits")

def $pick(seats, $bookings, people, $start, $end):
    """The smallest room with a seat for each and free at that time; None if there is none."""
    names = [r for r in seats if seats[r] >= people and $fits($bookings, r, $start, $end)]
    return min(names, key=lambda r: (seats[r], r)) if names else None
`)
	s.set("m", s.fill(`[("$a", 9, 11), ("$b", 10, 12)]`))
	s.set("n", s.fill(`[("$a", 8, 10), ("$a", ${13..15}, 17), ("$b", 0, 2)]`))
	s.set("seats", s.fill(`{"$a": $big, "$b": $small}`))
	s.fn("bookings", "$clash", "checks whether two bookings are in each other's way", calls(`
		("$a", 9, 11), ("$a", 10, 12) ; ("$a", 9, 11), ("$b", 10, 12) ; ("$a", 9, 11), ("$a", 11, 12)
		("$a", 11, 12), ("$a", 9, 11) ; ("$a", 9, 11), ("$a", 12, 13) ; ("$a", 13, 14), ("$a", 9, 12)
		("$b", 14, 15), ("$b", 10, 13) ; ("$b", 6, 8), ("$b", 9, 10) ; ("$a", 9, 11), ("$a", 13, 14), 2
		("$a", 9, 11), ("$a", 13, 14), 3 ; ("$a", 15, 16), ("$a", 9, 12), 3 ; ("$a", 15, 16), ("$a", 9, 12), 4
		("$b", 8, 18), ("$b", 10, 11) ; ("$b", 10, 11), ("$b", 10, 11), 0 ; ("$b", 10, 11), ("$b", 11, 12), 0
		("$b", ${8..14}, 15), ("$b", 12, 16)
	`))
	s.fn("bookings", "$fits", "checks whether a room can be booked", calls(`
		$m, "$a", 13, 15 ; $m, "$a", 10, 12 ; $m, "$b", 9, 11 ; $m, "$b", 7, 9 ; $m, "$b", 7, 10 ; $n, "$a", 10, 13
		$n, "$a", 11, 12 ; [], "$a", 1, ${most+1} ; [], "$a", 1, ${most+2} ; [], "$b", 10, ${most+10}
		[], "$b", 10, ${most+11} ; [], "$b", 23, 24 ; [], "$b", 24, 25 ; [], "$b", 0, 2 ; [], "$b", -1, 2 ; $m, "$b", 4, 4
		[], "$a", 22, 24 ; [], "$a", 23, 25 ; [], "$a", 0, 1 ; [], "$a", -1, 1 ; [], "$a", 5, 5 ; [], "$a", 6, 5
	`))
	s.fn("bookings", "$book", "books the wishes that fit and counts the rest", calls(`
		$m, [("$a", 13, 15), ("$b", 9, 11)] ; $m, [("$a", 12, 13), ("$a", 12, 13)] ; $n, [("$b", 3, 5), ("$b", 5, 7)]
		[], [("$b", 9, 9), ("$b", 9, 8), ("$b", 25, 26)] ; $m, [("$a", 10, 12), ("$b", 11, 13)]
		[], [("$a", 9, 10), ("$a", 10, 11), ("$a", 11, 12)] ; [], [("$b", 9, 10), ("$a", 9, 10)] ; [], [("$a", 0, 9)]
		$m, [("$a", 7, 8), ("$a", 5, 7)] ; $n, [("$a", 4, 4), ("$a", 30, 31)] ; $m, [("$b", ${13..18}, 19)] ; $m, [] ; [], []
	`))
	s.fn("bookings", "$use", "adds up the hours that a room is booked", calls(`
		$m, "$a" ; $n, "$a" ; $n, "$b" ; $n, "$a", 9 ; $n, "$a", 9, 16 ; $m, "$b", 11 ; $m, "$b", 0, 11 ; $m, "$b", 12
		$m, "$b", 0, 10 ; $m, "attic" ; [("$a", 3, 9)], "$a", 5, 6 ; [("$a", 3, 9), ("$a", 9, 10)], "$a", 4
		[("$a", 23, 24), ("$a", 0, 1)], "$a" ; [("$b", 21, 24)], "$b" ; [("$b", 21, 25)], "$b", 20 ; [], "$a"
	`))
	s.fn("seats", "$pick", "finds the smallest free room with enough seats", calls(`
		$seats, $m, 2, 13, 15 ; $seats, $m, 2, 10, 11 ; $seats, $m, 2, 7, 8 ; $seats, [], $small, 9, 10
		$seats, [], ${small+1}, 9, 10 ; $seats, [], $big, 9, 10 ; $seats, [], ${big+1}, 9, 10 ; $seats, $n, 1, 1, 2
		{"x": 4, "w": 4}, [], 3, 9, 10 ; {"x": 4, "w": 4}, [("w", 9, 10)], 4, 9, 10 ; $seats, [], 1, 9, 9 ; {}, [], 1, 9, 10
	`))
}

func dutyRota(s *sketch) {
	s.draw("pkg: rota shifts chores", "onduty: on_duty whose_turn worker_on", "days: duty_days days_of turns_of", "swap: with_swaps swapped apply_swaps", "load: duty_counts days_each per_person", "next: next_turn next_duty days_until",
		"people: people names team", "who: who name person", "span = ${2..3}", "first: 1", "day: day today date", "a: @people", "b: @people", "c: @people", "d: @people")
	s.target("rota", `
"""Who is on duty; days count from $first and turns last $span days."""

SPAN = $span

def $onduty($people, $day, off=[]):
    """Who is on duty on a day; anyone who is off hands over to the next."""
    if not $people:
        return None
    turn = ($day - $first) // SPAN
    for i in range(len($people)):
        $who = $people[(turn + i) % len($people)]
        if $who not in off:
            return $who
    return None

def $days($people, $who, last, $day=$first):
    """The days up to last on which someone is on duty."""
    return [d for d in range($day, last + 1) if $onduty($people, d) == $who]

def $load($people, last):
    """How many days each person is on duty up to the last day."""
    counts = {$who: 0 for $who in $people}
    for d in range($first, last + 1):
        if $people:
            counts[$onduty($people, d)] += 1
    return counts

def $next($people, $who, today):
    """Days until someone's next turn begins, 0 if on duty; None for strangers."""
    for wait in range(len($people) * SPAN):
        if $onduty($people, today + wait) == $who:
            return wait
    return None
`)
	s.module("swaps", `
load("$pkg/rota.star", "$onduty")

def $swap($people, last, swaps):
    """The plan from day $first to last with swaps, pairs of days that trade their workers."""
    plan = [$onduty($people, d) for d in range($first, last + 1)]
    for x, y in swaps:
        i, j = x - $first, y - $first
        if min(i, j) >= 0 and max(i, j) < len(plan):
            plan[i], plan[j] = plan[j], plan[i]
    return plan
`)
	s.set("three", s.fill(`["$a", "$b", "$c"]`))
	s.set("two", s.fill(`["$d", "$a"]`))
	s.fn("rota", "$onduty", "tells who is on duty on a day", calls(`
		$three, 1 ; $three, 2 ; $three, ${3..9} ; $three, 6 ; $three, ${10..40} ; $two, 3 ; $two, 4 ; $three, 1, ["$a"]
		$three, 5, ["$c"] ; $three, 3, ["$b", "$c"] ; $two, 0, ["$a", "$d"] ; ["$a"], 9 ; ["$a"], 9, ["$a"] ; $three, 0
		$three, -1 ; [], 3
	`))
	s.fn("rota", "$days", "lists the days on which somebody is on duty", calls(`
		$three, "$a", 12 ; $three, "$b", 12 ; $three, "$c", ${8..15} ; $two, "$a", 9 ; $two, "$d", 9, 4 ; $three, "$a", 7, 7
		$three, "$a", 6, 7 ; $three, "$d", 12 ; ["$b"], "$b", 3 ; $three, "$a", $first ; $three, "$a", -3 ; [], "$a", 5
	`))
	s.fn("rota", "$load", "counts everybody's days on duty", calls(`
		$three, 12 ; $three, 13 ; $three, ${14..30} ; $two, 9 ; $two, 4 ; ["$c"], 7 ; $three, 2 ; $three, $first
		$three, ${first-1} ; $three, -5 ; [], 4
	`))
	s.fn("rota", "$next", "tells how long somebody waits for the next turn", calls(`
		$three, "$b", 1 ; $three, "$c", 1 ; $three, "$a", 2 ; $three, "$a", 4 ; $three, "$c", ${3..20} ; $two, "$d", 3
		$two, "$a", 1 ; $three, "$d", 1 ; ["$a"], "$a", 8 ; $three, "$a", -1 ; $two, "$d", ${5..9} ; [], "$a", 1
	`))
	s.fn("swaps", "$swap", "makes a plan in which people trade days", calls(`
		$three, 7, [(1, 4)] ; $three, 7, [] ; $two, 6, [(2, 5), (5, 6)] ; $three, 6, [(1, 7)] ; $three, 6, [(6, 1)]
		$three, 6, [(3, -1)] ; $three, 6, [(0, 5)] ; $three, 9, [(1, ${4..6}), (2, ${7..9})] ; $two, 4, [(3, 3)]
		$three, 0, [(1, 2)] ; [], 3, [(1, 2)]
	`))
}

func jobQueue(s *sketch) {
	s.draw("pkg: jobqueue printshop kitchen", "order: order line_up sort_jobs", "run: run finish_times timetable", "late: lateness late_jobs overdue", "wait: average_wait mean_wait usual_wait", "next: next_job pick_next choose",
		"jobs: jobs orders tasks", "start: start now begin", "setup: 0 1 2", "a: @letters", "b: @letters", "c: @letters", "d: @letters")
	s.target("queue", `
"""Jobs are (name, rank, minutes, due); a low rank goes first."""

def $order($jobs, by_due=False):
    """The names in the order of work: by rank or by due time, then short before long."""
    if by_due:
        rows = sorted($jobs, key=lambda j: (j[3], j[2], j[0]))
    else:
        rows = sorted($jobs, key=lambda j: (j[1], j[2], j[0]))
    return [j[0] for j in rows]

def $run($jobs, $start=0, pause=$setup, by_due=False):
    """When each job is done if they run one after another with a pause between."""
    minutes = {name: m for name, _, m, _ in $jobs}
    at = $start
    done = {}
    for i, name in enumerate($order($jobs, by_due)):
        if i > 0:
            at += pause
        at += minutes[name]
        done[name] = at
    return done

def $late($jobs, $start=0, by_due=False):
    """How late each late job is."""
    done = $run($jobs, $start, by_due=by_due)
    return {name: done[name] - due for name, _, _, due in $jobs if done[name] > due}

def $wait($jobs, $start=0):
    """The minutes that a job waits on average before it runs, rounded down."""
    if not $jobs:
        return 0
    done = $run($jobs, $start)
    total = 0
    for name, _, minutes, _ in $jobs:
        total += done[name] - minutes - $start
    return total // len($jobs)
`)
	s.module("choice", `
load("$pkg/queue.star", "$late", "$order")

def $next($jobs, minutes):
    """The first job in order that takes at most so many minutes; None without one."""
    short = [j for j in $jobs if j[2] <= minutes]
    return $order(short)[0] if short else None

def better($jobs):
    """Whether working by due time makes fewer jobs late than working by rank."""
    return len($late($jobs, by_due=True)) < len($late($jobs))
`)
	s.set("m", s.fill(`[("$a", 2, ${5..9}, 30), ("$b", 1, ${10..20}, 15), ("$c", 2, ${10..20}, 20)]`))
	s.set("n", s.fill(`[("$d", 1, 4, 9), ("$a", 1, 4, 5), ("$b", 1, 3, 20)]`))
	s.set("o", s.fill(`[("$a", 1, 10, 100), ("$b", 2, 5, 5), ("$c", 3, 5, 10)]`))
	s.fn("queue", "$order", "puts jobs into the order of work", calls(`
		$m ; $n ; $o ; $m, True ; $n, True ; $o, True ; [("$b", 3, 1, 1), ("$a", 3, 1, 1)]
		[("$a", 2, 9, 4), ("$b", 1, 9, 5), ("$c", 0, 9, 6)] ; [("$a", 1, 2, 7), ("$b", 1, 1, 7)], True
		[("$c", -1, 5, 5), ("$a", 0, 5, 5)] ; [("$a", 1, 1, 1)] ; [("$b", 1, 5, 9), ("$a", 2, 5, 9)], True
		[("$c", 1, 6, 9), ("$b", 1, 3, 9), ("$a", 1, 4, 9)], True ; [("$b", 3, 2, 4), ("$a", 3, 2, 5)] ; []
	`))
	s.fn("queue", "$run", "works out when each job is done", calls(`
		$m ; $n ; $o ; $m, ${10..60} ; $n, 0, 3 ; $n, 5, 0 ; $o, 0, 2, True ; $m, 0, 0, True ; [("$a", 1, 0, 0)]
		[("$a", 1, 7, 7)], 3 ; [("$a", 1, 7, 7), ("$b", 1, 7, 7)], 0, 1 ; [("$a", 1, 7, 7)], 0, 9 ; []
	`))
	s.fn("queue", "$late", "tells how late the late jobs are", calls(`
		$m ; $n ; $o ; $o, 0, True ; $m, 5 ; $n, ${1..9} ; $m, 0, True ; [("$a", 1, 7, 7)] ; [("$a", 1, 7, 6)]
		[("$a", 1, 7, 8)], 1 ; [("$a", 1, 7, 8)], 2 ; [("$a", 1, 1, 99), ("$b", 2, 1, 99)] ; []
	`))
	s.fn("queue", "$wait", "works out how long jobs wait on average", calls(`
		$m ; $n ; $o ; $m, 10 ; [("$a", 1, 7, 7), ("$b", 1, 7, 7)] ; [("$a", 1, ${2..9}, 7), ("$b", 2, ${2..9}, 7)]
		[("$a", 1, 7, 7)] ; [("$a", 1, 7, 7)], 30 ; [("$a", 1, 1, 1), ("$b", 1, 1, 1), ("$c", 1, 1, 1), ("$d", 1, 1, 1)]
		[("$a", 2, 0, 0), ("$b", 1, 0, 0)] ; [] ; [], 5
	`))
	s.fn("choice", "$next", "picks the next job that fits into some minutes", calls(`
		$m, 9 ; $m, 20 ; $m, 4 ; $n, 3 ; $n, 4 ; $n, 2 ; $o, 5 ; $o, 9 ; $o, 10 ; [("$a", 1, 0, 0)], 0 ; [], 10
	`))
	s.fn("choice", "better", "tells whether working by due time is better", calls(`
		$m ; $n ; $o ; [("$a", 1, 10, 10), ("$b", 2, 10, 20)] ; [("$a", 1, 10, 20), ("$b", 2, 10, 10)]
		[("$a", 2, 10, 19), ("$b", 1, 10, 10)] ; [("$a", 1, 50, 60), ("$b", 2, 5, 10), ("$c", 3, 5, 20)]
		[("$a", 1, 9, 8), ("$b", 2, 1, 9)] ; [("$a", 1, 5, 1)] ; [("$a", 1, 5, 9), ("$b", 2, 5, 5), ("$c", 3, 1, 30)] ; []
	`))
}

func workdayDeadlines(s *sketch) {
	s.draw("pkg: deadlines officedays delivery", "working: is_workday open_on works", "add: add_workdays after_workdays move_on", "between: workdays_between workdays count_workdays", "due: due_day deliver_on promise", "reply: reminders remind_on nudges",
		"rest: 5 6", "day: day date d", "holidays: holidays closed days_off", "noon: 12 14 15", "lead = ${2..4}", "step = ${3..6}")
	s.target("workdays", `
"""Days are numbered and day 0 is a Monday; days $rest to 6 of a week are free."""

def $working($day, $holidays=[]):
    """Whether people work on a day."""
    return $day % 7 < $rest and $day not in $holidays

def $add($day, count, $holidays=[]):
    """The day so many workdays after a day; 0 gives the day or the next workday."""
    left = max(count, 0)
    for _ in range(7 * (left + 1) + len($holidays)):
        if $working($day, $holidays):
            if left == 0:
                break
            left -= 1
        $day += 1
    return $day

def $between(first, last, $holidays=[]):
    """The workdays from first to last, both included; negative when last is earlier."""
    step = 1
    if last < first:
        first, last, step = last, first, -1
    total = 0
    for d in range(first, last + 1):
        if $working(d, $holidays):
            total += step
    return total

def $due($day, hour, lead=$lead, $holidays=[]):
    """When an order arrives: lead workdays later, one more if it came at $noon or after."""
    if $working($day, $holidays) and hour >= $noon:
        lead += 1
    return $add($day, lead, $holidays)
`)
	s.module("reminders", `
load("$pkg/workdays.star", "$add", "$between")

def $reply(asked, today, every=$step, most=3):
    """The days of reminders up to today, every so many workdays, at most so many."""
    out = []
    for i in range(1, most + 1):
        at = $add(asked, i * every)
        if at <= today:
            out.append(at)
    return out

def in_time(asked, answered, allowed=$step):
    """Whether an answer took at most the allowed workdays, the first day not counted."""
    return $between(asked + 1, answered) <= allowed if answered > asked else True
`)
	s.fn("workdays", "$working", "tells whether people work on a day", calls(`
		0 ; 4 ; 5 ; 6 ; 7 ; ${8..11} ; 12 ; 13 ; 3, [3] ; 3, [4, 2] ; -1 ; -3 ; 14, [7]
	`))
	s.fn("workdays", "$add", "finds the day some workdays later", calls(`
		0, 3 ; 3, 2 ; 4, 1 ; 4, 2 ; 5, 0 ; 5, 1 ; 6, 2 ; 0, 0 ; 2, ${5..12} ; 0, 5, [2] ; 0, 2, [1, 2, 3] ; 4, 1, [7]
		4, 0, [4] ; -3, 1 ; 3, -2 ; 10, 10
	`))
	s.fn("workdays", "$between", "counts the workdays from one day to another", calls(`
		0, 4 ; 0, 6 ; 0, 13 ; ${1..4}, ${8..20} ; 4, 7 ; 5, 6 ; 6, 6 ; 3, 3 ; 0, 4, [2] ; 0, 4, [5, 9] ; 7, 3 ; 1, 0 ; 6, 5
		-7, -1
	`))
	s.fn("workdays", "$due", "tells when an order arrives", calls(`
		0, 9 ; 0, 16 ; 1, $noon ; 1, ${noon-1} ; 2, $noon ; 0, ${noon-1} ; 8, $noon, 1 ; 3, 10 ; ${1..4}, ${8..18} ; 5, 9
		6, 18 ; 4, 20, 1 ; 0, 9, 0 ; 0, 23, 0 ; 1, 9, 2, [2] ; 2, 18, 1, [2] ; 7, 0, 1
	`))
	s.fn("reminders", "$reply", "lists the days on which to remind somebody", calls(`
		0, 20 ; 0, 7 ; 2, ${10..30} ; 0, 60 ; 0, 3, 3 ; 0, 2, 3 ; 5, 20, 5 ; 0, 60, 2, 5 ; 0, 60, 1, 1 ; 4, 9, 1, 0 ; 3, 3
		9, 0
	`))
	s.fn("reminders", "in_time", "checks whether an answer came in time", calls(`
		0, 3 ; 0, 7 ; 0, 9 ; 2, ${10..20} ; 0, 5, 4 ; 0, 4, 4 ; 0, 4, 3 ; 4, 7, 1 ; 4, 8, 1 ; 4, 6, 0 ; 3, 3, 0 ; 5, 4, 0
		0, 30
	`))
}

func retryBackoff(s *sketch) {
	s.draw("pkg: retries callbacks sender", "delay: delay wait_before pause", "times: attempt_times tries schedule", "give: gives_up_at deadline last_moment", "ok: first_success succeeds_at done_at", "breaker: breaker open_after trips",
		"base: 1 2 5", "factor: 2 3", "cap: 30 60 40", "most = ${3..5}", "n: n attempt number", "start: start now began", "at: at moment clock", "fails: 2 3", "linear?")
	s.target("backoff", `
"""Waiting longer and longer between attempts; times are in seconds."""

BASE = $base
LIMIT = $cap

def $delay($n, base=BASE, limit=LIMIT):
    """Seconds to wait before attempt $n: 0, then base, then more, up to limit."""
    if $n <= 1:
        return 0
    seconds = base
    for _ in range($n - 2):
        seconds *= $factor  #!linear
        seconds += base  #?linear
        if seconds >= limit:
            break
    return min(seconds, limit)

def $times(count=$most, $start=0, base=BASE):
    """When each of so many attempts is made."""
    out = []
    $at = $start
    for $n in range(1, count + 1):
        $at += $delay($n, base)
        out.append($at)
    return out

def $ok(outages, $start=0, count=$most):
    """The first attempt, and its time, that falls in no outage (from, to); None if all fail."""
    for $n, $at in enumerate($times(count, $start), 1):
        if not any([$at >= a and $at < b for a, b in outages]):
            return $n, $at
    return None
`)
	s.module("breaker", `
load("$pkg/backoff.star", "$delay", "$times")

def $give(budget, count=9):
    """How many attempts can be made within so many seconds."""
    return len([t for t in $times(count) if t <= budget])

def $breaker(results, most=$fails):
    """The numbers of calls that were made: after most failures in a row the rest is skipped."""
    made = []
    bad = 0
    for i, ok in enumerate(results, 1):
        if bad >= most:
            break
        made.append(i)
        bad = 0 if ok else bad + 1
    return made, $delay(bad + 1)
`)
	s.fn("backoff", "$delay", "tells how long to wait before an attempt", calls(`
		1 ; 2 ; 3 ; 4 ; ${5..7} ; 9 ; 20 ; 3, 4 ; 4, 4, 20 ; 3, 10, 20 ; 2, 50, 20 ; 5, 1, 8 ; 4, 1, 4 ; 0 ; -1 ; 2, 0
	`))
	s.fn("backoff", "$times", "lists the times of all attempts", calls(`
		3 ; 4, 100 ; 2, ${10..60} ; 5, 0, 3 ; 6 ; 8 ; 1, 7 ; 3, 0, 0 ; 2, 0, 99 ; base=3 ; base=7 ; 0 ; 0, 5 ; -1 ; 4, -10, 1
	`), "()")
	s.fn("backoff", "$ok", "finds the first attempt that gets through", calls(`
		[(0, 1)] ; [(0, 3)] ; [(0, 4)] ; [(0, 7)] ; [(0, 10)] ; [(0, 14)] ; [(0, 20)] ; [(0, 30)] ; [(0, 2)] ; [(0, 5)], 0, 4
		[(0, 8)], ${1..3} ; [(0, 1), (1, 3)] ; [(0, 1), (2, 9)], 0, 5 ; [(0, 1000)] ; [(0, 1000)], 0, 2 ; [(5, 6)], 5
		[(5, 6)], 4 ; [(5, 6)], 6 ; [(3, 3)], 3 ; [], 12 ; [] ; [], 0, 0 ; [(-5, 1)], 0, 1
	`))
	s.fn("breaker", "$give", "counts the attempts that fit into a time", calls(`
		10 ; ${20..60} ; 100 ; 500 ; 1 ; 2 ; 5 ; 6 ; 0 ; 3, 2 ; 50, 3 ; -1 ; 9, 0
	`))
	s.fn("breaker", "$breaker", "stops calling after too many failures", calls(`
		[True, True, False, True] ; [False, False, False, False, True] ; [False, True, False, False, False, False]
		[True, False, False, True, False], 2 ; [False, True, False, True], 1 ; [False, False, True], 3
		[False, False, False], 3 ; [False, False, False, True], 3 ; [True] ; [False] ; [False], 1 ; [True], 0 ; []
	`))
}

func workerBalance(s *sketch) {
	s.draw("pkg: crews machines loaders", "assign: assign share_out distribute", "finish: finish makespan longest_day", "spread: spread unfairness imbalance", "least: least_busy freest emptiest", "crew: crew_needed workers_needed team_size",
		"jobs: jobs tasks loads", "workers: workers people staff", "load: hours_of workload hours_for", "plan: plan shares result", "cap = ${8..12}", "big = ${5..9}", "a: @people", "b: @people", "c: @people", "w: @letters", "v: @letters", "u: @letters", "t: @letters")
	s.target("balance", `
"""Sharing jobs, a dict of hours by name, among workers."""

def $load($jobs, names):
    """The hours of the named jobs together."""
    hours = 0
    for name in names:
        hours += $jobs.get(name, 0)
    return hours

def $least($jobs, $plan, cap=None):
    """The worker with the fewest hours, and of several the first by name, below cap."""
    best = None
    for worker in sorted($plan):
        hours = $load($jobs, $plan[worker])
        if cap != None and hours >= cap:
            continue
        if best == None or hours < $load($jobs, $plan[best]):
            best = worker
    return best

def $assign($jobs, $workers, cap=None):
    """Each worker's jobs: the longest go first, always to whoever has least; the rest stays."""
    $plan = {worker: [] for worker in $workers}
    rest = []
    for name in sorted($jobs, key=lambda n: (-$jobs[n], n)):
        worker = $least($jobs, $plan, cap)
        if worker == None:
            rest.append(name)
        else:
            $plan[worker].append(name)
    return $plan, rest

def $finish($jobs, $plan):
    """The hours of the busiest worker."""
    return max([$load($jobs, names) for names in $plan.values()] + [0])
`)
	s.module("report", `
load("$pkg/balance.star", "$assign", "$finish", "$load")

def $spread($jobs, $workers):
    """How many hours lie between the busiest worker and the least busy one."""
    $plan, _ = $assign($jobs, $workers)
    if not $plan:
        return 0
    return $finish($jobs, $plan) - min([$load($jobs, names) for names in $plan.values()])

def $crew($jobs, limit=$cap):
    """The smallest number of workers, up to 9, who are done in limit hours; None if none are."""
    for n in range(1, 10):
        if $finish($jobs, $assign($jobs, list(range(n)))[0]) <= limit:
            return n
    return None
`)
	s.set("m", s.fill(`{"$w": $big, "$v": ${2..4}, "$u": ${2..4}}`))
	s.set("n", s.fill(`{"$w": 3, "$v": 3, "$u": 3, "$t": 2}`))
	s.set("o", s.fill(`{"$w": ${2..9}, "$v": ${2..9}, "$u": ${2..9}, "$t": ${2..9}}`))
	s.set("two", s.fill(`["$a", "$b"]`))
	s.fn("balance", "$load", "adds up the hours of some jobs", calls(`
		$m, ["$w", "$v"] ; $m, ["$u"] ; $n, ["$w", "$v", "$u", "$t"] ; $o, ["$t", "$w"] ; $n, ["$w", "$w"] ; $n, ["zz"]
		$n, ["$t", "zz"] ; {"$w": 0}, ["$w"] ; {}, ["$w"] ; $o, [] ; {}, []
	`))
	s.fn("balance", "$least", "finds the worker with the fewest hours", calls(`
		$m, {"$a": ["$w"], "$b": ["$v"]} ; $n, {"$a": ["$w"], "$b": ["$v"]}
		$n, {"$b": ["$t"], "$a": ["$u"], "$c": ["$w", "$v"]} ; $n, {"$a": ["$w", "$t"], "$b": ["$v", "$u"]}, 6
		$n, {"$a": ["$w", "$t"], "$b": ["$v", "$u"]}, 5 ; $n, {"$a": ["$w"], "$b": []}, 3 ; $n, {"$a": ["$w"]}, 3
		$n, {"$a": ["$w"]}, 4 ; $o, {"$c": [], "$b": []} ; $o, {"$a": ["$w"], "$b": ["$v"], "$c": ["$u"]} ; $n, {"$a": []}, 0
		$n, {}
	`))
	s.fn("balance", "$assign", "shares jobs out among workers", calls(`
		$m, $two ; $n, $two ; $o, $two ; $o, ["$c", "$b", "$a"] ; $m, ["$c"] ; $n, $two, 3 ; $n, $two, 6 ; $n, ["$b"], 4
		$o, $two, 1 ; {"$w": 1, "$v": 1}, $two ; $n, $two, 0 ; {}, $two ; $m, [] ; {}, []
	`))
	s.fn("balance", "$finish", "tells how long the busiest worker works", calls(`
		$m, {"$a": ["$w"], "$b": ["$v", "$u"]} ; $n, {"$a": ["$w"], "$b": ["$v", "$t"]}
		$o, {"$a": ["$w", "$v"], "$b": ["$u", "$t"]} ; $n, {"$a": ["$w"], "$b": []} ; $n, {"$a": [], "$b": []}
		$n, {"$c": ["zz"]} ; {}, {"$a": ["$w"]} ; $m, {"$a": ["$w", "$v", "$u"]} ; $o, {"$a": ["$t"], "$b": ["$t"]} ; $m, {}
		{}, {}
	`))
	s.fn("report", "$spread", "tells how unfairly jobs are shared out", calls(`
		$m, $two ; $n, $two ; $o, $two ; $n, ["$a", "$b", "$c"] ; {"$w": 8, "$v": 3}, $two ; {"$w": 4, "$v": 4}, $two
		{"$w": 4}, $two ; $o, ["$a"] ; {}, $two ; $m, [] ; {"$w": 9, "$v": 5, "$u": 4, "$t": 1}, $two
	`))
	s.fn("report", "$crew", "tells how many workers are needed to finish in time", calls(`
		$m ; $n ; $o ; $n, 11 ; $n, 10 ; $n, 6 ; $n, 3 ; $n, 2 ; $m, 100 ; {"$w": $cap} ; {"$w": ${cap+1}} ; {"$w": 0}, 0 ; {}
		{}, 0
	`))
}
