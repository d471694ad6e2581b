package program

// Templates about collections that change.

func nestedPaths(s *sketch) {
	s.draw("pkg: nested treedata documents", "get: get dig value_at", "flatten: flatten flat to_paths", "put: put with_value set_at", "changed: changed differences diff_paths", "here: here node current",
		"sep: .|/|:", "empty: {} None", "w: @tags", "v: @tags", "u: @tags", "a: @people", "b: @people", "lists?")
	s.target("paths", `
"""Values deep inside dicts, named by paths such as a${sep}b."""

def $get(data, path, default=None):
    """The value at a path, or default where the path leads nowhere."""
    $here = data
    for part in path.split("$sep"):
        if type($here) == "dict" and part in $here:
            $here = $here[part]
        elif type($here) == "list" and part.isdigit() and int(part) < len($here):
            $here = $here[int(part)]
        else:
            return default
    return $here

def $flatten(data, prefix=""):
    """A dict from each path to its value; an empty dict stays a value."""
    if type(data) == "list" and data:  #?lists
        data = {str(i): value for i, value in enumerate(data)}  #?lists
    if type(data) != "dict" or not data:
        return {prefix: data}
    out = {}
    for key, value in data.items():
        path = prefix + "$sep" + key if prefix else key
        out.update($flatten(value, path))
    return out

def $put(data, path, value):
    """A copy of data with value at a path; None takes the key away."""
    head, sep, rest = path.partition("$sep")
    out = dict(data)
    if sep:
        child = out.get(head)
        out[head] = $put(child if type(child) == "dict" else {}, rest, value)
    elif value == None:
        out.pop(head, None)
    else:
        out[head] = value
    return out
`)
	s.module("compare", `
load("$pkg/paths.star", "$flatten", "$get")

def $changed(old, new):
    """The paths whose values differ, in order."""
    paths = list($flatten(old)) + [p for p in $flatten(new) if $get(old, p) == None]
    return sorted([p for p in paths if $get(old, p) != $get(new, p)])
`)
	s.fn("paths", "$get", "finds a value deep inside nested data", calls(`
		{"$w": {"$v": ${2..99}}}, "$w${sep}$v" ; {"$w": {"$v": {"$u": "$a"}}}, "$w${sep}$v${sep}$u" ; {"$w": {"$v": 1}}, "$w"
		{"$w": {"$v": 1}}, "$w${sep}$u" ; {"$w": {"$v": 1}}, "$u", "none" ; {"$w": ["$a", "$b"]}, "$w${sep}1"
		{"$w": ["$a", "$b"]}, "$w${sep}0" ; {"$w": ["$a", "$b"]}, "$w${sep}2", "none"
		{"$w": [{"x": 1}, {"x": 2}]}, "$w${sep}1${sep}x" ; {"$w": 3}, "$w${sep}x", 0 ; {"$w": None}, "$w", 5
		{"$w": ["$a"]}, "$w${sep}-1", 7 ; {"$w": {"0": 4}}, "$w${sep}0" ; {}, "a" ; {"": 1}, ""
	`))
	s.fn("paths", "$flatten", "lists every value of nested data by its path", calls(`
		{"$w": {"$v": ${2..99}}, "$u": 1} ; {"$w": {"$v": {"$u": "$a"}, "x": 0}} ; {"$w": {}, "$v": 1} ; {"$w": [1, 2]}
		{"$w": [{"x": 1}, {"y": []}]} ; {"$w": {"$v": {"$u": {}}}} ; {"a": None} ; {"a": ""} ; {"a": 1}, "top" ; 7, "x"
		[], "x" ; {}
	`))
	s.fn("paths", "$put", "sets a value deep inside nested data", calls(`
		{"$w": {"$v": 1}}, "$w${sep}$v", ${2..99} ; {"$w": {"$v": 1}}, "$w${sep}$u", "$a" ; {}, "$w${sep}$v${sep}$u", "$b"
		{"$w": 5}, "$w${sep}$v", 6 ; {"$w": {"$v": 1, "$u": 2}}, "$w${sep}$v", None ; {"$w": 5}, "$w", None
		{"$w": 5}, "$v", None ; {"$w": 5}, "$v", 0 ; {"$w": {"$v": 1}}, "$w", 3 ; {"$w": {"$v": 1}}, "$w${sep}$v${sep}x", 3
		{}, "a", 1 ; {}, "a${sep}b", None ; {}, "a${sep}", 1
	`))
	s.fn("compare", "$changed", "lists the paths where two documents differ", calls(`
		{"$w": 1, "$v": 2}, {"$w": 1, "$v": 3} ; {"$w": {"$v": 1}}, {"$w": {"$v": ${2..9}}} ; {"$w": 1}, {"$w": 1, "$v": "$a"}
		{"$w": 1, "$v": 2}, {"$w": 1} ; {"$w": {"$v": 1, "$u": 2}}, {"$w": {"$u": 2, "$v": 1}} ; {"$w": {"$v": 1}}, {"$w": 1}
		{"$w": 1}, {"$w": {"$v": 1}} ; {"$w": [1, 2]}, {"$w": [1, 3]} ; {"$w": []}, {"$w": {}}
		{"b": 1, "a": 1}, {"b": 2, "a": 2} ; {"a": None}, {} ; {}, {}
	`))
}

func stockOrders(s *sketch) {
	s.draw("pkg: pantry warehouse depot", "add: add receive put_away", "take: take fulfil pick_order", "low: low running_low to_reorder", "fill: top_up order_list shopping", "day: run_day process work_through",
		"stock: stock shelf have", "order: order wanted request", "least = ${3..6}", "pack = ${4..6}", "w: @goods", "v: @goods", "u: @goods", "partial?")
	s.target("stock", `
"""How many of each thing there are."""

def $add($stock, delivery):
    """The counts after a delivery; what is not a positive number is ignored."""
    out = dict($stock)
    for name, n in delivery.items():
        if n > 0:
            out[name] = out.get(name, 0) + n
    return out

def $take($stock, $order):
    """What is left after an order, and what was missing."""
    left = dict($stock)
    missing = {}
    for name, n in $order.items():
        have = left.get(name, 0)
        if n > have:
            missing[name] = n - have
            n = have  #?partial
            n = 0  #!partial
        if n == have:
            left.pop(name, None)
        else:
            left[name] = have - n
    return left, missing

def $low($stock, least=$least):
    """Names with fewer than least, the scarcest first."""
    names = [name for name, n in $stock.items() if n < least]
    return sorted(names, key=lambda name: ($stock[name], name))

def $fill($stock, least=$least, pack=$pack):
    """How many packs to buy of each thing to reach least again."""
    return {name: (least - $stock[name] + pack - 1) // pack for name in $low($stock, least)}
`)
	s.module("ledger", `
load("$pkg/stock.star", "$add", "$take")

def $day($stock, events):
    """The counts after deliveries ("in", counts) and orders ("out", counts)."""
    for kind, counts in events:
        if kind == "in":
            $stock = $add($stock, counts)
        else:
            $stock, _ = $take($stock, counts)
    return $stock
`)
	s.fn("stock", "$add", "books a delivery into the stock", calls(`
		{"$w": ${2..9}, "$v": 1}, {"$w": ${2..9}} ; {"$w": 2}, {"$v": ${2..9}, "$w": 1} ; {}, {"$u": 4} ; {"$w": 2}, {}
		{"$w": 2}, {"$w": 0, "$v": 1} ; {"$w": 2}, {"$v": 0} ; {"$w": 2}, {"$w": -1} ; {"$w": 2}, {"$v": -3, "$u": 1}
		{"$w": 0}, {"$w": 1} ; {"$w": 5, "$v": 5, "$u": 5}, {"$u": 1, "$v": 2, "$w": 3} ; {}, {}
	`))
	s.fn("stock", "$take", "takes an order out of the stock", calls(`
		{"$w": 9, "$v": 4}, {"$w": ${2..8}} ; {"$w": 9, "$v": 4}, {"$w": 3, "$v": 1} ; {"$w": 9, "$v": 4}, {"$v": 4}
		{"$w": 3}, {"$w": ${4..9}} ; {"$w": 3}, {"$w": 4} ; {"$w": 3}, {"$u": 2} ; {"$w": 3, "$v": 1}, {"$v": 2, "$w": 3}
		{"$w": 3}, {"$w": 0} ; {"$w": 3}, {"$u": 0} ; {"$w": 3}, {} ; {}, {"$w": 1} ; {}, {}
	`))
	s.fn("stock", "$low", "lists the things that are running low", calls(`
		{"$w": 1, "$v": 20, "$u": 0} ; {"$w": ${1..9}, "$v": ${1..9}, "$u": ${1..9}} ; {"$w": 2, "$v": 1, "$u": 0}, 2
		{"$w": 1, "$v": 1, "$u": 1} ; {"$w": $least, "$v": ${least-1}} ; {"$w": ${least+1}, "$v": ${least-2}}
		{"$w": 3, "$v": 2}, 3 ; {"$w": 5, "$v": 2}, 6 ; {"$w": 9} ; {"$w": -1, "$v": 0}, 1 ; {"$w": 0}, 0 ; {}
	`))
	s.fn("stock", "$fill", "works out how many packs to buy", calls(`
		{"$w": 1, "$v": 20} ; {"$w": 1, "$v": 20, "$u": 5}, 12, 5 ; {"$w": 0, "$v": 1, "$u": 2}
		{"$w": -4, "$v": -3, "$u": -2} ; {"$w": $least, "$v": ${least-1}} ; {"$w": 3}, ${10..20}, 4 ; {"$w": 2}, 8, 3
		{"$w": 2}, 8, 2 ; {"$w": 2}, 9, 3 ; {"$w": 7}, 8, 12 ; {"$w": 8}, 8, 4 ; {"$w": 0}, 8, 1 ; {"$w": 0, "$v": 0}
		{"$w": -2}, 2, 2 ; {}
	`))
	s.fn("ledger", "$day", "works through a day of deliveries and orders", calls(`
		{"$w": 5}, [("in", {"$v": 3}), ("out", {"$w": 2})] ; {"$w": 5}, [("out", {"$w": 9}), ("in", {"$w": 2})]
		{"$w": 5}, [("in", {"$w": 4}), ("out", {"$w": 9})]
		{}, [("in", {"$u": ${3..9}}), ("out", {"$u": 2}), ("out", {"$u": 1})]
		{"$w": 2, "$v": 2}, [("out", {"$w": 1, "$v": 3})] ; {"$w": 2, "$v": 2}, [("in", {"$w": -1}), ("out", {"$v": 1})]
		{"$w": 1}, [("out", {"$w": 1})] ; {"$w": 1}, [("out", {"$w": 1}), ("out", {"$w": 1})] ; {"$w": 1}, []
		{}, [("out", {"$v": 1})] ; {}, []
	`))
}

func listChanges(s *sketch) {
	s.draw("pkg: changes playlists compare", "unique: unique without_repeats once", "added: added newcomers fresh_items", "changes: changes diff edits", "common: common_run shared longest_common", "alike: likeness similar percent_same",
		"moved: moved shifted reordered", "plus: + add new", "minus: - del old", "row: row line lengths", "w: @tags", "v: @tags", "u: @tags", "fold?", "empty: 100 0")
	s.target("lists", `
"""What is different between two lists."""

def $unique(items):
    """Each item once, where it came first."""
    seen = []
    for item in items:
        if item not in seen:
            seen.append(item)
    return seen

def $changes(old, new):
    """("$minus", item) for what went, then ("$plus", item) for what came; repeats count."""
    out = []
    left = list(new)
    for item in old:
        if item in left:
            left.remove(item)
        else:
            out.append(("$minus", item))
    return out + [("$plus", item) for item in left]

def $common(a, b):
    """The length of the longest list found in both, in order but with gaps."""
    $row = [0] * (len(b) + 1)
    for x in a:
        above = $row
        $row = [0]
        for j, y in enumerate(b):
            best = above[j] + 1 if x == y else max(above[j + 1], $row[j])
            $row.append(best)
    return $row[-1]

def $moved(old, new):
    """How many of the items that both have stand in another order."""
    kept = [x for x in $unique(old) if x in new]
    return len(kept) - $common(kept, [x for x in $unique(new) if x in old])
`)
	s.module("score", `
load("$pkg/lists.star", "$common")

def $alike(a, b):
    """How alike two lists are, in whole percent of the longer one."""
    most = max(len(a), len(b))
    if most == 0:
        return $empty
    return $common(a, b) * 100 // most
`)
	s.fn("lists", "$unique", "drops repeated items from a list", calls(`
		["$w", "$v", "$w", "$u"] ; @6x1..5 ; @5x1..3 ; [3, 1, 3, 2, 1] ; ["a", "A", "a"] ; [1, 2, 3] ; [2, 2, 2]
		[0, None, 0, None] ; ["", ""] ; ["$v"] ; []
	`))
	s.fn("lists", "$changes", "lists what was added to a list and what was removed", calls(`
		["$w", "$v"], ["$v", "$u"] ; ["$w", "$v", "$u"], ["$u", "$w"] ; @4x1..6, @4x1..6 ; [1, 2, 3], [3, 2, 1]
		[1, 1, 2], [1, 2, 2] ; [5, 5], [5] ; [5], [5, 5] ; [1, 2], [] ; [], [1, 2] ; [4], [4] ; [4], [7] ; [], []
	`))
	s.fn("lists", "$common", "finds how much two lists have in common, in order", calls(`
		["$w", "$v", "$u"], ["$w", "$u"] ; [1, 3, 5, 7, 9], [1, 2, 3, 4, 5] ; @6x1..4, @6x1..4 ; [1, 2, 3, 4], [4, 3, 2, 1]
		[1, 2, 3], [2, 3, 1] ; [1, 1, 1], [1, 1] ; [1, 1], [1, 1, 1, 1] ; [2, 9, 2, 8, 2], [9, 8] ; [1, 2], [3, 4] ; [6], [6]
		[1], [] ; [], [1, 2] ; [], []
	`))
	s.fn("lists", "$moved", "counts the items that changed places", calls(`
		["$w", "$v", "$u"], ["$v", "$w", "$u"] ; [1, 2, 3, 4], [4, 1, 2, 3] ; [1, 2, 3, 4], [4, 3, 2, 1]
		[1, 2, 3], [1, 2, 3] ; [1, 2, 3], [0, 1, 5, 2] ; [1, 2, 3, 4, 5], [2, 1, 9, 5, 4] ; [1, 1, 2], [2, 1, 1]
		@5x1..5, @5x1..5 ; [1, 2], [2, 1] ; [1], [2] ; [], [1] ; [1, 2], [] ; [], []
	`))
	s.fn("score", "$alike", "tells how alike two lists are in percent", calls(`
		["$w", "$v", "$u"], ["$w", "$u"] ; [1, 2, 3], [1, 2, 3] ; [1, 2, 3, 4], [1, 3] ; [1, 3], [1, 2, 3, 4]
		[1, 2, 3], [3, 2, 1] ; @4x1..3, @5x1..3 ; [1, 2, 3, 4, 5, 6, 7], [7] ; [1], [2] ; [1], [] ; [], [1] ; [], []
	`))
}

func recentCache(s *sketch) {
	s.draw("pkg: recents caching memory", "touch: touch use remember", "replay: replay simulate use_all", "thrown: thrown_out evicted forgotten", "oldest: next_out oldest about_to_go", "best: best_size smallest_size enough_room",
		"cache: cache kept recent", "size = ${2..4}", "hits: hits found known", "goal: 50 40 60", "w: @letters", "v: @letters", "u: @letters", "t: @letters", "fifo?")
	s.target("recent", `
"""A list of what was used last, oldest first, with room for a few."""

def $touch($cache, key, size=$size):
    """The list after one use of key; the oldest go when there is no room."""
    if key in $cache:  #?fifo
        return $cache  #?fifo
    out = [k for k in $cache if k != key] + [key]
    return out[max(len(out) - size, 0):]

def $replay(keys, size=$size):
    """What remains after using keys in turn, and how many were still there."""
    $cache = []
    $hits = 0
    for key in keys:
        if key in $cache:
            $hits += 1
        $cache = $touch($cache, key, size)
    return $cache, $hits

def $thrown(keys, size=$size):
    """The keys that had to go, in order."""
    $cache = []
    out = []
    for key in keys:
        after = $touch($cache, key, size)
        for k in $cache:
            if k not in after:
                out.append(k)
        $cache = after
    return out
`)
	s.module("tuning", `
load("$pkg/recent.star", "$replay")

def $best(keys, goal=$goal, limit=8):
    """The smallest size, up to limit, with which goal percent of uses are hits; None for none."""
    for size in range(1, limit + 1):
        if keys and $replay(keys, size)[1] * 100 >= goal * len(keys):
            return size
    return None
`)
	s.fn("recent", "$touch", "notes that a thing was used", calls(`
		["$w", "$v"], "$u" ; ["$w", "$v"], "$u", 2 ; ["$w", "$v", "$u", "$t", "x"], "y" ; ["$w", "$v", "$u", "$t"], "y"
		["$w", "$v", "$u"], "$v", 3 ; ["$w", "$v", "$u"], "$w", 3 ; ["$w", "$v", "$u"], "$u", 3 ; ["$w", "$v", "$u"], "$t", 3
		["$w", "$v", "$u"], "$t", 1 ; ["$w", "$v"], "$w", 5 ; ["$w"], "$w", 1 ; ["$w"], "$v", 0 ; [], "$w" ; [], "$w", 0
	`))
	s.fn("recent", "$replay", "replays a list of uses and counts the hits", calls(`
		["$w", "$v", "$w", "$u", "$w"] ; ["$w", "$v", "$u", "$t", "$w"], 3 ; ["$w", "$v", "$u", "$w", "$t", "$w", "$v"], 3
		[${1..4}, ${1..4}, ${1..4}, ${1..4}, ${1..4}, ${1..4}] ; [1, 2, 3, 4, 5, 1, 2, 3] ; [1, 2, 3, 4, 1, 2]
		[1, 2, 3, 1, 4, 2] ; [1, 2, 1, 3, 1, 4, 1], 2 ; [1, 2, 3, 1, 2, 3], 2 ; [1, 2, 3, 1, 2, 3], 3 ; [1, 1, 1], 1
		[1, 2, 1], 1 ; [1, 2], 9 ; [1, 1], 0 ; []
	`))
	s.fn("recent", "$thrown", "lists the things that had to make room", calls(`
		["$w", "$v", "$u", "$t"], 2 ; ["$w", "$v", "$w", "$u", "$t"], 2 ; ["$w", "$v", "$u", "$w", "$t", "$v"], 3
		[1, 2, 3, 4, 5, 6] ; [1, 2, 3, 1, 4, 1] ; [${1..5}, ${1..5}, ${1..5}, ${1..5}, ${1..5}, ${1..5}], 2
		[1, 2, 1, 3, 1, 4], 2 ; [1, 1, 2, 2], 1 ; [1, 2, 1, 2], 1 ; [1, 2, 3], 3 ; [1, 2, 3, 4], 3 ; [1, 2], 0 ; [1] ; []
	`))
	s.fn("tuning", "$best", "finds the smallest size that is good enough", calls(`
		["$w", "$v", "$w", "$v", "$w", "$v"] ; ["$w", "$v", "$u", "$w", "$v", "$u", "$w", "$v", "$u"] ; [1, 1, 1, 2]
		[1, 2, 1, 3, 1, 4], 30 ; [1, 2, 3, 4, 1, 2, 3, 4] ; [1, 2, 3, 4, 1, 2, 3, 4], 50, 3 ; [1, 2, 3, 4, 1, 2, 3, 4], 50, 4
		[1, 1], 50 ; [1, 1], 51 ; [1, 2, 2, 1], 50, 2 ; [1, 2, 3], 1 ; [1], 0 ; []
	`))
}
