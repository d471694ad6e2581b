package program

// collections lists the templates about lists and dicts of things.
func collections() []Template {
	return []Template{
		sketched("score_board", "collections", scoreBoard),
		sketched("grouped_rows", "collections", groupedRows),
		sketched("sorted_lookup", "collections", sortedLookup),
		sketched("page_slices", "collections", pageSlices),
		sketched("nested_paths", "collections", nestedPaths),
		sketched("stock_orders", "collections", stockOrders),
		sketched("list_changes", "collections", listChanges),
		sketched("recent_cache", "collections", recentCache),
	}
}

func scoreBoard(s *sketch) {
	s.draw("pkg: arcade league scoreboard quiznight", "board: board standings table_of", "places: places rank_all give_places", "top: top leaders podium",
		"behind: behind points_behind distance_to_lead", "medals: medals prizes awards", "scores: scores points results", "least: 0 1 -5", "n: 3 2", "a: @people", "b: @people", "c: @people", "d: @people", "e: @people", "dense?")
	s.target("ranking", `
"""Who stands where in a contest."""

def $board($scores, least=$least):
    """(name, score) pairs from the best down, names in order where scores are equal."""
    rows = [(name, n) for name, n in $scores.items() if n >= least]
    return sorted(rows, key=lambda row: (-row[1], row[0]))

def $places($scores):
    """The place of each name; equal scores share one and the next ones are skipped."""  #!dense
    """The place of each name; equal scores share one and none is skipped."""  #?dense
    out = {}
    place = 0  #?dense
    last = None
    for i, (name, score) in enumerate($board($scores)):
        if score != last:
            place = i + 1  #!dense
            place += 1  #?dense
            last = score
        out[name] = place
    return out

def $top($scores, n=$n):
    """The names in the first n places, however many they are."""
    return [name for name, place in $places($scores).items() if place <= n]

def $behind($scores, name):
    """How many points a name lacks to lead alone; 0 for who does."""
    others = [n for other, n in $scores.items() if other != name]
    if not others or name not in $scores:
        return 0
    return max(max(others) - $scores[name] + 1, 0)
`)
	s.module("ceremony", `
load("$pkg/ranking.star", "$board", "$places")

COLOURS = ["gold", "silver", "bronze"]

def $medals($scores):
    """Names with their medals, best first."""
    ranks = $places($scores)
    return [(n, COLOURS[ranks[n] - 1]) for n, _ in $board($scores) if ranks[n] <= len(COLOURS)]
`)
	s.fn("ranking", "$board", "lists the players from the best down", calls(`
		{"$a": ${10..99}, "$b": ${10..99}, "$c": ${10..99}} ; {"$a": 5, "$b": 8, "$c": 5}
		{"$d": 7, "$c": 7, "$b": 7, "$a": 7} ; {"$a": 3, "$b": 9}, 4 ; {"$a": 4, "$b": 9}, 4 ; {"$a": 0, "$b": -1, "$c": 1}
		{"$a": -5, "$b": -6, "$c": 0, "$d": -4} ; {"$a": 2, "$b": 30, "$c": 4}, -9 ; {"$a": 1}, 2 ; {"$b": 10} ; {}
	`))
	s.fn("ranking", "$places", "gives every player a place", calls(`
		{"$a": ${10..99}, "$b": ${10..99}, "$c": ${10..99}} ; {"$a": 9, "$b": 9, "$c": 4}
		{"$a": 9, "$b": 9, "$c": 4, "$d": 4, "$e": 1} ; {"$a": 1, "$b": 2, "$c": 3, "$d": 4} ; {"$a": 6, "$b": 6, "$c": 6}
		{"$a": 8, "$b": 7, "$c": 7, "$d": 6} ; {"$a": 0, "$b": 3} ; {"$a": -1, "$b": 3, "$c": -9} ; {"$a": 1, "$b": 1}
		{"$c": 5} ; {}
	`))
	s.fn("ranking", "$top", "names the players in the first places", calls(`
		{"$a": 10, "$b": 40, "$c": 20, "$d": 30} ; {"$a": 10, "$b": 40, "$c": 20, "$d": 30}, 1
		{"$a": 5, "$b": 5, "$c": 4, "$d": 3}, 2 ; {"$a": 5, "$b": 4, "$c": 3, "$d": 2, "$e": 1}
		{"$a": 5, "$b": 4, "$c": 4, "$d": 3}, 2 ; {"$a": 5, "$b": 4, "$c": 4, "$d": 3}, 3
		{"$a": 9, "$b": 8, "$c": 8, "$d": 8, "$e": 7} ; {"$a": 1, "$b": 1}, 1 ; {"$a": ${2..9}, "$b": ${10..20}}, 1
		{"$a": 5, "$b": 4, "$c": 3, "$d": 2, "$e": 1}, 4 ; {"$a": 5}, 0 ; {"$a": 5}, 9 ; {}
	`))
	s.fn("ranking", "$behind", "tells how many points a player needs to lead", calls(`
		{"$a": 10, "$b": 40}, "$a" ; {"$a": 10, "$b": 40}, "$b" ; {"$a": 40, "$b": 40}, "$a" ; {"$a": 39, "$b": 40}, "$a"
		{"$a": 41, "$b": 40}, "$a" ; {"$a": ${1..9}, "$b": ${10..19}, "$c": ${20..29}}, "$b"
		{"$a": 3, "$b": 9, "$c": 12, "$d": 7}, "$d" ; {"$a": -4, "$b": -2}, "$a" ; {"$a": 6}, "$a" ; {"$a": 6}, "$b"
		{"$a": 0, "$b": 0}, "$b" ; {}, "$a"
	`))
	s.fn("ceremony", "$medals", "hands out medals to the best players", calls(`
		{"$a": 10, "$b": 40, "$c": 20, "$d": 30} ; {"$a": 5, "$b": 5, "$c": 4} ; {"$a": 9, "$b": 8, "$c": 8, "$d": 7}
		{"$a": 9, "$b": 9, "$c": 8, "$d": 7} ; {"$a": 9, "$b": 9, "$c": 9, "$d": 7}
		{"$a": 1, "$b": 2, "$c": 3, "$d": 4, "$e": 5} ; {"$a": ${10..99}, "$b": ${10..99}} ; {"$a": 2, "$b": -7, "$c": 0}
		{"$a": 2, "$b": 2} ; {"$a": 0} ; {}
	`))
}

func groupedRows(s *sketch) {
	s.draw("pkg: expenses harvest surveys", "group: group group_by split_by", "totals: totals totals_by sums_by", "biggest: biggest leader largest_group", "shares: shares percents parts_of_all",
		"report: report top_lines summary", "field: n amount hours", "key: who team place", "other: none unknown rest", "out: out groups table", "a: @people", "b: @people", "c: @people", "w: @tags", "v: @tags")
	s.target("groups", `
"""Rows, which are dicts, in groups."""

def $group(rows, key="$key"):
    """The rows for each value of key; rows without one are under "$other"."""
    $out = {}
    for row in rows:
        $out.setdefault(row.get(key) or "$other", []).append(row)
    return $out

def $totals(rows, key="$key", field="$field"):
    """The sum of a field in each group; a missing field counts as 0."""
    $out = {}
    for name, members in $group(rows, key).items():
        total = 0
        for row in members:
            total += row.get(field, 0)
        $out[name] = total
    return $out

def $biggest(rows, key="$key", field="$field"):
    """The group with the largest sum, the first by name of several."""
    best = None
    sums = $totals(rows, key, field)
    for name in sorted(sums):
        if best == None or sums[name] > sums[best]:
            best = name
    return best

def $shares(rows, key="$key", field="$field"):
    """Whole percents of the sum of all groups, rounded down."""
    sums = $totals(rows, key, field)
    whole = 0
    for n in sums.values():
        whole += n
    if whole <= 0:
        return {}
    return {name: n * 100 // whole for name, n in sums.items()}
`)
	s.module("summary", `
load("$pkg/groups.star", "$biggest", "$shares")

def $report(rows, least=${5..15}):
    """The biggest group and those with at least so many percent."""
    parts = $shares(rows)
    return ($biggest(rows), sorted([name for name, p in parts.items() if p >= least]))
`)
	s.set("ra", s.fill(`{"$key": "$a", "$field": ${2..9}}`))
	s.set("rb", s.fill(`{"$key": "$b", "$field": ${10..40}}`))
	s.set("rc", s.fill(`{"$key": "$c", "$field": ${2..40}}`))
	s.set("na", s.fill(`{"$field": ${2..9}}`))
	s.set("za", s.fill(`{"$key": "$a", "$field": 0}`))
	s.set("mb", s.fill(`{"$key": "$b"}`))
	s.fn("groups", "$group", "sorts rows into groups", calls(`
		[$ra, $rb] ; [$ra, $rb, $ra] ; [$na, $mb] ; [{"tag": "$w", "$key": "$a"}, {"tag": "$v", "$key": "$a"}]
		[{"tag": "$w"}, {"tag": "$v"}, {"tag": "$w"}], "tag" ; [$ra, $za], "$field" ; [{"$key": ""}, {"$key": "$a"}]
		[$rc, $rb], "missing" ; [{"k": 1}, {"k": 2}, {"k": 1}], "k" ; [{}] ; []
	`))
	s.fn("groups", "$totals", "adds up a field for each group", calls(`
		[$ra, $rb, $ra] ; [$ra, $rb, $rc, $rb] ; [$ra, $mb] ; [$na, $na, $ra]
		[{"tag": "$w", "$field": 3}, {"tag": "$v", "$field": 4}, {"tag": "$w", "$field": 5}], "tag"
		[{"$key": "$a", "x": 1}, {"$key": "$a", "x": 7}], "$key", "x" ; [{"$key": "$a", "$field": -3}, $ra] ; [$za] ; [$mb]
		[{}], "tag", "x" ; []
	`))
	s.fn("groups", "$biggest", "finds the group with the largest sum", calls(`
		[$ra, $rb] ; [$ra, $rb, $rc] ; [$ra, $ra, $ra, $ra, $ra, $rc]
		[{"$key": "$b", "$field": 4}, {"$key": "$a", "$field": 4}]
		[{"$key": "$b", "$field": 2}, {"$key": "$a", "$field": 3}, {"$key": "$b", "$field": 2}]
		[{"$key": "$a", "$field": -5}, {"$key": "$b", "$field": -2}] ; [$za, $mb] ; [$na]
		[{"tag": "$w", "x": 1}, {"tag": "$v", "x": 2}], "tag", "x" ; [{"tag": "$w"}, {"tag": "$v"}], "tag"
		[$mb, {"$key": "$a", "$field": -1}] ; []
	`))
	s.fn("groups", "$shares", "works out each group's share in percent", calls(`
		[$ra, $rb] ; [$ra, $rb, $rc] ; [{"$key": "$a", "$field": 1}, {"$key": "$b", "$field": 2}]
		[{"$key": "$a", "$field": 1}, {"$key": "$b", "$field": 1}] ; [$rc] ; [$rc, $mb] ; [{"$key": "$a", "$field": 1}]
		[{"$key": "$a", "$field": 3}, {"$key": "$b", "$field": -3}]
		[{"$key": "$a", "$field": 3}, {"$key": "$b", "$field": -2}]
		[{"tag": "$w", "x": 30}, {"tag": "$v", "x": 70}], "tag", "x" ; [$za] ; []
	`))
	s.fn("summary", "$report", "names the biggest group and the ones that matter", calls(`
		[$ra, $rb] ; [$rb, $rb, $rb, $ra] ; [$ra, $rb, $rc] ; [$na, $rc]
		[{"$key": "$a", "$field": 15}, {"$key": "$b", "$field": 85}]
		[{"$key": "$a", "$field": 5}, {"$key": "$b", "$field": 95}], 5
		[{"$key": "$a", "$field": 4}, {"$key": "$b", "$field": 96}], 5
		[{"$key": "$a", "$field": 50}, {"$key": "$b", "$field": 50}], 50 ; [$ra], 100 ; [$za, $mb] ; []
	`))
}

func sortedLookup(s *sketch) {
	s.draw("pkg: lookup ordered shelves", "find: find_place lower_bound place_of", "insert: insert put_in insert_sorted", "count: count_between how_many within", "nearest: nearest closest best_match",
		"grade: bracket_for band tier_of", "items: items values numbers", "x: x wanted target", "low: low left start", "high: high right stop", "tie: lower upper", "twice?")
	s.set("cmp", map[string]string{"lower": "<=", "upper": "<"}[s.value("tie")])
	s.target("search", `
"""Searching in sorted lists."""

def $find($items, $x, $low=0):
    """The first place at or after $low whose value is not below $x."""
    $high = len($items)
    for _ in $items:
        if $low >= $high:
            break
        middle = ($low + $high) // 2
        if $items[middle] < $x:
            $low = middle + 1
        else:
            $high = middle
    return $low

def $insert($items, $x):
    """A sorted list with $x added."""  #?twice
    """A sorted list with $x added unless it is there."""  #!twice
    at = $find($items, $x)
    if at < len($items) and $items[at] == $x:  #!twice
        return $items  #!twice
    return $items[:at] + [$x] + $items[at:]

def $count($items, least, most):
    """How many whole numbers lie from least to most, both included."""
    if least > most:
        return 0
    return $find($items, most + 1) - $find($items, least)

def $nearest($items, $x):
    """The value nearest to $x, the $tie of two; None in an empty list."""
    at = $find($items, $x)
    if at == len($items):
        return $items[-1] if $items else None
    if at > 0 and $x - $items[at - 1] $cmp $items[at] - $x:
        return $items[at - 1]
    return $items[at]
`)
	s.module("bands", `
load("$pkg/search.star", "$find")

LIMITS = [10, ${15..25}, 40, ${60..80}]

def $grade(value, limits=LIMITS):
    """Which band a value falls in: band 0 ends below the first limit."""
    return $find(limits, value + 1)
`)
	s.fn("search", "$find", "finds the place of a value in a sorted list", calls(`
		[2, 4, 6, 8], 6 ; [2, 4, 6, 8], ${1..9} ; [1, 3, 3, 3, 9], 3 ; [1, 3, 3, 3, 9], 4 ; [5, 10, 15, 20, 25, 30], ${6..29}
		[2, 4, 6, 8], 1 ; [2, 4, 6, 8], 9 ; [2, 4, 6, 8], 2, 1 ; [2, 4, 6, 8], 7, 3 ; [2, 4, 6, 8], 5, 4
		[1, 2, 3, 4, 5, 6, 7], 1 ; [1, 2, 3, 4, 5, 6, 7], 7 ; ["ant", "bee", "cow"], "bat" ; [7], 7 ; [7], 8 ; [], 3
	`))
	s.fn("search", "$insert", "puts a value into a sorted list", calls(`
		[2, 4, 8], 6 ; [1, 5, 9, 12], ${2..11} ; [10, 20, 30], ${21..29} ; [2, 4, 8], 1 ; [2, 4, 8], 9 ; [2, 4, 8], 4
		[2, 4, 8], 8 ; [2, 2], 2 ; ["a", "c"], "b" ; [-3, 0], -1 ; [5], 5 ; [], 1
	`))
	s.fn("search", "$count", "counts the values between two limits", calls(`
		[1, 3, 5, 7, 9], 3, 7 ; [1, 3, 5, 7, 9], 2, 8 ; [1, 3, 5, 7, 9], ${0..4}, ${5..10} ; [2, 2, 2, 4], 2, 2
		[2, 2, 2, 4], 3, 3 ; [1, 2, 3], 4, 9 ; [1, 2, 3], -5, 0 ; [1, 2, 3], -5, 1 ; [1, 2, 3], 3, 1 ; [1, 2, 3], 3, 3
		[6], 0, 99 ; [], 0, 9
	`))
	s.fn("search", "$nearest", "finds the value that is nearest", calls(`
		[10, 20, 30], ${11..29} ; [1, 4, 9, 16], 6 ; [1, 4, 9, 16], 7 ; [10, 20, 30], 15 ; [10, 20, 30], 24 ; [10, 20, 30], 26
		[10, 20, 30], 20 ; [10, 20, 30], 3 ; [10, 20, 30], 99 ; [2, 6, 6], 4 ; [-4, 4], 0 ; [5], 8 ; [], 8
	`))
	s.fn("bands", "$grade", "tells which band a value belongs to", calls(`
		${11..39} ; 9 ; 10 ; 11 ; 40 ; ${41..99} ; 5, [5, 6, 7] ; 6, [5, 6, 7] ; 8, [5, 6, 7] ; 4, [5, 6, 7] ; 3, [3, 3] ; 0
		-1 ; 1, []
	`))
}

func pageSlices(s *sketch) {
	s.draw("pkg: paging listing results browse", "count: page_count pages_for how_many_pages", "page: page page_items slice_of", "links: links page_links navigation", "caption: caption describe showing",
		"where: page_of locate find_page", "number: number page_no at", "size = ${3..6}", "around: 1 2", "gap: None 0", "total: total length amount", "w: @goods", "v: @goods", "u: @goods", "clamp?")
	s.target("pages", `
"""Long lists, a page at a time; pages count from 1."""

def $count($total, size=$size):
    """How many pages so many things fill; there is always one."""
    return max(($total + size - 1) // size, 1)

def $page(items, $number, size=$size):
    """The things on a page; past the end it is the last page."""  #?clamp
    """The things on a page, none past the end."""  #!clamp
    if $number < 1:
        $number = 1
    $number = min($number, $count(len(items), size))  #?clamp
    start = ($number - 1) * size
    return items[start:start + size]

def $where(items, item, size=$size):
    """The page that shows an item first, 0 for none."""
    for i, other in enumerate(items):
        if other == item:
            return i // size + 1
    return 0

def $links($number, last, around=$around):
    """Pages to offer: both ends and those around $number, $gap for what is left out."""
    shown = []
    for n in range(1, last + 1):
        if n == 1 or n == last or abs(n - $number) <= around:
            shown.append(n)
        elif shown[-1] != $gap:
            shown.append($gap)
    return shown
`)
	s.module("footer", `
load("$pkg/pages.star", "$count", "$page")

def $caption(items, $number=1, size=$size):
    """A line such as "4-6 of 8, page 2 of 3"."""
    last = $count(len(items), size)
    $number = min($number, last)  #?clamp
    shown = len($page(items, $number, size))
    if shown == 0:
        return "nothing here"
    first = ($number - 1) * size + 1
    return "%d-%d of %d, page %d of %d" % (first, first + shown - 1, len(items), $number, last)
`)
	s.fn("pages", "$count", "counts the pages that a list needs", calls(`
		${20..60} ; ${7..19}, 4 ; 10, 5 ; 11, 5 ; 9, 5 ; 1, 5 ; 5, 5 ; $size ; ${size+1} ; ${size*2} ; 6, 1 ; 0 ; 0, 7
	`))
	s.fn("pages", "$page", "picks the items that belong on a page", calls(`
		["$w", "$v", "$u", "d", "e", "f", "g"], 1 ; ["$w", "$v", "$u", "d", "e", "f", "g"], 2
		["$w", "$v", "$u", "d", "e"], 2, 2 ; [1, 2, 3, 4, 5, 6], 2, 3 ; [1, 2, 3, 4, 5, 6, 7, 8, 9], $size
		[1, 2, 3, 4, 5, 6, 7, 8, 9], ${size+1} ; [1, 2, 3, 4, 5, 6], 3, 3 ; [1, 2, 3, 4, 5, 6, 7], 3, 3 ; [1, 2, 3, 4], 9, 3
		[1, 2, 3, 4], 0, 3 ; [1, 2, 3, 4], -2, 3 ; [1, 2, 3], 2, 1 ; [1, 2], 1, 5 ; [1, 2], 2, 5 ; [], 1 ; [], 3
	`))
	s.fn("pages", "$where", "finds the page that an item is on", calls(`
		["$w", "$v", "$u", "d", "e", "f", "g"], "$u" ; ["$w", "$v", "$u", "d", "e", "f", "g"], "g"
		["$w", "$v", "$u", "$w"], "$w", 2 ; ["$w", "$v", "$u", "$w"], "$u", 2 ; ["$w", "$v", "$u", "$w"], "$v", 2
		[1, 2, 3, 4, 5, 6], 3, 3 ; [1, 2, 3, 4, 5, 6], 4, 3 ; [1, 2, 3, 4, 5, 6], 6, 1 ; [1, 2, 3], 1 ; [1, 2, 3], 9
		[3, 3, 3], 3, 1 ; [], 1
	`))
	s.fn("pages", "$links", "chooses the page numbers to show", calls(`
		5, 9 ; ${4..7}, ${10..14} ; 1, 9 ; 9, 9 ; 3, 6, 1 ; 4, 7, 1 ; 2, 8, 0 ; 3, 5 ; 4, 12, 3 ; 1, 2 ; 1, 1 ; 5, 3 ; 1, 0
	`))
	s.fn("footer", "$caption", "describes which part of a list is shown", calls(`
		["$w", "$v", "$u", "d", "e", "f", "g"] ; ["$w", "$v", "$u", "d", "e", "f", "g"], 2 ; ["$w", "$v", "$u"], 2, 2
		[1, 2, 3, 4, 5, 6], 2, 3 ; [1, 2, 3, 4, 5, 6, 7], 3, 3 ; [1, 2, 3, 4, 5, 6, 7], 1, 7 ; [1, 2, 3], 3, 1 ; ["$v"]
		[1, 2, 3, 4], 9, 3 ; [1, 2, 3, 4, 5], 1, 2 ; [] ; [], 2
	`))
}
