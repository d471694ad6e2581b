package program

// graphs lists the templates about things and the links between them.
func graphs() []Template {
	return []Template{
		sketched("hop_distance", "graphs", hopDistance),
		sketched("build_order", "graphs", buildOrder),
		sketched("family_tree", "graphs", familyTree),
		sketched("cheapest_route", "graphs", cheapestRoute),
		sketched("friend_circles", "graphs", friendCircles),
		sketched("parts_list", "graphs", partsList),
	}
}

func hopDistance(s *sketch) {
	s.draw("pkg: metro network ferries", "near: neighbours next_stops linked", "hops: hops stops_to distances", "within: within reach nearby", "far: farthest most_remote end_of_line",
		"apart: apart steps_between how_far", "edges: edges lines links", "start: start origin home", "ring: ring front frontier", "seen: seen known dist", "limit: 2 1 3", "both?")
	s.target("hops", `
"""Steps between places joined by (from, to) pairs."""

def $near($edges, place):
    """The places one step from a place, in order."""
    out = []
    for a, b in $edges:
        if a == place and b not in out:
            out.append(b)
        elif b == place and a not in out:  #?both
            out.append(a)  #?both
    return sorted(out)

def $hops($edges, $start):
    """The number of steps from $start to each place it leads to."""
    $seen = {$start: 0}
    $ring = [$start]
    for step in range(1, len($edges) + 1):
        found = []
        for place in $ring:
            for other in $near($edges, place):
                if other not in $seen:
                    $seen[other] = step
                    found.append(other)
        $ring = found
    return $seen

def $within($edges, $start, limit=$limit):
    """The other places at most limit steps away, nearest first."""
    steps = $hops($edges, $start)
    names = [p for p in steps if steps[p] <= limit and p != $start]
    return sorted(names, key=lambda p: (steps[p], p))
`)
	s.module("trips", `
load("$pkg/hops.star", "$hops")

def $apart($edges, a, b):
    """Steps from a to b, -1 without a way."""
    return $hops($edges, a).get(b, -1)

def $far($edges, $start):
    """The place with the most steps from $start and their number."""
    steps = $hops($edges, $start)
    place = max(sorted(steps), key=lambda p: steps[p])
    return place, steps[place]
`)
	s.draw("a: @places", "b: @places", "c: @places", "d: @places", "e: @places")
	s.set("row", s.fill(`[("$a", "$b"), ("$b", "$c"), ("$c", "$d")]`))
	s.set("loop", s.fill(`[("$a", "$b"), ("$b", "$c"), ("$c", "$a"), ("$c", "$d"), ("$d", "$e")]`))
	s.set("star", s.fill(`[("$c", "$a"), ("$c", "$b"), ("$d", "$c"), ("$e", "$d")]`))
	s.set("two", s.fill(`[("$a", "$b"), ("$d", "$e")]`))
	s.fn("hops", "$near", "lists the places one step away", calls(`
		$row, "$b" ; $loop, "$c" ; $loop, "$a" ; $star, "$c" ; $star, "$d" ; $row, "$a" ; $row, "$d" ; $two, "$e" ; $two, "$c"
		[("$a", "$b"), ("$a", "$b")], "$a" ; [("$a", "$b"), ("$b", "$a")], "$b" ; [("$a", "$a")], "$a" ; [], "$a"
	`))
	s.fn("hops", "$hops", "counts the steps from one place to the others", calls(`
		$row, "$a" ; $row, "$c" ; $loop, "$a" ; $loop, "$d" ; $star, "$e" ; $star, "$a" ; $two, "$a" ; $two, "$d"
		$row, "nowhere" ; [("$a", "$b"), ("$b", "$d"), ("$a", "$c"), ("$c", "$d")], "$a" ; [("$a", "$a")], "$a"
		[("$a", "$b")], "$b" ; [], "$a"
	`))
	s.fn("hops", "$within", "lists the places within a few steps", calls(`
		$row, "$a" ; $loop, "$b" ; $loop, "$a", 1 ; $loop, "$a", 3 ; $star, "$e", 2 ; $star, "$c", 1 ; $row, "$a", 0
		$row, "$b", 9 ; $two, "$a" ; [("$a", "$d"), ("$a", "$c"), ("$a", "$b")], "$a", 1
		[("$a", "$b"), ("$b", "$c"), ("$c", "$d"), ("$d", "$e")], "$a" ; [("$a", "$a")], "$a" ; [], "$a" ; $row, "$d", -1
	`))
	s.fn("trips", "$apart", "tells how many steps two places are apart", calls(`
		$row, "$a", "$d" ; $row, "$d", "$a" ; $loop, "$a", "$e" ; $loop, "$e", "$a" ; $star, "$e", "$b" ; $star, "$a", "$b"
		$two, "$a", "$e" ; $two, "$d", "$e" ; $row, "$b", "$b" ; $row, "x", "x" ; [], "$a", "$b" ; [("$a", "$b")], "$b", "$a"
	`))
	s.fn("trips", "$far", "finds the place that is farthest away", calls(`
		$row, "$a" ; $row, "$b" ; $row, "$d" ; $loop, "$a" ; $loop, "$c" ; $loop, "$e" ; $star, "$e" ; $star, "$c"
		$two, "$b" ; [("$a", "$c"), ("$a", "$b")], "$a" ; [], "$a" ; $row, "x"
	`))
}

func buildOrder(s *sketch) {
	s.draw("pkg: builds chores recipes", "ready: ready can_start unblocked", "order: order plan sequence", "stuck: stuck blocked never_ready", "waves: waves rounds batches",
		"finish: finish earliest_end done_at", "late: late too_late overdue", "needs: needs deps requires", "done: done finished built", "minutes = ${2..5}", "rev?")
	s.target("order", `
"""In which order to do jobs; needs maps a job to the jobs before it."""

def $ready($needs, $done):
    """The jobs not yet $done that wait for nothing, in order."""
    out = []
    for job in $needs:
        if job in $done:
            continue
        if all([n in $done for n in $needs[job]]):
            out.append(job)
    return sorted(out, reverse=True)  #?rev
    return sorted(out)  #!rev

def $order($needs):
    """The jobs one after another, as far as they can be done."""
    $done = []
    for _ in $needs:
        jobs = $ready($needs, $done)
        if jobs:
            $done.append(jobs[0])
    return $done

def $stuck($needs):
    """The jobs that can never start: in a circle or behind a missing job."""
    $done = $order($needs)
    return sorted([job for job in $needs if job not in $done])

def $finish($needs, minutes, usual=$minutes, pause=0):
    """When each job is over if all start as soon as they can, with a pause after each need."""
    ends = {}
    for job in $order($needs):
        start = 0
        for n in $needs[job]:
            start = max(start, ends[n] + pause)
        ends[job] = start + minutes.get(job, usual)
    return ends

def $late($needs, minutes, limit):
    """The jobs that end after limit, the last to end first."""
    ends = $finish($needs, minutes)
    return sorted([job for job in ends if ends[job] > limit], key=lambda job: (-ends[job], job))
`)
	s.module("teams", `
load("$pkg/order.star", "$ready")

def $waves($needs, width=9):
    """Rounds of at most width jobs that can be done side by side."""
    $done = []
    out = []
    for _ in $needs:
        jobs = $ready($needs, $done)[:width]
        if jobs:
            out.append(jobs)
            $done.extend(jobs)
    return out
`)
	s.draw("a: @goods", "b: @goods", "c: @goods", "d: @goods")
	s.set("x", s.fill("${2..5}"))
	s.set("y", s.fill("${6..9}"))
	s.set("chain", s.fill(`{"$c": ["$b"], "$b": ["$a"], "$a": []}`))
	s.set("fork", s.fill(`{"$d": ["$b", "$c"], "$b": ["$a"], "$c": ["$a"], "$a": []}`))
	s.set("ring", s.fill(`{"$a": ["$b"], "$b": ["$a"], "$c": [], "$d": ["$c", "$a"]}`))
	s.set("free", s.fill(`{"$a": [], "$b": [], "$c": [], "$d": ["$c"]}`))
	s.fn("order", "$ready", "lists the jobs that can start now", calls(`
		$chain, [] ; $chain, ["$a"] ; $chain, ["$a", "$b"] ; $fork, ["$a"] ; $fork, ["$a", "$b"] ; $fork, ["$a", "$b", "$c"]
		$ring, [] ; $ring, ["$c"] ; $ring, ["$c", "$b"] ; $free, [] ; $free, ["$b", "$c"] ; $chain, ["$a", "$b", "$c"]
		{"$a": ["x"]}, ["x"] ; {"$a": ["x"]}, [] ; {}, []
	`))
	s.fn("order", "$order", "plans jobs in an order that respects their needs", calls(`
		$chain ; $fork ; $free ; $ring ; {"$b": ["$a"], "$a": []} ; {"$b": ["$a", "$d"], "$a": [], "$d": ["$a"]}
		{"$a": ["$a"]} ; {"$a": ["x"], "$b": []} ; {"$c": ["$b"], "$b": []}
		{"$a": ["$b"], "$b": ["$c"], "$c": ["$d"], "$d": []} ; {"$d": []} ; {}
	`))
	s.fn("order", "$stuck", "lists the jobs that can never be done", calls(`
		$ring ; $chain ; $fork ; {"$a": ["$a"]} ; {"$a": ["x"], "$b": []} ; {"$a": ["x"], "$b": ["$a"]}
		{"$b": ["$a"], "$a": ["$b"]} ; {"$c": ["$a"], "$a": ["$b"], "$b": ["$a"]} ; {"$a": []}
		{"$a": [], "$b": ["$b"], "$c": ["$a"]} ; {}
	`))
	s.fn("order", "$finish", "works out when each job is over", calls(`
		$chain, {"$a": $x, "$b": $y} ; $fork, {"$a": $x, "$b": $y, "$c": 1, "$d": 2} ; $fork, {"$c": 20}
		$free, {"$a": $x, "$c": $y} ; $ring, {"$c": $y} ; $chain, {} ; $chain, {}, 10 ; $chain, {"$a": $x, "$b": $y}, 3, 2
		$fork, {}, ${2..5}, 1 ; $fork, {"$d": $x}, 0, 4 ; $fork, {"$a": 0, "$b": 5, "$c": 5}, 1 ; $free, {"$d": $x}, 7
		{"$a": []}, {} ; {"$a": ["x"]}, {} ; {}, {"$a": 4}
	`))
	s.fn("order", "$late", "lists the jobs that end too late", calls(`
		$chain, {}, 5 ; $chain, {"$a": $x, "$b": $y}, $x ; $chain, {"$a": $x, "$b": $y}, ${x-1}
		$fork, {"$a": 1, "$b": 2, "$c": 2, "$d": 1}, 2 ; $fork, {"$a": 1, "$b": 5, "$c": 2, "$d": 1}, 0
		$free, {"$a": $x, "$b": $y, "$c": $x}, 0 ; $free, {}, $minutes ; $free, {}, ${minutes-1} ; $ring, {}, 0
		$fork, {}, 999 ; {"$a": []}, {"$a": 0}, 0 ; {"$a": []}, {"$a": 0}, -1 ; {}, {}, 0
	`))
	s.fn("teams", "$waves", "groups jobs into rounds", calls(`
		$chain ; $fork ; $free ; $ring ; $free, 1 ; $free, 2 ; $fork, 1 ; $free, 3 ; {"$a": ["$a"]} ; {"$b": []}
		{"$a": ["x"], "$c": [], "$b": ["$c"]} ; {} ; $free, 0
	`))
}

func familyTree(s *sketch) {
	s.draw("pkg: ancestry orgchart folders", "chain: chain line_up path_up", "depth: depth level generation", "common: common_top shared meeting_point", "below: below descendants everyone_under",
		"apart: apart relation distance", "parents: parents above boss_of", "name: name person who", "out: out found path", "deep: 2 3")
	s.target("tree", `
"""A tree given by who stands above whom."""

def $chain($parents, $name):
    """A $name, the one above it and so on to the top."""
    $out = [$name]
    for _ in $parents:
        if $out[-1] not in $parents:
            break
        $out.append($parents[$out[-1]])
    return $out

def $depth($parents, $name):
    """How many stand above a $name; 0 at the top."""
    return len($chain($parents, $name)) - 1

def $common($parents, a, b):
    """The lowest one that is a, b or above both; None if there is none."""
    others = $chain($parents, b)
    for n in $chain($parents, a):
        if n in others:
            return n
    return None

def $below($parents, top, levels=$deep):
    """All under top, at most so many levels down, the highest first."""
    $out = []
    for n in sorted($parents):
        line = $chain($parents, n)
        if top in line[1:levels + 1]:
            $out.append(n)
    return sorted($out, key=lambda n: ($depth($parents, n), n))
`)
	s.module("relations", `
load("$pkg/tree.star", "$chain", "$common")

def $apart($parents, a, b):
    """Steps up from a and then down to b; -1 for strangers."""
    top = $common($parents, a, b)
    if top == None:
        return -1
    return $chain($parents, a).index(top) + $chain($parents, b).index(top)
`)
	s.draw("a: @people", "b: @people", "c: @people", "d: @people", "e: @people", "f: @people")
	s.set("t", s.fill(`{"$b": "$a", "$c": "$a", "$d": "$b", "$e": "$d"}`))
	s.set("u", s.fill(`{"$b": "$a", "$d": "$c", "$e": "$c", "$f": "$e"}`))
	s.set("v", s.fill(`{"$f": "$e", "$e": "$d", "$d": "$c", "$c": "$b", "$b": "$a"}`))
	s.fn("tree", "$chain", "lists who stands above somebody up to the top", calls(`
		$t, "$d" ; $t, "$e" ; $t, "$c" ; $t, "$a" ; $u, "$f" ; $u, "$b" ; $v, "$f" ; $v, "$c" ; $t, "nobody"
		{"$b": "$a"}, "$b" ; {"$b": "$a"}, "$a" ; {}, "$a"
	`))
	s.fn("tree", "$depth", "tells how many levels somebody is from the top", calls(`
		$t, "$d" ; $t, "$e" ; $t, "$c" ; $t, "$a" ; $u, "$f" ; $u, "$d" ; $v, "$f" ; $v, "$e" ; $t, "nobody"
		{"$b": "$a"}, "$b" ; {}, "$a"
	`))
	s.fn("tree", "$common", "finds the nearest one above two others", calls(`
		$t, "$d", "$c" ; $t, "$e", "$b" ; $t, "$b", "$e" ; $u, "$d", "$f" ; $u, "$b", "$f" ; $v, "$c", "$f" ; $t, "$d", "$d"
		$t, "$a", "$c" ; $t, "$c", "$a" ; $t, "nobody", "$a" ; $u, "$e", "$d" ; {}, "$a", "$a" ; {}, "$a", "$b"
	`))
	s.fn("tree", "$below", "lists everybody under somebody", calls(`
		$t, "$a" ; $t, "$b" ; $v, "$b" ; $v, "$c" ; $t, "$a", 1 ; $t, "$a", 2 ; $u, "$c" ; $u, "$c", 1 ; $v, "$b", 3
		$v, "$a" ; $v, "$f" ; $v, "$e" ; $t, "nobody" ; $t, "$a", 0 ; {}, "$a"
	`))
	s.fn("relations", "$apart", "counts the steps between two relatives", calls(`
		$t, "$d", "$c" ; $t, "$c", "$e" ; $t, "$e", "$a" ; $t, "$a", "$e" ; $u, "$d", "$f" ; $u, "$b", "$f" ; $v, "$f", "$a"
		$v, "$c", "$d" ; $t, "$b", "$b" ; $t, "nobody", "$a" ; {"$b": "$a"}, "$b", "$a" ; {}, "$a", "$a"
	`))
}

func cheapestRoute(s *sketch) {
	s.draw("pkg: routes shipping roadmap", "costs: costs cheapest_to prices_from", "total: total route_cost path_cost", "reach: reach affordable within_budget", "widen: detour extra_cost surcharge",
		"roads: roads links legs", "start: start source home", "best: best known cost_to", "a: @places", "b: @places", "c: @places", "d: @places", "e: @places", "twoway?")
	s.target("routes", `
"""Cheapest ways along roads, which are (from, to, cost)."""

def $costs($roads, $start):
    """The lowest cost from $start to each place it leads to."""
    $best = {$start: 0}
    for _ in $roads:
        for a, b, cost in $roads:
            if a in $best and (b not in $best or $best[a] + cost < $best[b]):
                $best[b] = $best[a] + cost
            if b in $best and (a not in $best or $best[b] + cost < $best[a]):  #?twoway
                $best[a] = $best[b] + cost  #?twoway
    return $best

def $total($roads, places):
    """The cost of going from place to place; None if a road is missing."""
    cost = 0
    for here, there in zip(places, places[1:]):
        fares = [c for a, b, c in $roads if (a, b) == (here, there)]  #!twoway
        fares = [c for a, b, c in $roads if (a, b) in [(here, there), (there, here)]]  #?twoway
        if not fares:
            return None
        cost += min(fares)
    return cost

def $reach($roads, $start, budget):
    """The places that cost at most budget to get to, cheapest first."""
    $best = $costs($roads, $start)
    names = [p for p in $best if $best[p] <= budget and p != $start]
    return sorted(names, key=lambda p: ($best[p], p))
`)
	s.module("offers", `
load("$pkg/routes.star", "$costs", "$total")

def $widen($roads, start, via, goal):
    """How much more the way over via costs than the cheapest; None without a way."""
    first, second = $costs($roads, start), $costs($roads, via)
    if via not in first or goal not in second:
        return None
    return first[via] + second[goal] - first[goal]

def honest($roads, places):
    """Whether a way is as cheap as any between its ends."""
    if not places:
        return True
    return $total($roads, places) == $costs($roads, places[0]).get(places[-1])
`)
	s.set("m", s.fill(`[("$a", "$b", ${2..5}), ("$b", "$c", ${2..5}), ("$a", "$c", ${11..20})]`))
	s.set("n", s.fill(`[("$a", "$b", ${6..9}), ("$a", "$c", 2), ("$c", "$b", 3), ("$b", "$d", ${1..9})]`))
	s.set("o", s.fill(`[("$d", "$e", 4), ("$c", "$d", 3), ("$b", "$c", 2), ("$a", "$b", 1)]`))
	s.set("r", s.fill(`[("$a", "$b", 2), ("$b", "$d", 3), ("$a", "$c", ${4..6}), ("$c", "$d", ${5..9}), ("$d", "$e", 1)]`))
	s.set("q", s.fill(`[("$a", "$b", 7), ("$a", "$b", 4), ("$c", "$d", 1)]`))
	s.fn("routes", "$costs", "works out the lowest cost to every place", calls(`
		$m, "$a" ; $n, "$a" ; $o, "$a" ; $o, "$c" ; $q, "$a" ; $q, "$b" ; $n, "$c" ; $n, "$d" ; $m, "$c"
		[("$a", "$b", 0)], "$a" ; $m, "nowhere" ; [], "$a"
	`))
	s.fn("routes", "$total", "adds up the cost of a way", calls(`
		$m, ["$a", "$b", "$c"] ; $m, ["$a", "$c"] ; $n, ["$a", "$c", "$b", "$d"] ; $n, ["$a", "$b", "$d"]
		$o, ["$a", "$b", "$c", "$d", "$e"] ; $q, ["$a", "$b"] ; $q, ["$b", "$a"] ; $q, ["$a", "$c"] ; $q, ["$a", "$b", "$d"]
		$m, ["$a"] ; $m, ["$c", "$b"] ; [], ["$a", "$b"] ; $m, []
	`))
	s.fn("routes", "$reach", "lists the places that a budget can pay for", calls(`
		$m, "$a", 5 ; $m, "$a", 20 ; $n, "$a", 2 ; $n, "$a", 5 ; $n, "$a", 4 ; $o, "$a", 6 ; $o, "$a", 5 ; $o, "$b", 9
		$q, "$a", 4 ; $q, "$a", 3 ; $q, "$c", 0 ; [("$a", "$c", 1), ("$a", "$b", 1)], "$a", 1 ; $o, "$e", 9 ; [], "$a", 5
	`))
	s.fn("offers", "$widen", "tells what a detour costs", calls(`
		$r, "$a", "$c", "$d" ; $r, "$a", "$c", "$e" ; $r, "$b", "$c", "$d" ; $r, "$a", "$b", "$e" ; $r, "$a", "$e", "$d"
		$m, "$a", "$b", "$c" ; $m, "$a", "$c", "$c" ; $n, "$a", "$b", "$d" ; $n, "$a", "$c", "$b" ; $n, "$a", "$c", "$d"
		$o, "$a", "$c", "$e" ; $o, "$a", "$e", "$b" ; $q, "$a", "$c", "$d" ; $q, "$c", "$a", "$b" ; $m, "$a", "$a", "$b"
		$m, "$a", "$b", "$a" ; [], "$a", "$a", "$a" ; [], "$a", "$b", "$a"
	`))
	s.fn("offers", "honest", "checks whether a way is the cheapest one", calls(`
		$m, ["$a", "$b", "$c"] ; $m, ["$a", "$c"] ; $n, ["$a", "$c", "$b"] ; $n, ["$a", "$b"] ; $n, ["$a", "$b", "$d"]
		$q, ["$a", "$b"] ; $q, ["$b", "$a"] ; $q, ["$a", "$d"] ; $m, ["$b"] ; [], [] ; [], ["$a", "$b"]
	`))
}

func friendCircles(s *sketch) {
	s.draw("pkg: friends guests contacts", "circles: circles groups clusters", "friends: friends_of friends known_to", "mutual: mutual in_common shared_friends", "suggest: suggest may_know recommend", "popular: popular best_known hub",
		"pairs: pairs links ties", "name: name person who", "circle: circle group members", "least: 1 2", "a: @people", "b: @people", "c: @people", "d: @people", "e: @people", "f: @people", "big?")
	s.target("circles", `
"""Who knows whom, from pairs of names."""

def $friends($pairs, $name):
    """The friends of a $name, each once, in order."""
    out = []
    for a, b in $pairs:
        other = b if a == $name else a
        if $name in (a, b) and other != $name and other not in out:
            out.append(other)
    return sorted(out)

def $mutual($pairs, x, y):
    """The friends that x and y have in common."""
    return [n for n in $friends($pairs, x) if n in $friends($pairs, y)]

def $suggest($pairs, $name, least=$least):
    """Friends of friends with at least so many friends in common, most first."""
    known = $friends($pairs, $name) + [$name]
    found = {}
    for friend in $friends($pairs, $name):
        for other in $friends($pairs, friend):
            if other not in known:
                found[other] = found.get(other, 0) + 1
    names = [n for n in found if found[n] >= least]
    return sorted(names, key=lambda n: (-found[n], n))

def $circles($pairs):
    """Groups of people linked in any way, in order of their first names."""  #!big
    """Groups of people linked in any way, the largest first."""  #?big
    out = []
    for a, b in $pairs:
        joined = [a, b]
        for $circle in out:
            if a in $circle or b in $circle:
                joined.extend([n for n in $circle if n not in joined])
        out = [c for c in out if c[0] not in joined] + [joined]
    return sorted([sorted(set(c)) for c in out])  #!big
    return sorted([sorted(set(c)) for c in out], key=lambda c: (-len(c), c))  #?big
`)
	s.module("party", `
load("$pkg/circles.star", "$circles", "$friends")

def $popular($pairs):
    """The name with the most friends, the first of several, None without pairs."""
    names = sorted({n: True for pair in $pairs for n in pair})
    return max(names, key=lambda n: len($friends($pairs, n))) if names else None

def tables($pairs, seats=${3..5}):
    """How many tables seat all circles, each circle apart."""
    return sum_of([(len(c) + seats - 1) // seats for c in $circles($pairs)])

def sum_of(numbers):
    """The total of a list."""
    total = 0
    for n in numbers:
        total += n
    return total
`)
	s.set("p", s.fill(`[("$a", "$b"), ("$b", "$c"), ("$d", "$e")]`))
	s.set("q", s.fill(`[("$a", "$b"), ("$c", "$d"), ("$b", "$c"), ("$a", "$d")]`))
	s.set("w", s.fill(`[("$a", "$b"), ("$a", "$c"), ("$a", "$d"), ("$e", "$f"), ("$d", "$e"), ("$b", "$e")]`))
	s.set("x", s.fill(`[("$b", "$a"), ("$a", "$b"), ("$c", "$c")]`))
	s.fn("circles", "$friends", "lists the friends of a person", calls(`
		$p, "$b" ; $p, "$d" ; $q, "$a" ; $q, "$c" ; $w, "$a" ; $w, "$e" ; $w, "$f" ; $x, "$a" ; $x, "$c" ; $p, "nobody"
		[("$c", "$a"), ("$b", "$c")], "$c" ; [], "$a"
	`))
	s.fn("circles", "$mutual", "lists the friends that two people share", calls(`
		$p, "$a", "$c" ; $q, "$a", "$c" ; $q, "$b", "$d" ; $q, "$a", "$b" ; $w, "$b", "$d" ; $w, "$a", "$e" ; $w, "$c", "$f"
		$p, "$a", "$e" ; $p, "$b", "$b" ; $x, "$a", "$a" ; $w, "$f", "$b" ; [], "$a", "$b"
	`))
	s.fn("circles", "$suggest", "suggests people that somebody may know", calls(`
		$p, "$a" ; $q, "$a" ; $q, "$b" ; $w, "$b" ; $w, "$e" ; $w, "$f" ; $q, "$b", 2 ; $w, "$a" ; $w, "$b", 1 ; $w, "$b", 2
		$w, "$c", 1 ; $w, "$e", 2 ; $w, "$f", 1 ; $w, "$a", 3 ; $p, "$e" ; $x, "$a", 1 ; $p, "nobody" ; [], "$a"
	`))
	s.fn("circles", "$circles", "sorts people into circles of friends", calls(`
		$p ; $q ; $w ; $x ; [("$a", "$b")] ; [("$d", "$c"), ("$b", "$a")]
		[("$a", "$b"), ("$c", "$d"), ("$e", "$f"), ("$b", "$e")] ; [("$a", "$b"), ("$c", "$d"), ("$b", "$d")]
		[("$b", "$c"), ("$a", "$c"), ("$d", "$e"), ("$e", "$f"), ("$f", "$c")] ; [("$a", "$a"), ("$b", "$c")] ; []
	`))
	s.fn("party", "$popular", "finds the person with the most friends", calls(`
		$p ; $q ; $w ; $x ; [("$a", "$b")] ; [("$b", "$a"), ("$b", "$a"), ("$a", "$c")] ; [("$d", "$c"), ("$c", "$e")]
		[("$f", "$f")] ; [("$c", "$d"), ("$a", "$b")] ; [("$d", "$b"), ("$d", "$a")] ; []
	`))
	s.fn("party", "tables", "counts the tables that circles of guests need", calls(`
		$p ; $q ; $w ; $w, 2 ; $w, 6 ; $w, 5 ; $p, 1 ; $p, 2 ; $p, 3 ; $q, 4 ; [("$a", "$b"), ("$c", "$d")], 4
		[("$a", "$a")] ; []
	`))
}

func partsList(s *sketch) {
	s.draw("pkg: workshop factory kits", "cost: cost price_of worth", "count: count pieces how_many", "raw: raw shopping_list leaves", "levels: levels depth tallness", "quote: quote offer ask",
		"parts: parts recipe made_of", "thing: thing item name", "usual: 1 2 3", "labour = ${1..3}", "markup = ${10..40}", "paid?")
	s.target("parts", `
"""Things made of parts: parts maps a thing to (part, count) pairs."""

def $cost($parts, prices, $thing):
    """What a thing costs: its own price, or its parts and $labour for each kind."""  #?paid
    """What a thing costs: its own price, or the sum of its parts."""  #!paid
    if $thing not in $parts:
        return prices.get($thing, $usual)
    total = 0
    for part, n in $parts[$thing]:
        total += n * $cost($parts, prices, part)
        total += $labour  #?paid
    return total

def $count($parts, $thing, piece):
    """How many of a piece go into one thing, on all levels."""
    if $thing == piece:
        return 1
    total = 0
    for part, n in $parts.get($thing, []):
        total += n * $count($parts, part, piece)
    return total

def $raw($parts, $thing, n=1):
    """How many of each bought piece n things take."""
    if $thing not in $parts:
        return {$thing: n}
    out = {}
    for part, each in $parts[$thing]:
        for piece, m in $raw($parts, part, n * each).items():
            out[piece] = out.get(piece, 0) + m
    return out

def $levels($parts, $thing):
    """How many steps of assembly a thing takes; 0 if it is bought."""
    below = [$levels($parts, part) for part, _ in $parts.get($thing, [])]
    return max(below) + 1 if below else 0
`)
	s.module("sales", `
load("$pkg/parts.star", "$cost")

def $quote($parts, prices, $thing, n=1):
    """The price for n things with $markup percent on top, rounded up."""
    return ($cost($parts, prices, $thing) * n * ${markup+100} + 99) // 100
`)
	s.draw("a: @goods", "b: @goods", "c: @goods", "d: @goods", "e: @goods")
	s.set("k", s.fill(`{"$a": [("$b", ${2..4}), ("$c", 1)]}`))
	s.set("m", s.fill(`{"$a": [("$b", 2), ("$c", ${3..5})], "$b": [("$c", ${2..6}), ("$d", 1)]}`))
	s.set("o", s.fill(`{"$a": [("$b", 2)], "$b": [("$c", 3)], "$c": [("$d", ${2..5}), ("$e", 1)]}`))
	s.set("z", s.fill(`{"$a": [], "$b": [("$c", 0), ("$d", 2)]}`))
	s.set("prices", s.fill(`{"$b": ${5..9}, "$c": ${10..20}, "$d": ${2..9}}`))
	s.fn("parts", "$cost", "works out what a thing costs to make", calls(`
		$k, $prices, "$a" ; $m, $prices, "$a" ; $m, $prices, "$b" ; $o, $prices, "$a" ; $o, $prices, "$c" ; $m, $prices, "$d"
		$k, {}, "$a" ; $k, {"$a": 5}, "$a" ; $k, {"$b": 0, "$c": 7}, "$a" ; $z, $prices, "$a" ; $z, $prices, "$b"
		{}, $prices, "$c" ; {}, {}, "$c"
	`))
	s.fn("parts", "$count", "counts how many of a piece a thing contains", calls(`
		$k, "$a", "$b" ; $k, "$a", "$c" ; $m, "$a", "$c" ; $m, "$a", "$d" ; $m, "$b", "$c" ; $o, "$a", "$d" ; $o, "$a", "$c"
		$o, "$b", "$e" ; $m, "$a", "$e" ; $m, "$c", "$a" ; $k, "$a", "$a" ; $z, "$b", "$c" ; {}, "$a", "$b" ; {}, "$a", "$a"
	`))
	s.fn("parts", "$raw", "lists the pieces to buy for some things", calls(`
		$k, "$a" ; $k, "$a", ${2..5} ; $m, "$a" ; $m, "$b", 3 ; $o, "$a" ; $o, "$b", 2 ; $o, "$c" ; $m, "$d" ; $m, "$d", 4
		$z, "$b" ; $z, "$a" ; $k, "$a", 0 ; {}, "$a"
	`))
	s.fn("parts", "$levels", "counts the steps of assembly of a thing", calls(`
		$k, "$a" ; $m, "$a" ; $m, "$b" ; $m, "$c" ; $o, "$a" ; $o, "$b" ; $o, "$e" ; $z, "$a" ; $z, "$b"
		{"$a": [("$b", 1), ("$c", 1)], "$c": [("$d", 1)]}, "$a" ; {"$a": [("$c", 1), ("$b", 1)], "$c": [("$d", 1)]}, "$a"
		{}, "$a"
	`))
	s.fn("sales", "$quote", "quotes a price for some things", calls(`
		$k, $prices, "$a" ; $k, $prices, "$a", ${2..9} ; $m, $prices, "$a" ; $o, $prices, "$a", 2 ; $m, $prices, "$d", 10
		$m, {}, "$c" ; $m, {}, "$c", 100 ; $k, {}, "$a", 3 ; $z, {}, "$a", 5 ; $k, $prices, "$a", 0 ; {}, {"$a": 100}, "$a"
		{}, {"$a": 99}, "$a"
	`))
}
