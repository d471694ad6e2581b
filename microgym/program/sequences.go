package program

// sequences lists the templates about ordered lists.
func sequences() []Template {
	return []Template{
		sketched("run_lengths", "sequences", runLengths),
		sketched("moving_window", "sequences", movingWindow),
		sketched("playlist_order", "sequences", playlistOrder),
		sketched("seeded_cup", "sequences", seededCup),
		sketched("day_streaks", "sequences", dayStreaks),
		sketched("vote_count", "sequences", voteCount),
		sketched("bowling_score", "sequences", bowlingScore),
		sketched("card_deal", "sequences", cardDeal),
	}
}

func runLengths(s *sketch) {
	s.draw("pkg: squeeze fax barcode strip", "enc: encode pack squash", "dec: decode unpack expand", "long: longest_run widest best_run", "sum: saved gain shorter_by", "diff: differs_at first_difference mismatch",
		"items: items row cells", "a: left a old", "b: right b new", "most: 9 5 4", "x: @letters", "y: @letters", "z: @letters")
	s.target("runs", `
def $enc($items, most=$most):
    """Turn items into [item, count] runs of at most that many."""
    out = []
    for item in $items:
        if out and out[-1][0] == item and out[-1][1] < most:
            out[-1][1] += 1
        else:
            out.append([item, 1])
    return out

def $dec(runs):
    """Turn runs back into the list of items."""
    out = []
    for item, count in runs:
        out += [item] * count
    return out

def $long($items):
    """Return (start, length) of the longest run, the first of equals."""
    best, start = (0, 0), 0
    for i in range(len($items) + 1):
        if i == len($items) or $items[i] != $items[start]:
            if i - start > best[1]:
                best = (start, i - start)
            start = i
    return best
`)
	s.module("text", `
load("$pkg/runs.star", "$enc")

def $sum(text, most=$most):
    """Return how many characters run-length text like "3a" saves."""
    size = 0
    for _, count in $enc(text.elems(), most):
        size += 1 if count == 1 else 1 + len(str(count))
    return len(text) - size

def $diff($a, $b):
    """Return where two lists first differ, -1 when they do not."""
    for i in range(min(len($a), len($b))):
        if $a[i] != $b[i]:
            return i
    if len($a) != len($b):
        return min(len($a), len($b))
    return -1
`)
	s.draw(`p = "$x", "$x", "$x"`, `q = "$y", "$y"`)
	s.fn("runs", "$enc", "packs repeated items into runs", `
([$p, $q]) ; ([$q, "$z", $p, $p]) ; (["$x", "$y", "$x"]) ; ([1, 1, ${1..2}, 2, 3]) ; ([$p, $p, $p, $p]) ; ([$p], 2) ; ([$p, "$x"], 2) ; ([$p], 3) ; ([$q], 1) ; (["$z"]) ; ([0, 0]) ; ([])`)
	s.fn("runs", "$dec", "unpacks runs into items", `
([["$x", 3], ["$y", ${1..4}]]) ; ([[${1..9}, 2], [0, ${2..5}]]) ; ([["$x", 1]]) ; ([["$x", 0], ["$z", 2]]) ; ([["$y", 0]]) ; ([["$x", -1], ["$y", 1]]) ; ([["$x", 2], ["$x", 2]]) ; ([[0, 3]]) ; ([[None, 1]]) ; ([]) ; ([["$x", 1], ["$y", 1], ["$z", 1]])`)
	s.fn("runs", "$long", "finds the longest run of equal items", `
([$q, $p]) ; ([${1..3}, 2, 2, 3, ${3..4}, 3]) ; ([$p, $q]) ; ([$q, "$z", "$z"]) ; (["$x", "$y"]) ; ([$p]) ; (["$z"]) ; ([]) ; ([0, 1, 1]) ; ([1, 0, 0, 0]) ; (["$y", $p, "$y"])`)
	s.fn("text", "$sum", "tells how much shorter packed text gets", `
("$x$x$x$x$y$y$z") ; ("$x$x$x$y$y$y$y$y$y$y$y$y$y$y$y") ; ("$x$y$z") ; ("$x$x") ; ("$x$x$x") ; ("$x$x$x$x", 2) ; ("$z$z$z$z$z$z$z$z$z$z", 12) ; ("$z$z$z$z$z$z$z$z$z", 12) ; ("$y$y$y", 1) ; ("") ; ("$x") ; ("$y$y$y$y$y$y$y$y$y$y$y$y")`)
	s.fn("text", "$diff", "finds where two lists begin to differ", `
([1, 2, ${3..5}], [1, 2, 6]) ; ([$p], [$q]) ; ([1, 2], [1, 2]) ; ([1, 2], [1, 2, 3]) ; ([1, 2, 3], [1, 2]) ; ([1], [2]) ; ([], []) ; ([], [1]) ; ([1], []) ; ([0, 0, 1, 0], [0, 0, 0, 1])`)
	s.targetOneOf("runs", "text")
}

func movingWindow(s *sketch) {
	s.draw("pkg: weather stocks pulse traffic", "win: windows slices frames", "avg: moving_average smooth rolling_mean", "best: best_window hottest busiest", "peak: peaks tops summits", "rise: longest_rise climb up_run",
		"size: 3 2 4", "min: 0 1 2", "xs: values series levels", "strict?", "late?")
	s.module("window", `
def $win($xs, size):
    """List the neighbouring groups of that size, in order."""
    if size < 1:
        return []
    return [$xs[i:i + size] for i in range(len($xs) - size + 1)]

def total(xs):
    """Add up a list."""
    out = 0
    for x in xs:
        out += x
    return out
`)
	s.target("signal", `
load("$pkg/window.star", "$win", "total")

def $avg($xs, size=$size):
    """Return the mean of each window, rounded down."""
    return [total(w) // size for w in $win($xs, size)]

def $best($xs, size=$size):
    """Return (start, sum) of the window with the largest sum, the first of equals."""  #!late
    """Return (start, sum) of the window with the largest sum, the last of equals."""  #?late
    best = None
    for start, w in enumerate($win($xs, size)):
        if best == None or total(w) > best[1]:  #!late
        if best == None or total(w) >= best[1]:  #?late
            best = (start, total(w))
    return best

def $peak($xs, least=$min):
    """List where a value tops both neighbours and is at least that high."""
    out = []
    for i in range(1, len($xs) - 1):
        if $xs[i] > $xs[i - 1] and $xs[i] > $xs[i + 1] and $xs[i] >= least:
            out.append(i)
    return out

def $rise($xs):
    """Return the length of the longest stretch that keeps going up."""  #?strict
    """Return the length of the longest stretch that never goes down."""  #!strict
    longest, run = 0, 0
    for i, x in enumerate($xs):
        if i > 0 and x > $xs[i - 1]:  #?strict
        if i > 0 and x >= $xs[i - 1]:  #!strict
            run += 1
        else:
            run = 1
        longest = max(longest, run)
    return longest
`)
	s.fn("signal", "$avg", "smooths a series by averaging neighbours", `
([3, 6, ${9..20}, 12, 1]) ; ([${1..20}, ${1..20}, 8, 4], 2) ; ([5, 1, 9], 1) ; ([1, 2, 3], 3) ; ([1, 2], 3) ; ([1, 2, 3, 4, 5], 5) ; ([1, 2, 3, 4], 5) ; ([-3, 0, -2], 2) ; ([4, 4], 0) ; ([], 1) ; ([7], 1)`)
	s.fn("signal", "$best", "finds the window with the largest sum", `
([1, 5, ${2..9}, 3, 4]) ; ([${1..20}, ${1..20}, 8, 4, 9], 2) ; ([2, 2, 2, 2], 2) ; ([1, 9, 1, 9], 1) ; ([-5, -2, -9], 1) ; ([-1, -1, -1], 2) ; ([4, 6], 2) ; ([4], 2) ; ([], 1) ; ([3, 1], -1) ; ([0, 0, 5, 0, 0], 3)`)
	s.fn("signal", "$peak", "finds the peaks of a series", `
([1, 5, 2, ${6..9}, 3]) ; ([0, ${1..9}, 0, ${1..9}, 0, 2, 1], 4) ; ([1, 2, 2, 1]) ; ([5, 4, 3]) ; ([1, 2, 3]) ; ([0, 4, 0], 4) ; ([0, 4, 0], 5) ; ([0, 1, 0]) ; ([3, 1, 3]) ; ([-3, -1, -2], -1) ; ([1, 2]) ; ([]) ; ([2, 1, 2, 0], 0)`)
	s.fn("signal", "$rise", "measures the longest climb", `
([1, 2, 3, 1, ${2..5}]) ; ([${1..9}, ${1..9}, 5, 6, 7, 8, 2]) ; ([3, 2, 1]) ; ([1, 1, 1]) ; ([1, 2, 2, 3]) ; ([2, 2, 3, 4, 1]) ; ([5]) ; ([]) ; ([1, 2]) ; ([2, 1]) ; ([-2, -1, 0, 0, 1]) ; ([4, 1, 2, 3])`)
}

func playlistOrder(s *sketch) {
	s.draw("pkg: playlist radio jukebox mixtape", "move: move_song shift_to put_at", "mix: interleave alternate blend", "dedup: without_repeats keep_last unique", "space: spread_out too_close repeats_near", "turn: rotate start_from skip_to", "top: next_up coming upcoming",
		"songs: songs queue tracks", "gap: 2 3", "n: 3 4", "at: index start at", "last?", "ratio: 2 1", "x: @letters", "y: @letters", "z: @letters")
	s.module("edit", `
def $turn($songs, steps=1):
    """Move that many songs from the front to the end; negative goes back."""
    if not $songs:
        return []
    cut = steps % len($songs)
    return $songs[cut:] + $songs[:cut]

def $dedup($songs):
    """Drop repeats; each song stays where it comes last."""  #?last
    """Drop repeats; each song stays where it comes first."""  #!last
    out = []
    for i, song in enumerate($songs):
        if song not in $songs[i + 1:]:  #?last
        if song not in $songs[:i]:  #!last
            out.append(song)
    return out
`)
	s.target("order", `
load("$pkg/edit.star", "$dedup", "$turn")

def $move($songs, source, dest):
    """Return the list with one song moved to a new index, kept in range."""
    if source < 0 or source >= len($songs):
        return $songs
    rest = $songs[:source] + $songs[source + 1:]
    dest = max(0, min(dest, len(rest)))
    return rest[:dest] + [$songs[source]] + rest[dest:]

def $mix(a, b, ratio=$ratio):
    """Take ratio songs of a, then one of b, until both are used up."""
    out, j = [], 0
    for i, song in enumerate(a):
        out.append(song)
        if (i + 1) % ratio == 0 and j < len(b):
            out.append(b[j])
            j += 1
    return out + b[j:]

def $space($songs, gap=$gap):
    """List where a song was already played within the last gap songs."""
    out = []
    for i in range(1, len($songs)):
        if any([$songs[i] == song for song in $songs[max(0, i - gap):i]]):
            out.append(i)
    return out

def $top($songs, $at, count=$n, loop=False):
    """List the different songs that follow an index, around the end if loop."""
    if $at < 0 or $at >= len($songs):
        return []
    rest = $songs[$at + 1:]
    if loop:
        rest = $turn($songs, $at + 1)[:-1]
    return $dedup(rest)[:count]
`)
	s.fn("order", "$move", "moves a song to another place", `
(["$x", "$y", "$z"], 0, ${1..2}) ; ([1, 2, 3, 4, 5], ${1..3}, ${0..4}) ; ([1, 2, 3], 2, 0) ; ([1, 2, 3], 0, 2) ; ([1, 2, 3], 1, 1) ; ([1, 2, 3], 0, 9) ; ([1, 2, 3], 2, -1) ; ([1, 2, 3], 3, 0) ; ([1, 2, 3], -1, 0) ; ([1], 0, 0) ; ([], 0, 0) ; ([1, 2], 1, 5)`)
	s.fn("order", "$mix", "mixes two lists of songs", `
(["$x", "$y", "$x", "$z"], ["q", "r"]) ; ([1, 2, 3, 4, 5], [${6..9}, 0], ${1..3}) ; ([1, 2], [3, 4], 1) ; ([1, 2, 3], [4], 2) ; ([1], [2, 3, 4], 1) ; ([1, 2, 3, 4], [5, 6], 3) ; ([1, 2, 3], [4, 5], 3) ; ([1, 2], [3], 3) ; ([], [1, 2]) ; ([1, 2], []) ; ([], [])`)
	s.fn("order", "$space", "finds songs that repeat too soon", `
(["$x", "$y", "$x", "$z", "$y"]) ; ([1, 2, 3, ${1..3}, 2, ${1..3}]) ; ([1, 1]) ; ([1, 1], 1) ; ([1, 2, 1], 1) ; ([1, 2, 1], 2) ; ([1, 2, 3, 1], 2) ; ([1, 2, 3, 1], 3) ; ([1, 2, 3, 4, 1], 3) ; ([1, 1, 1], 0) ; ([5]) ; ([])`)
	s.fn("order", "$top", "lists the songs that come next", `
(["$x", "$y", "$z", "$x", "$y", "q"], ${0..2}) ; ([1, 2, 3, 4, 5, 6], ${0..4}, 2, True) ; ([1, 2, 3, 4, 5, 6], 0) ; ([1, 2, 3], 1, 5, True) ; ([1, 2, 3], 2, 5, True) ; ([1, 2, 3], 2) ; ([1, 2, 2, 3], 0) ; ([1, 2, 3, 2], 0) ; ([1, 2, 3], 3) ; ([1, 2, 3], -1) ; ([1, 2, 3], 0, 0) ; ([1, 1], 0, 2, True) ; ([], 0)`)
	s.fn("edit", "$turn", "rotates a list of songs", `
(["$x", "$y", "$z"]) ; ([1, 2, 3, 4, 5], ${2..4}) ; ([1, 2, 3], 3) ; ([1, 2, 3], 4) ; ([1, 2, 3], -1) ; ([1, 2, 3], 0) ; ([1, 2], -3) ; ([1], 5) ; ([]) ; ([], 2) ; ([1, 2], 2)`)
	s.fn("edit", "$dedup", "drops songs listed more than once", `
(["$x", "$y", "$x", "$z"]) ; ([${1..3}, 2, ${1..3}, 3, 1]) ; ([1, 1, 2]) ; ([2, 1, 1]) ; ([1, 2, 1]) ; ([1, 2, 3]) ; ([4, 4, 4]) ; ([0]) ; ([]) ; (["$z", "$y", "$z", "$y"]) ; ([3, 1, 2, 3, 1])`)
}

func seededCup(s *sketch) {
	s.draw("pkg: cup knockout playoffs darts", "size: bracket_size field_size full_size", "slots: seed_order bracket_order slots", "pairs: first_round pair_up opening_pairs", "play: play_round winners_of advance", "champ: champion play_cup cup_winner", "meet: round_of_meeting meets_in can_meet",
		"names: names players field", "power: strength rating form", "edge: 0 1 3", "p1: @people", "p2: @people", "p3: @people", "p4: @people", "p5: @people")
	s.module("bracket", `
def $size(n):
    """Return the smallest power of two that is at least n."""
    size = 1
    for _ in range(n):
        if size >= n:
            break
        size *= 2
    return size

def $slots(size):
    """List the seeds in bracket order: 1 and 2 meet only in the final."""
    if size <= 1:
        return [1]
    out = []
    for seed in $slots(size // 2):
        out += [seed, size + 1 - seed]
    return out
`)
	s.target("cup", `
load("$pkg/bracket.star", "$size", "$slots")

def $pairs($names):
    """Pair names, best first, for the first round; None is a free pass."""
    size = $size(len($names))
    line = [$names[s - 1] if s <= len($names) else None for s in $slots(size)]
    return [(line[i], line[i + 1]) for i in range(0, size - 1, 2)]

def $play(pairs, $power, edge=$edge):
    """Return who wins each pair; the first named has an edge and wins ties."""
    out = []
    for a, b in pairs:
        if a == None or b == None:
            out.append(a or b)
        elif $power.get(a, 0) + edge >= $power.get(b, 0):
            out.append(a)
        else:
            out.append(b)
    return out

def $champ($names, $power):
    """Play all rounds; return (winner, number of rounds)."""
    pairs, left, rounds = $pairs($names), $names, 0
    for _ in $names:
        if not pairs:
            break
        left = $play(pairs, $power)
        rounds += 1
        pairs = [(left[i], left[i + 1]) for i in range(0, len(left) - 1, 2)]
    return (left[0] if left else None, rounds)

def $meet(a, b, size=8):
    """Return the round, from 1, in which two seeds can meet; 0 for never."""
    if max(a, b) > size or min(a, b) < 1:
        return 0
    i, j = $slots(size).index(a), $slots(size).index(b)
    for n in range(size):
        if i == j:
            return n
        i, j = i // 2, j // 2
    return 0
`)
	s.fn("cup", "$pairs", "pairs the players of the first round", `
(["$p1", "$p2", "$p3", "$p4"]) ; (["$p1", "$p2", "$p3"]) ; (["$p5", "$p1", "$p2", "$p3", "$p4"]) ; (["$p1", "$p2"]) ; ([1, 2, 3, 4, 5, 6, 7, 8]) ; ([1, 2, 3, 4, 5, 6, 7]) ; ([1, 2, 3, 4, 5, 6]) ; ([1, 2, 3, 4, 5, 6, 7, 8, 9]) ; (["$p1"]) ; ([]) ; (["$p4", "$p3", "$p2", "$p1"])`)
	s.fn("cup", "$play", "tells who wins each match of a round", `
([("$p1", "$p2"), ("$p3", "$p4")], {"$p1": 5, "$p2": ${3..9}, "$p3": 7, "$p4": ${5..12}}) ; ([("$p1", None), ("$p3", "$p2")], {"$p1": 1, "$p2": ${2..6}}) ; ([("$p1", "$p2")], {"$p1": 5, "$p2": 5}, 0) ; ([("$p1", "$p2")], {"$p1": 5, "$p2": 6}, 0) ; ([("$p1", "$p2")], {"$p1": 5, "$p2": 7}, 2)
([("$p1", "$p2")], {"$p1": 5, "$p2": 8}, 2) ; ([("$p1", "$p2")], {"$p2": 50}) ; ([("$p1", "$p2")], {}) ; ([(None, "$p4")], {}) ; ([], {"$p1": 1}) ; ([(None, None)], {}) ; ([("$p2", "$p1")], {"$p1": 10, "$p2": 10})`)
	s.fn("cup", "$champ", "plays the whole cup and names the winner", `
(["$p1", "$p2", "$p3", "$p4"], {"$p1": 5, "$p2": ${3..12}, "$p3": 4, "$p4": ${1..15}}) ; (["$p1", "$p2", "$p3"], {"$p3": ${5..30}, "$p2": 20}) ; (["$p1", "$p2", "$p3", "$p4", "$p5"], {"$p5": 90}) ; (["$p1", "$p2"], {}) ; (["$p1", "$p2"], {"$p2": 50})
(["$p1"], {}) ; ([], {}) ; (["$p1", "$p2", "$p3", "$p4"], {}) ; (["$p1", "$p2", "$p3", "$p4"], {"$p4": 50, "$p3": 60}) ; (["$p1", "$p2", "$p3", "$p4"], {"$p2": 50, "$p3": 50}) ; (["$p3", "$p2", "$p1"], {"$p1": 40})`)
	s.fn("cup", "$meet", "tells in which round two seeds can meet", `
(1, ${2..8}) ; (${1..4}, ${5..8}) ; (1, 2) ; (1, 8) ; (3, 4) ; (4, 5) ; (1, 4, 4) ; (1, 2, 2) ; (1, 9) ; (1, 9, 16) ; (0, 1) ; (8, 8) ; (2, 3, 4) ; (1, 3, 2) ; (1, 16, 16)`)
	s.fn("bracket", "$size", "finds how many places a bracket needs", `
(${5..7}) ; (${9..15}) ; (${17..31}) ; (4) ; (5) ; (8) ; (9) ; (3) ; (2) ; (1) ; (0) ; (16)`)
	s.targetOneOf("cup", "bracket")
}

func dayStreaks(s *sketch) {
	s.draw("pkg: habits gym piano reading", "cur: current_streak streak_now going", "best: best_streak longest record", "gap: longest_gap biggest_break worst_pause", "week: week_goal weeks_met good_weeks", "badge: badge award medal",
		"days: days visits done", "grace: 0 1", "goal: 3 4 2", "g: 30 28 25", "sv: 14 10", "b: 7 5", "today: today now")
	s.target("streaks", `
def runs($days, grace=$grace):
    """Group day numbers into (first, last) runs; grace missed days are forgiven."""
    out = []
    for day in sorted(set($days)):
        if out and day - out[-1][1] <= grace + 1:
            out[-1] = (out[-1][0], day)
        else:
            out.append((day, day))
    return out

def $cur($days, $today, grace=$grace):
    """Return the length of the run that reaches $today or yesterday."""
    past = runs([d for d in $days if d <= $today], grace)
    if not past or $today - past[-1][1] > 1:
        return 0
    return past[-1][1] - past[-1][0] + 1

def $best($days, grace=$grace):
    """Return the length of the longest run."""
    return max([last - first + 1 for first, last in runs($days, grace)] or [0])

def $gap($days):
    """Return the most days missed in a row between two visits."""
    gap, before = 0, None
    for day in sorted($days):
        if before != None:
            gap = max(gap, day - before - 1)
        before = day
    return gap
`)
	s.module("badges", `
load("$pkg/streaks.star", "$best")

def $badge($days):
    """Name the badge for the longest run: gold, silver, bronze or none."""
    length = $best($days, 0)
    for least, name in [($g, "gold"), ($sv, "silver"), ($b, "bronze")]:
        if length >= least:
            return name
    return "none"

def $week($days, goal=$goal):
    """List the weeks (day // 7) with at least goal different days."""
    seen = {}
    for day in set($days):
        seen[day // 7] = seen.get(day // 7, 0) + 1
    return sorted([w for w in seen if seen[w] >= goal])
`)
	s.fn("streaks", "$cur", "tells how long the running streak is", `
([1, 2, 3, ${5..7}], 8) ; ([${1..4}, 5, 6, 7], 7, 0) ; ([4, 5, 6], 7, 0) ; ([4, 5, 6], 8, 0) ; ([4, 5, 6], 6) ; ([4, 5, 6, 9], 6, 0) ; ([4, 6, 7], 7, 0) ; ([4, 6, 7], 7, 1) ; ([3, 6, 7], 7, 1) ; ([5, 5, 5], 5) ; ([9], 5) ; ([], 5) ; ([5], 5) ; ([0, 1], 2, 0)`)
	s.fn("streaks", "$best", "finds the longest streak ever", `
([1, 2, 3, 7, ${8..11}]) ; ([${1..5}, ${6..9}, 7, 20], 1) ; ([3, 2, 1], 0) ; ([1, 3, 5], 0) ; ([1, 3, 5], 1) ; ([1, 4], 1) ; ([1, 4], 2) ; ([2, 2, 2], 0) ; ([5]) ; ([]) ; ([10, 11, 1, 2, 3], 0)`)
	s.fn("streaks", "$gap", "finds the longest break", `
([1, 2, ${5..9}, 12]) ; ([${1..9}, ${10..19}, 20]) ; ([1, 2, 3]) ; ([1, 3]) ; ([9, 1]) ; ([4, 4]) ; ([5]) ; ([]) ; ([0, 10, 13]) ; ([1, 4, 5, 9, 12]) ; ([7, 8, 20])`)
	s.draw("seq = 1, 2, 3, 4, 5", "seqa = $seq, 6, 7, 8, 9, 10", "seqb = $seqa, 11, 12, 13, 14", "seqc = $seqb, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25")
	s.fn("badges", "$badge", "names the badge earned", `
([$seq, 6, 7, ${8..20}]) ; ([$seqa, ${20..30}]) ; ([$seqb]) ; ([$seqc]) ; ([$seqc, 26, 27, 28]) ; ([$seqc, 26, 27, 28, 29, 30]) ; ([$seqb, 0]) ; ([$seq]) ; ([$seq, 6]) ; ([1, 3, 5, 7, 9, 11, 13]) ; ([2, 3, 4, 5]) ; ([]) ; ([$seq, 6, 7])`)
	s.fn("badges", "$week", "lists the weeks in which the goal was met", `
([0, 1, 2, ${3..9}, 14]) ; ([7, ${8..13}, 9, 14, ${15..20}], 2) ; ([0, 3, 6], 3) ; ([1, 3, 7], 3) ; ([1, 1, 1], 3) ; ([6, 7], 1) ; ([13, 7, 0], 2) ; ([20, 21], 1) ; ([], 1) ; ([], 0) ; ([5, 6, 0, 1], 4) ; ([0, 2, 4, 6])`)
	s.targetOneOf("streaks", "badges")
}

func voteCount(s *sketch) {
	s.draw("pkg: election council ballot poll", "tally: first_choices count_votes tally", "lead: majority over_half clear_winner", "last: weakest fewest_votes loser", "run: runoff elect decide", "seats: share_seats allot give_seats",
		"share: 50 60 66", "p1: @people", "p2: @people", "p3: @people", "p4: @people", "name: name who person", "votes: votes counts totals", "quorum: 3 2 4")
	s.module("tally", `
def $tally(ballots, out=[]):
    """Count the first choice of each ballot, passing over names in out."""
    $votes = {}
    for ballot in ballots:
        left = [n for n in ballot if n not in out]
        if left:
            $votes[left[0]] = $votes.get(left[0], 0) + 1
    return $votes
`)
	s.target("result", `
load("$pkg/tally.star", "$tally")

def $lead($votes, share=$share):
    """Return the name with more than that percentage of $votes, or None."""
    total = 0
    for $name in $votes:
        total += $votes[$name]
    for $name in sorted($votes):
        if $votes[$name] * 100 > total * share:
            return $name
    return None

def $last($votes):
    """Return the name with fewest $votes; of equals, the last by alphabet."""
    worst = None
    for $name in sorted($votes):
        if worst == None or $votes[$name] <= $votes[worst]:
            worst = $name
    return worst

def $run(ballots, quorum=$quorum):
    """Drop the weakest until one has over half; None below the quorum."""
    if len(ballots) < quorum:
        return None
    out = []
    for _ in set([n for ballot in ballots for n in ballot]):
        $votes = $tally(ballots, out)
        if $lead($votes, 50) != None:
            return $lead($votes, 50)
        out.append($last($votes))
    return None

def $seats($votes, seats):
    """Give seats in turn to the largest share: $votes // (seats held + 1)."""
    held = {$name: 0 for $name in sorted($votes)}
    for _ in range(seats if held else 0):
        best = None
        for $name in held:
            part = $votes[$name] // (held[$name] + 1)
            if best == None or part > $votes[best] // (held[best] + 1):
                best = $name
        held[best] += 1
    return held
`)
	s.draw(`x = ["$p1", "$p2"]`, `y = ["$p2", "$p3"]`, `z = ["$p3", "$p1"]`)
	s.fn("result", "$lead", "names who has a clear majority", `
({"$p1": ${60..90}, "$p2": 20}) ; ({"$p1": ${30..70}, "$p2": 50, "$p3": 10}, 40) ; ({"$p1": 5, "$p2": 5}) ; ({"$p1": 5, "$p2": 5}, 50) ; ({"$p1": 5, "$p2": 5}, 49) ; ({"$p3": 6, "$p1": 5}, 50) ; ({"$p1": 2, "$p2": 1}) ; ({"$p1": $share, "$p2": ${share+0}}) ; ({"$p1": 7}) ; ({"$p1": 0}) ; ({}) ; ({"$p2": 60, "$p4": 40}, 60) ; ({"$p2": 61, "$p4": 39}, 60)`)
	s.fn("result", "$last", "names who has the fewest votes", `
({"$p1": ${6..9}, "$p2": ${2..7}, "$p3": 8}) ; ({"$p4": ${1..4}, "$p3": ${1..4}, "$p1": 3}) ; ({"$p1": 3, "$p2": 3}) ; ({"$p2": 3, "$p1": 3}) ; ({"$p1": 1, "$p2": 2}) ; ({"$p1": 2, "$p2": 1}) ; ({"$p3": 0}) ; ({}) ; ({"$p1": 0, "$p2": 0, "$p3": 1}) ; ({"$p1": 5, "$p2": 4, "$p3": 4, "$p4": 5}) ; ({"$p2": -1, "$p1": 0})`)
	s.fn("result", "$run", "elects somebody by dropping the weakest in turn", `
([$x, $x, $y, $z, $z]) ; ([$x, $y, $y, $z, $x]) ; ([$x, $x, $y], 3) ; ([$x, $y], 2) ; ([$x, $y, $z], 3) ; ([$x, $y, $z], 4) ; ([$x, $z], 3) ; ([["$p1"], ["$p2"], ["$p3"], ["$p3"]]) ; ([[], [], [], []]) ; ([["$p4"]], 1) ; ([], 0) ; ([]) ; ([["$p1"], ["$p2"], ["$p3", "$p2"], ["$p1"], ["$p2"]])`)
	s.fn("result", "$seats", "shares out seats by votes", `
({"$p1": ${50..90}, "$p2": 40, "$p3": 20}, 5) ; ({"$p1": 100, "$p2": ${30..99}}, ${2..6}) ; ({"$p1": 10, "$p2": 10}, 1) ; ({"$p2": 10, "$p1": 10}, 3) ; ({"$p1": 20, "$p2": 10}, 2) ; ({"$p1": 21, "$p2": 10}, 2) ; ({"$p1": 30, "$p2": 9}, 3) ; ({"$p1": 5}, 2) ; ({"$p1": 5, "$p2": 0}, 3) ; ({"$p1": 5, "$p2": 4}, 0) ; ({}, 3)`)
	s.fn("tally", "$tally", "counts the first choices on the ballots", `
([$x, $x, $y]) ; ([$x, $y, $z], ["$p1"]) ; ([$z, $z, $y], ["$p3"]) ; ([["$p4"], ["$p4"]], ["$p4"]) ; ([$x], ["$p2"]) ; ([$x], ["$p1", "$p2"]) ; ([[]]) ; ([]) ; ([$x, $y], ["$p1", "$p2"]) ; ([["$p1"], [], ["$p1"]]) ; ([["$p3", "$p2", "$p1"]], ["$p3", "$p2"])`)
}

func bowlingScore(s *sketch) {
	s.draw("pkg: bowling skittles alley lanes", "split: frames split_frames by_frame", "score: score game_score final_score", "best: best_frame top_frame high_frame", "winner: winner champion leader",
		"pins: 10 9", "rounds: 10 5", "rolls: rolls throws balls", "p1: @people", "p2: @people", "p3: @people")
	s.module("frames", `
PINS = $pins

def $split($rolls):
    """List the start of each frame; a strike takes one roll, others two."""
    starts, i = [], 0
    for _ in range($rounds):
        if i >= len($rolls):
            break
        starts.append(i)
        i += 1 if $rolls[i] == PINS else 2
    return starts
`)
	s.target("game", `
load("$pkg/frames.star", "$split", "PINS")

def frame_score($rolls, i):
    """Score the frame that starts at roll i, with bonus rolls."""
    first = $rolls[i]
    pair = first + ($rolls[i + 1] if i + 1 < len($rolls) else 0)
    if first == PINS or pair == PINS:
        extra = $rolls[i + 2] if i + 2 < len($rolls) else 0
        return pair + extra
    return pair

def $score($rolls):
    """Add up all frames of a game."""
    total = 0
    for i in $split($rolls):
        total += frame_score($rolls, i)
    return total

def $best($rolls):
    """Return the number, from 1, of the best frame; 0 before the first."""
    best, most = 0, -1
    for n, i in enumerate($split($rolls)):
        if frame_score($rolls, i) > most:
            best, most = n + 1, frame_score($rolls, i)
    return best

def $winner(games, handicap={}):
    """Name the player with most points plus handicap; None for a tie."""
    totals = {name: $score(games[name]) + handicap.get(name, 0) for name in games}
    order = sorted(totals, key=lambda name: totals[name], reverse=True)
    if not order or (len(order) > 1 and totals[order[0]] == totals[order[1]]):
        return None
    return order[0]
`)
	s.fn("game", "$score", "scores a game of rolls", `
([3, 4, ${1..4}, 5]) ; ([$pins, ${1..4}, ${1..4}, 2, 6]) ; ([${pins-4}, 4, 3, 0]) ; ([$pins, $pins, 3, 4]) ; ([0, $pins, 5, 1]) ; ([$pins]) ; ([$pins, 1]) ; ([${pins-1}, 1]) ; ([4]) ; ([]) ; ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]) ; ([$pins, $pins, $pins, $pins, $pins, $pins, $pins, $pins, $pins, $pins, $pins, $pins]) ; ([0, 0, 0, 0])`)
	s.fn("game", "$best", "tells which frame scored most", `
([3, 4, ${1..3}, 5]) ; ([1, 2, $pins, ${1..4}, 3]) ; ([2, 3, ${pins-3}, 3, 6, 1]) ; ([3, 3, 3, 3]) ; ([$pins, $pins, $pins, 1]) ; ([0, 0]) ; ([0, 0, 1, 0]) ; ([]) ; ([5]) ; ([4, 1, 4, 1, 4, 2]) ; ([5, 4, 1])`)
	s.fn("frames", "$split", "splits the rolls into frames", `
([3, 4, ${1..4}, 5]) ; ([$pins, 3, 4, $pins, 1]) ; ([0, $pins, 2]) ; ([${pins-1}, 1, 4]) ; ([$pins]) ; ([1]) ; ([]) ; ([$pins, $pins, $pins]) ; ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]) ; ([1, 2, 3, 4, 5]) ; ([$pins, $pins, $pins, $pins, $pins, $pins, $pins, $pins, $pins, $pins, $pins, $pins])`)
	s.fn("game", "$winner", "names the winner of a game", `
({"$p1": [3, 4], "$p2": [${4..5}, 4]}) ; ({"$p1": [$pins, 3, 2], "$p2": [5, ${1..3}, 6, 1], "$p3": [4, 4, 4, 4]}) ; ({"$p1": [3, 4], "$p2": [4, 3]}) ; ({"$p1": [3, 4], "$p2": [4, 3]}, {"$p2": 1}) ; ({"$p1": [3, 4], "$p2": [1, 1]}, {"$p2": 5}) ; ({"$p1": [3, 4], "$p2": [1, 1]}, {"$p2": 6})
({"$p1": [2, 2], "$p2": [2, 2], "$p3": [1, 0]}) ; ({"$p1": []}) ; ({}) ; ({"$p1": [], "$p2": [0]}) ; ({"$p3": [1], "$p1": [0], "$p2": [0]})`)
}

func cardDeal(s *sketch) {
	s.draw("pkg: cards deck dealer table", "deal: deal hand_out give_cards", "riffle: riffle weave_halves shuffle", "worth: hand_value worth count_hand", "beats: beats wins stronger",
		"size: 5 4 3", "limit: 21 17", "ace: 11 14", "face: 10 12", "deck: deck pile cards")
	s.module("values", `
FACES = {"J": $face, "Q": $face, "K": $face, "A": $ace}

def card_value(card):
    """Return what a card like "7" or "K" counts, 0 for a joker."""
    if card.isdigit():
        return int(card)
    return FACES.get(card, 0)
`)
	s.target("hands", `
load("$pkg/values.star", "card_value")

def $deal($deck, players, size=$size):
    """Deal one card at a time in turn; stop when the cards run out."""
    hands = [[] for _ in range(players)]
    if players < 1:
        return hands
    for i, card in enumerate($deck[:players * size]):
        hands[i % players].append(card)
    return hands

def $riffle($deck):
    """Cut in half and take from each in turn; the first half holds one more if odd."""
    half = (len($deck) + 1) // 2
    out = []
    for i in range(half):
        out.append($deck[i])
        if half + i < len($deck):
            out.append($deck[half + i])
    return out

def $worth(hand, limit=$limit):
    """Add up a hand; an ace drops to 1 while it is over the limit."""
    total, aces = 0, 0
    for card in hand:
        total += card_value(card)
        aces += 1 if card == "A" else 0
    for _ in range(aces):
        if total > limit:
            total -= $ace - 1
    return total

def $beats(a, b, limit=$limit):
    """Tell whether hand a wins: not over the limit, and more than b or b is over."""
    mine, other = $worth(a, limit), $worth(b, limit)
    if mine > limit:
        return False
    return other > limit or mine > other
`)
	s.fn("hands", "$deal", "deals cards to players in turn", `
([1, 2, 3, 4, 5, 6, 7, 8, 9], 2) ; (["A", "K", "7", "5"], 2, ${1..2}) ; ([1, 2, 3, 4, 5, 6], 3, ${1..3}) ; ([1, 2, 3], 2) ; ([1, 2, 3, 4, 5], 2, 2) ; ([1], 3) ; ([1, 2], 1) ; ([], 2) ; ([1, 2], 0) ; ([1, 2, 3], 3, 0) ; ([1, 2, 3, 4], 4, 1)`)
	s.fn("hands", "$riffle", "shuffles by weaving two halves", `
([1, 2, 3, ${4..9}]) ; (["A", "${2..9}", "K", "5", "J"]) ; ([1, 2, 3, 4, 5, 6]) ; ([1, 2, 3]) ; ([1, 2]) ; ([1]) ; ([]) ; ([0, 0, 1, 1]) ; ([5, 4, 3, 2, 1]) ; ([1, 1, 2, 2, 3, 3, 4]) ; ([9, 8])`)
	s.fn("hands", "$worth", "counts the value of a hand", `
(["7", "${2..9}"]) ; (["A", "${2..9}", "K"]) ; (["K", "Q", "5"]) ; (["A"]) ; (["A", "A"]) ; (["A", "A", "9"]) ; (["A", "K"], 21) ; (["A", "10"], 20) ; (["A", "2"], 13) ; (["A", "2"], 12) ; ([]) ; (["?"]) ; (["?", "3"]) ; (["A", "A", "A"], 5)`)
	s.fn("hands", "$beats", "tells whether one hand beats another", `
(["9", "${2..9}"], ["8", "5"]) ; (["7", "4"], ["6", "${2..9}"]) ; (["5"], ["5"]) ; (["6"], ["5"]) ; (["K", "9", "8"], ["2"]) ; (["2"], ["K", "9", "8"]) ; (["K", "9", "8"], ["K", "9", "7"]) ; ([], []) ; (["10"], ["9"], 10) ; (["10"], ["11"], 10) ; (["11"], ["10"], 10) ; (["3"], [])`)
	s.fn("values", "card_value", "tells what one card counts", `
("${2..9}") ; ("K") ; ("10") ; ("A") ; ("J") ; ("Q") ; ("1") ; ("0") ; ("?") ; ("") ; ("k")`)
}
