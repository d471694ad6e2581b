package program

// Templates that parse text into numbers.

func versionOrder(s *sketch) {
	s.draw("pkg: releases versions updates", "parse: parse numbers_of split_version", "compare: compare order cmp_versions", "bump: bump raise_version next_version", "newest: newest latest top_version",
		"accepts: accepts allows matches", "tag: -|+", "part: patch minor", "caret: ^|~|=", "x: x left a", "y: y right b", "tagged?")
	s.set("a", s.fill("${2..6}"))
	s.target("versions", `
"""Version numbers such as 1.4.2${tag}rc."""

def $parse(text):
    """The three numbers of a version; a missing one is 0."""
    plain = text.removeprefix("v").split("$tag")[0]
    numbers = [int(n) for n in plain.split(".") if n.isdigit()]
    return tuple((numbers + [0, 0, 0])[:3])

def $compare($x, $y):
    """-1 when $x is older than $y, 1 when newer, else 0; a tag makes a version older."""  #?tagged
    """-1 when $x is older than $y, 1 when newer, else 0."""  #!tagged
    first, second = $parse($x), $parse($y)
    if first < second:
        return -1
    if first > second:
        return 1
    return int("$tag" in $y) - int("$tag" in $x)  #?tagged
    return 0  #!tagged

def $bump(text, part="$part"):
    """The version after text: one number up, those behind it back to 0."""
    major, minor, patch = $parse(text)
    if part == "major":
        return "%d.0.0" % (major + 1)
    if part == "minor":
        return "%d.%d.0" % (major, minor + 1)
    return "%d.%d.%d" % (major, minor, patch + 1)

def $accepts(version, rule):
    """Whether version fits a rule: "${caret}1.2" wants the same major and at least 1.2."""
    if not rule.startswith("$caret"):
        return $compare(version, rule) == 0
    least = rule[1:]
    same = $parse(version)[0] == $parse(least)[0]
    return same and $compare(version, least) >= 0
`)
	s.module("catalog", `
load("$pkg/versions.star", "$accepts", "$compare")

def $newest(versions, rule=""):
    """The newest version that fits the rule, None without one."""
    best = None
    for v in versions:
        if rule and not $accepts(v, rule):
            continue
        if best == None or $compare(v, best) > 0:
            best = v
    return best
`)
	s.fn("versions", "$parse", "reads the numbers of a version", calls(`
		"1.4.${2..9}" ; "v${2..9}.0.1" ; "2.10" ; "7" ; "1.2.3${tag}rc1" ; "1.2.3.4" ; "0.0.0" ; "10.20.30" ; "1.x.3" ; "v"
		"v1${tag}beta" ; "1..2" ; ""
	`))
	s.fn("versions", "$compare", "tells which of two versions is newer", calls(`
		"1.2.3", "1.2.4" ; "2.0.0", "1.9.9" ; "1.10", "1.9" ; "1.2", "1.2.0" ; "v1.2", "1.2" ; "1.0.0${tag}rc", "1.0.0"
		"1.0.0", "1.0.0${tag}rc" ; "1.0${tag}a", "1.0${tag}b" ; "1.1${tag}a", "1.0" ; "${2..4}.1", "${5..9}.0" ; "0.9", "0.10"
		"3", "3" ; "", "0.0.1"
	`))
	s.fn("versions", "$bump", "works out the version that comes next", calls(`
		"1.4.2", "major" ; "1.4.2", "minor" ; "1.4.2", "patch" ; "1.4.2" ; "v${2..9}.${2..9}.${2..9}" ; "0.9", "minor"
		"1.9.9" ; "1.2.3${tag}rc", "patch" ; "9.9.9", "major" ; "0", "major" ; "0.0.9" ; "2", "minor" ; "" ; "1.2.3", "other"
	`))
	s.fn("versions", "$accepts", "checks a version against a rule", calls(`
		"1.4.0", "${caret}1.2" ; "1.1.9", "${caret}1.2" ; "1.2.0", "${caret}1.2" ; "2.2.0", "${caret}1.2" ; "2.0", "${caret}2"
		"1.2.3", "1.2.3" ; "1.2.4", "1.2.3" ; "1.2", "1.2.0" ; "1.2.0${tag}rc", "${caret}1.2" ; "1.3${tag}rc", "${caret}1.2"
		"${a}.1", "${caret}${a}.0.1" ; "0.3", "${caret}0.2" ; "1.0", "${caret}" ; "0.1", "${caret}" ; "0", ""
	`))
	s.fn("catalog", "$newest", "picks the newest version that fits", calls(`
		["1.2.0", "1.10.0", "1.9.5"] ; ["2.0", "1.9"], "${caret}1.0" ; ["1.${2..5}.0", "1.${6..9}.1", "2.0.0"], "${caret}1"
		["1.0${tag}rc", "1.0"] ; ["1.0", "1.0${tag}rc"] ; ["1.0", "1.0.0"] ; ["v1.0.0", "1.0"] ; ["3.1", "3.0", "2.9"], "3.0"
		["1.1", "1.2"], "${caret}1.2" ; ["1.1", "1.0"], "${caret}1.2" ; ["0.1"], "${caret}1" ; ["0.0.1"] ; [""] ; []
	`))
}

func pageRanges(s *sketch) {
	s.draw("pkg: printing pagesets selection", "expand: expand page_list parse_pages", "compress: compress to_ranges shorten", "invert: invert others rest_of", "sheets: sheets paper_needed sheet_count",
		"pages: pages numbers chosen", "dash: - : ~", "runs: runs groups spans", "side: 2 4", "part: part piece item", "once?")
	s.set("last", s.fill("${12..20}"))
	s.target("ranges", `
"""Lists of pages such as 1${dash}3,7."""

def $expand(text, last=$last):
    """The pages a text names, none beyond last; "5$dash" means to the end."""
    $pages = []
    for $part in text.replace(" ", "").split(","):
        if not $part:
            continue
        low, dash, high = $part.partition("$dash")
        start = int(low) if low else 1
        end = int(high) if high else last
        if not dash:
            end = start
        for page in range(start, min(end, last) + 1):
            if page not in $pages:  #?once
                $pages.append(page)  #?once
            $pages.append(page)  #!once
    return $pages

def $compress($pages):
    """Pages as the shortest text, in order and each once."""
    $runs = []
    for page in sorted($pages):
        if $runs and page <= $runs[-1][1] + 1:
            $runs[-1][1] = page
        else:
            $runs.append([page, page])
    return ",".join([str(a) if a == b else "%d$dash%d" % (a, b) for a, b in $runs])
`)
	s.module("jobs", `
load("$pkg/ranges.star", "$compress", "$expand")

def $invert(text, last=$last):
    """The pages that a text leaves out."""
    skipped = $expand(text, last)
    return $compress([n for n in range(1, last + 1) if n not in skipped])

def $sheets(text, copies=1, sides=$side):
    """Sheets of paper for copies of the pages, sides pages on each sheet."""
    count = len($expand(text))
    return copies * ((count + sides - 1) // sides)
`)
	s.fn("ranges", "$expand", "lists the pages that a selection names", calls(`
		"1${dash}3,7" ; "${2..4}${dash}${5..9}" ; "5$dash" ; "${dash}4" ; "${2..9}" ; "3,1,2" ; "1${dash}4,3${dash}6" ; "2,2"
		"8$dash", 10 ; "1${dash}99", 5 ; "7", 5 ; "5", 5 ; "6${dash}2" ; " 4 , 6 ${dash} 7 " ; "1,,2" ; "$dash", 3 ; "$last"
		"${last+1}" ; ""
	`))
	s.fn("ranges", "$compress", "writes a list of pages as short as can be", calls(`
		[1, 2, 3, 7] ; @5x1..12 ; @6x1..9 ; [5, 4, 3] ; [1, 3, 5] ; [1, 2, 4, 5] ; [2, 2, 3] ; [7, 7] ; [1, 2] ; [9]
		[10, 9, 1, 2] ; [0, 1] ; []
	`))
	s.fn("jobs", "$invert", "names the pages that a selection leaves out", calls(`
		"1${dash}3,7" ; "2${dash}4", 6 ; "1,3,5", 6 ; "${2..5}", 8 ; "${dash}5", 9 ; "5$dash", 9 ; "1", 2 ; "2", 2 ; "3", 2
		"$dash", 4 ; "9,1", 9 ; "", 1 ; "" ; "", 0
	`))
	s.fn("jobs", "$sheets", "counts the sheets of paper for a print job", calls(`
		"1${dash}8" ; "1${dash}5", ${2..4} ; "1${dash}7", 1, 3 ; "1${dash}6", 2, 3 ; "1,1", 1, 1 ; "1${dash}4,4" ; "$dash"
		"$dash", 1, 1 ; "3" ; "3", 3 ; "99" ; "1${dash}99", 1, 1 ; "1${dash}3", 0 ; ""
	`))
}

func sumText(s *sketch) {
	s.draw("pkg: calculator tally sums", "tokens: tokens split_sum scan", "value: value evaluate work_out", "check: check is_true holds", "bill: bill total_lines add_lines", "grade: score marks count_right",
		"number: number digits num", "token: token part t", "times: *|x", "zero: 0 None")
	s.target("sums", `
"""Sums written as text, such as 2 + 3 $times 4."""

SIGNS = "+-/$times"

def $tokens(text):
    """The whole numbers and signs of a sum."""
    out = []
    $number = ""
    for c in (text + " ").elems():
        if c.isdigit():
            $number += c
            continue
        if $number:
            out.append(int($number))
            $number = ""
        if c in SIGNS:
            out.append(c)
    return out

def $value(text):
    """What a sum comes to; $times and / go first, division rounds down, by 0 gives $zero."""
    total = 0
    term = 0
    sign = "+"
    for $token in $tokens(text):
        if type($token) == "string":
            sign = $token
        elif sign == "$times":
            term *= $token
        elif sign == "/":
            if $token == 0:
                return $zero
            term = term // $token
        else:
            total += term
            term = $token if sign == "+" else -$token
    return total + term
`)
	s.module("homework", `
load("$pkg/sums.star", "$value")

def $check(line):
    """Whether both sides of a line such as 1 + 1 = 2 agree."""
    left, equals, right = line.partition("=")
    return equals == "=" and $value(left) == $value(right)

def $grade(lines, points=${2..5}, penalty=1):
    """Points for each line that holds, less a penalty for each that does not."""
    result = 0
    for line in lines:
        if not line.strip():
            continue
        result += points if $check(line) else -penalty
    return max(result, 0)
`)
	s.fn("sums", "$tokens", "splits a sum into numbers and signs", calls(`
		"${2..9} + ${2..9}" ; "12 $times 3-4" ; "100/7" ; "1+2+3" ; "7" ; "  8  " ; "-5" ; "2 3" ; "a1b2" ; "1 ++ 2" ; "90"
		"4 =" ; "+" ; ""
	`))
	s.fn("sums", "$value", "works out a sum that is given as text", calls(`
		"${2..9} + ${2..9}" ; "2 + 3 $times 4" ; "2 $times 3 + 4" ; "${20..40} - 3 $times ${2..6}" ; "20 / 3"
		"20 / 3 $times 3" ; "10 - 4 - 3" ; "8 / 2 / 2" ; "1 + 6 / 4" ; "2 $times 3 $times 4" ; "-5 + 2" ; "7 - 7 / 2"
		"5 / 0" ; "0 / 5" ; "0 $times 9 + 1" ; "9 9" ; "4 -" ; "7" ; ""
	`))
	s.fn("homework", "$check", "checks whether a written sum is right", calls(`
		"1 + 1 = 2" ; "2 $times 3 = 7" ; "${2..9} + 1 = 10" ; "4 - 2 = 8 / 4" ; "3 + 4 $times 2 = 14" ; "3 + 4 $times 2 = 11"
		"7 / 2 = 3" ; "5 = 5" ; "5 = -5" ; "1 + 1" ; "= 0" ; "=" ; "1 = 1 = 1" ; "4 / 0 = 0" ; ""
	`))
	s.fn("homework", "$grade", "gives points for a page of sums", calls(`
		["1 + 1 = 2", "2 + 2 = 4"] ; ["1 + 1 = 2", "2 + 2 = 5"] ; ["2 $times 2 = 4", "9 - 3 = 6", "8 / 2 = 3"]
		["1 = 1", "", "2 = 2"] ; ["1 = 2", "3 = 4", "5 = 5"], 2, 1 ; ["1 = 2", "5 = 5"], 10, 3 ; ["1 = 2", "5 = 5"], 3, 10
		["1 = 1"], ${6..9} ; ["1 = 2"] ; ["8 - 3 - 2 = 3", "6 / 4 = 1"], 4, 2 ; [" "] ; []
	`))
}
