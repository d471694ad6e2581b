package program

// parsing lists the templates that read text and make values of it.
func parsing() []Template {
	return []Template{
		sketched("settings_file", "parsing", settingsFile),
		sketched("quoted_fields", "parsing", quotedFields),
		sketched("spoken_durations", "parsing", spokenDurations),
		sketched("version_order", "parsing", versionOrder),
		sketched("query_string", "parsing", queryString),
		sketched("page_ranges", "parsing", pageRanges),
		sketched("bracket_depth", "parsing", bracketDepth),
		sketched("sum_text", "parsing", sumText),
	}
}

func settingsFile(s *sketch) {
	s.draw("pkg: settings config prefs", "convert: convert to_value read_value", "parse: parse read_settings load_text", "get: get lookup setting",
		"merge: merge overlay combine", "main: main global default", "mark: #|!|%", "assign: :|=", "out: out found result", "line: line row entry",
		"w: @goods", "v: @places", "fold?")
	s.target("reader", `
"""Reading settings, one "key $assign value" a line."""

def $convert(text):
    """A value as a truth value, a whole number or else the text."""
    text = text.strip()
    word = text.lower()
    if word in ["yes", "on", "true"]:
        return True
    if word in ["no", "off", "false"]:
        return False
    if word.lstrip("-").isdigit() and word.rfind("-") <= 0:
        return int(word)
    return text

def $parse(text, comment="$mark"):
    """Settings by section; those before any [header] are in "$main"."""
    $out = {}
    section = "$main"
    for $line in text.splitlines():
        $line = $line.strip()
        if not $line or $line.startswith(comment):
            continue
        if $line[0] == "[" and $line[-1] == "]":
            section = $line[1:-1].strip()
            continue
        key, sign, value = $line.partition("$assign")
        if sign:
            key = key.strip().lower()  #?fold
            key = key.strip()  #!fold
            $out.setdefault(section, {})[key] = $convert(value)
    return $out
`)
	s.module("access", `
load("$pkg/reader.star", "$parse")

def $get(text, path, default=None):
    """The setting at "section.key", or at "key" in the $main section."""
    settings = $parse(text)
    section, dot, key = path.rpartition(".")
    return settings.get(section or "$main", {}).get(key, default)

def $merge(base, extra):
    """Two settings texts as one; extra wins."""
    settings = $parse(base)
    for section, values in $parse(extra).items():
        settings.setdefault(section, {}).update(values)
    return settings
`)
	s.fn("reader", "$convert", "reads one setting as a truth value, a number or text", calls(`
		"$w" ; "${2..99}" ; "-${2..99}" ; "yes" ; "no" ; "true" ; "Yes" ; "NO" ; "TRUE" ; "off " ; "false" ; "ON" ; " False "
		"off" ; " 007 " ; "two words" ; "3-4" ; "-" ; "--5" ; "5-" ; "No way" ; "0" ; ""
	`))
	s.fn("reader", "$parse", "reads a settings text into sections", calls(`
		"name $assign $w\nsize $assign ${2..99}" ; "a $assign 1\n[$v]\na $assign 2\nb $assign off"
		"$mark note\nkey $assign $w" ; "Key $assign $w\nkey $assign $v"
		"[one]\nx $assign 1\n[two]\nx $assign 2\n[one]\ny $assign 3" ; "  padded  $assign   text here  " ; "x$assign"
		"path $assign a${assign}b" ; "no sign here\nok $assign yes" ; "[ spaced ]\nk $assign v"
		"a $assign 1\n\n\nb $assign 2 $mark tail" ; "[empty]" ; "[x\na $assign 1" ; "" ; "$assign 5"
	`))
	s.fn("access", "$get", "finds one setting by its path", calls(`
		"name $assign $w", "name" ; "on $assign on\nx $assign True", "x" ; "off $assign off", "off", 3
		"[$v]\nsize $assign 4", "$v.size" ; "[$v]\nsize $assign 4", "size" ; "size $assign 4", "size", 9
		"size $assign 4", "width", 9 ; "[a]\nx $assign no", "a.x", True ; "[a.b]\nx $assign 3", "a.b.x"
		"x $assign 1\n[$main]\nx $assign 2", "x" ; "$mark x $assign 1", "x", 0 ; "a $assign 1", "$main.a" ; "", "a"
		"", "a.b", "none"
	`))
	s.fn("access", "$merge", "lays one settings text over another", calls(`
		"a $assign 1\nb $assign 2", "b $assign 3" ; "name $assign $w", "[$v]\nname $assign $w"
		"[x]\na $assign 1\nb $assign 1", "[x]\nb $assign off" ; "a $assign 1", "" ; "", "a $assign yes"
		"$mark a $assign 1", "a $assign 2" ; "[x]\na $assign 1", "a $assign 2" ; "a $assign 1", "a $assign"
		"[x]\n[y]\nk $assign 0", "[x]\nk $assign 1" ; "junk", "more junk" ; "", ""
	`))
}

func quotedFields(s *sketch) {
	s.draw("pkg: sheets csvkit rows", "split: split_line fields_of parse_row", "join: join_line to_line write_row", "records: records read_table as_dicts", "column: column values_of pick_column",
		"total: total column_sum add_up", "sep: ,|;|:", "quoted: quoted inside in_quotes", "field: field cell current", "w: @goods", "v: @goods", "a: @people", "b: @people", "strip?")
	s.target("lines", `
"""Lines of fields with a "$sep" between them."""

def $split(line, sep="$sep"):
    """The fields of a line; a sep between double quotes does not part them."""
    fields = []
    $field = ""
    $quoted = False
    for c in line.elems():
        if c == '"':
            $quoted = not $quoted
        elif c == sep and not $quoted:
            fields.append($field.strip())  #?strip
            fields.append($field)  #!strip
            $field = ""
        else:
            $field += c
    return fields + [$field.strip()]  #?strip
    return fields + [$field]  #!strip

def $records(text, missing=""):
    """One dict for each line under the head; a short line is filled up."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return []
    names = $split(lines[0])
    out = []
    for line in lines[1:]:
        fields = $split(line)
        record = {}
        for i, name in enumerate(names):
            record[name] = fields[i] if i < len(fields) else missing
        out.append(record)
    return out
`)
	s.module("tables", `
load("$pkg/lines.star", "$records", "$split")

def $column(text, name):
    """The values of one column, without the empty ones."""
    return [r[name] for r in $records(text) if r.get(name)]

def $total(text, name):
    """The sum of the whole numbers in a column."""
    result = 0
    for value in $column(text, name):
        if value.isdigit():
            result += int(value)
    return result
`)
	s.fn("lines", "$split", "splits a line into its fields", calls(`
		"$w$sep$v$sep${2..99}" ; "$a$sep \"$w$sep $v\"" ; "x${sep}y${sep}z" ; "a b$sep c d" ; "one" ; "a|b|c", "|"
		"\"q|r\"|s", "|" ; "$a$sep$sep$b" ; "${sep}lead" ; "trail$sep" ; "\"open${sep}end" ; "say \"hi\"${sep}x"
		"\"\"$sep\"\"" ; "$sep" ; " " ; ""
	`))
	s.fn("lines", "$records", "reads a table of lines into records", calls(`
		"name${sep}n\n$w${sep}${2..9}\n$v${sep}${2..9}" ; "who${sep}what\n$a${sep}$w\n$b$sep\"$v${sep}s\"" ; "a${sep}b\n1"
		"a${sep}b\n1${sep}2${sep}3" ; "a${sep}b${sep}c\n1", "?" ; "a${sep}b${sep}c\n1${sep}2", 0 ; "k\n\nv\n  \nw\n"
		"a${sep}a\n1${sep}2" ; "\nk\nv" ; "only${sep}head" ; "k\n$sep" ; "" ; "\n\n"
	`))
	s.fn("tables", "$column", "lists the values of one column of a table", calls(`
		"name${sep}n\n$w${sep}2\n$v${sep}3", "name" ; "name${sep}n\n$w${sep}2\n$v${sep}3", "n"
		"who${sep}x\n$a${sep}\n$b${sep}1", "x" ; "who${sep}x\n$a\n$b${sep}1", "x" ; "k\na\na\nb", "k"
		"k${sep}v\n\"a${sep}b\"${sep}c", "k" ; "k${sep}v\n\"a${sep}b\"${sep}c", "v" ; "k\nv", "other" ; "k\nv", "k" ; "k", "k"
		"", "k"
	`))
	s.fn("tables", "$total", "adds up one column of a table", calls(`
		"name${sep}n\n$w${sep}${2..9}\n$v${sep}${2..9}", "n" ; "n\n10\n20\n30", "n" ; "n${sep}m\n1${sep}5\n2\n3${sep}7", "m"
		"n\n4\nx\n5", "n" ; "n\n-4\n6", "n" ; "n\n\"7\"\n8", "n" ; "a${sep}n\nx${sep}1${sep}9\ny${sep}2${sep}9", "n"
		"n\n$w", "n" ; "n\n0", "n" ; "n\n5", "m" ; "n", "n" ; "", "n"
	`))
}

func spokenDurations(s *sketch) {
	s.draw("pkg: durations timers stopwatch", "seconds: to_seconds parse_time read_time", "text: in_words show brief", "sum: total_time add_times sum_times", "over: over_limit too_long slow_ones",
		"number: number digits amount", "parts: 2 3", "bare: 60 1 3600", "zero: 0s|none|0", "a: @people", "b: @people", "week?")
	s.target("times", `
"""Lengths of time as text, such as 1h30m."""

UNITS = {
    "w": 604800,  #?week
    "d": 86400,
    "h": 3600,
    "m": 60,
    "s": 1,
}

def $seconds(text):
    """Seconds in a text; a number without a unit counts $bare each, None for nonsense."""
    total = 0
    $number = ""
    for c in text.lower().replace(" ", "").elems():
        if c.isdigit():
            $number += c
        elif c in UNITS and $number:
            total += int($number) * UNITS[c]
            $number = ""
        else:
            return None
    if $number:
        total += int($number) * $bare
    return total

def $text(seconds, parts=$parts):
    """A length of time in its largest parts, at most so many."""
    sign = "-" if seconds < 0 else ""
    left = abs(seconds)
    out = []
    for unit, size in UNITS.items():
        count = left // size
        if count > 0 and len(out) < parts:
            out.append(str(count) + unit)
        left -= count * size
    return sign + (" ".join(out) or "$zero")
`)
	s.module("worklog", `
load("$pkg/times.star", "$seconds", "$text")

def $sum(entries):
    """All readable entries added up, as text."""
    return $text(add([$seconds(e) for e in entries]))

def add(numbers):
    """The sum of the numbers that are not None."""
    result = 0
    for n in numbers:
        if n != None:
            result += n
    return result

def $over(log, limit):
    """Who in a log of (name, time) pairs took longer than limit."""
    return [name for name, time in log if ($seconds(time) or 0) > $seconds(limit)]
`)
	s.fn("times", "$seconds", "reads a length of time in seconds", calls(`
		"1h30m" ; "${2..9}h" ; "${2..59}m ${2..59}s" ; "2d 4h" ; "1w" ; "1W 1D" ; "90s" ; "${2..9}" ; "1h 5" ; "1h1h" ; "0m"
		"5m3" ; "m" ; "5x" ; "1h-5m" ; "h5" ; " " ; ""
	`))
	s.fn("times", "$text", "writes a number of seconds as a short text", calls(`
		5400 ; ${61..3599} ; ${3601..86399}, 2 ; 3661 ; 90061 ; 90061, 4 ; 90061, 1 ; 60 ; 59 ; 3600 ; 86400 ; 604800
		700000, 5 ; 3605, 2 ; 86405, 2 ; 1 ; 0 ; -75 ; -1 ; -7200 ; 100, 0
	`))
	s.fn("worklog", "$sum", "adds up the times of a work log", calls(`
		["1h", "30m", "15m"] ; ["${2..9}m", "${2..59}s"] ; ["45m", "45m"] ; ["1d", "23h", "1h"] ; ["10", "20"]
		["1h", "oops", "1m"] ; ["30s", "30s"] ; ["1h1m1s"] ; ["59s"] ; ["x"] ; ["0s", ""] ; []
	`))
	s.fn("worklog", "$over", "tells who took longer than a limit", calls(`
		[("$a", "2h"), ("$b", "30m")], "1h" ; [("$a", "${61..99}m"), ("$b", "1h")], "1h"
		[("$a", "1h"), ("$b", "61m")], "60m" ; [("$a", "90s"), ("$b", "1m 29s")], "1m30s" ; [("$a", "1"), ("$b", "2")], "90s"
		[("$a", "1"), ("$b", "2")], "1h30m" ; [("$a", "junk"), ("$b", "5s")], "4s" ; [("$a", "5s"), ("$a", "6s")], "4s"
		[("$a", "1d")], "23h" ; [("$a", "1d")], "24h" ; [("$b", "0s")], "0s" ; [("$b", "")], "" ; [], "1m"
	`))
}

func queryString(s *sketch) {
	s.draw("pkg: weblinks address querykit", "unescape: unescape decode_part plain", "parse: parse_query read_query arguments", "first: first_value get_one value_of", "build: build_query write_query to_query",
		"page: next_page page_after turn_page", "pair: & ;", "start: 1 0", "w: @goods", "v: @places", "key: key name field", "blank?")
	s.set("qname", pick(s.r, "page", "p", "at"))
	s.target("query", `
"""The part of an address behind the question mark."""

def $unescape(text):
    """Text with + as a space and %41 as the character of that code."""
    pieces = text.replace("+", " ").split("%")
    out = pieces[0]
    for piece in pieces[1:]:
        if len(piece) < 2:
            out += "%" + piece
        else:
            out += chr(int(piece[:2], 16)) + piece[2:]
    return out

def $parse(query):
    """All values of each key, in order."""
    found = {}
    for part in query.removeprefix("?").split("$pair"):
        $key, sign, value = part.partition("=")
        if not $key:
            continue
        if not value:  #?blank
            continue  #?blank
        found.setdefault($unescape($key), []).append($unescape(value))
    return found

def $first(query, $key, default=""):
    """The first value of a key."""
    values = $parse(query).get($key, [])
    return values[0] if values else default

def $build(params):
    """A query of params in alphabetical order; None leaves one out."""
    parts = []
    for $key in sorted(params):
        if params[$key] != None:
            parts.append($key + "=" + str(params[$key]).replace(" ", "+"))
    return "$pair".join(parts)
`)
	s.module("pages", `
load("$pkg/query.star", "$build", "$first")

def $page(query, size=$start):
    """The query that follows this one when pages count in steps of size."""
    here = $first(query, "$qname", "$start")
    if not here.isdigit():
        return $build({"$qname": $start})
    return $build({"$qname": int(here) + max(size, 1), "q": $first(query, "q") or None})
`)
	s.fn("query", "$unescape", "turns an escaped text into a plain one", calls(`
		"$w+$v" ; "a%20b" ; "100%25" ; "%41%42%43" ; "$w%21" ; "one+two%2Bthree" ; "x%3d1" ; "%2" ; "50%" ; "%%41" ; "%7Ea%7E"
		"+" ; "plain" ; ""
	`))
	s.fn("query", "$parse", "reads a query into its keys and values", calls(`
		"a=1${pair}b=2" ; "q=$w${pair}in=$v" ; "?q=$w+$v" ; "tag=x${pair}tag=y${pair}tag=x" ; "a=" ; "a${pair}b=1" ; "a=1=2"
		"=5${pair}c=3" ; "a%20b=c%26d" ; "${pair}a=1${pair}" ; "?" ; "a=0" ; "A=1${pair}a=2" ; ""
	`))
	s.fn("query", "$first", "finds the first value of a key in a query", calls(`
		"a=1${pair}b=2", "b" ; "a=1${pair}a=2", "a" ; "q=$w", "q", "none" ; "q=$w", "r", "none" ; "q=$w", "r"
		"?q=$w+$v", "q" ; "a=", "a", "x" ; "a", "a", "x" ; "a=${pair}a=2", "a" ; "b=%31", "b" ; "", "a" ; "", "a", None
	`))
	s.fn("query", "$build", "writes keys and values as a query", calls(`
		{"b": 2, "a": 1} ; {"q": "$w $v"} ; {"z": "$w", "y": "$v", "x": ${2..99}} ; {"a": None, "b": 1} ; {"a": 0} ; {"a": ""}
		{"a": False, "B": True} ; {"q": "a  b"} ; {"k": "v"} ; {"k": None} ; {}
	`))
	s.fn("pages", "$page", "writes the query of the page that follows", calls(`
		"$qname=${2..9}" ; "$qname=${2..9}${pair}q=$w", 10 ; "q=$w+$v${pair}$qname=3" ; "q=$w", 5 ; "$qname=0", 0
		"$qname=9", 1 ; "$qname=9", 2 ; "$qname=x${pair}q=$w" ; "$qname=-1" ; "$qname=4${pair}$qname=8" ; "?$qname=99"
		"$qname=" ; "" ; "", 20 ; "q="
	`))
}

func bracketDepth(s *sketch) {
	s.draw("pkg: nesting brackets fences", "fault: first_fault bad_place find_fault", "depth: depth deepest max_depth", "repair: repair close_open complete", "inner: inner groups contents",
		"balanced: balanced well_formed is_ok", "stack: stack open pending", "w: @goods", "v: @places", "angle?", "deep: 1 2")
	s.target("pairs", `
"""Brackets that open and close."""

CLOSE = {"(": ")", "[": "]", "{": "}"}  #!angle
CLOSE = {"(": ")", "[": "]", "<": ">"}  #?angle

def $fault(text):
    """The place of the first bracket that fits no other; -1 when all fit."""
    $stack = []
    for i, c in enumerate(text.elems()):
        if c in CLOSE:
            $stack.append((CLOSE[c], i))
        elif c in CLOSE.values():
            if not $stack or $stack[-1][0] != c:
                return i
            $stack.pop()
    return $stack[0][1] if $stack else -1

def $depth(text):
    """How deep the brackets of a text nest."""
    level = 0
    best = 0
    for c in text.elems():
        if c in CLOSE:
            level += 1
            best = max(best, level)
        elif c in CLOSE.values() and level > 0:
            level -= 1
    return best

def $repair(text):
    """Text with what is missing at its end to close every bracket."""
    $stack = []
    for c in text.elems():
        if c in CLOSE:
            $stack.append(CLOSE[c])
        elif $stack and c == $stack[-1]:
            $stack.pop()
    return text + "".join(reversed($stack))
`)
	s.module("checks", `
load("$pkg/pairs.star", "$depth", "$fault", "$repair")

def $balanced(text, limit=$deep):
    """Whether brackets fit and nest no deeper than limit."""
    return $fault(text) < 0 and $depth(text) <= limit

def $inner(lines):
    """The lines with faults, numbered from 1, each repaired."""
    return [(n, $repair(line)) for n, line in enumerate(lines, 1) if $fault(line) >= 0]
`)
	s.fn("pairs", "$fault", "finds the first bracket that has no partner", calls(`
		"($w [$v])" ; "f(x[1], y)" ; "($w]" ; "a(b" ; "a)b" ; "((a)" ; "(a))" ; "[(])" ; "x(y[z" ; "()[]" ; "{$w}>" ; "<$w>}"
		"plain" ; "(" ; ")" ; ""
	`))
	s.fn("pairs", "$depth", "tells how deep brackets are nested", calls(`
		"f(x[1], y)" ; "($w [$v (a)])" ; "()()()" ; "(()())" ; "((((" ; ")))(" ; "a)(b" ; "[[a] [[b]]]" ; "{<a>}" ; "no $w"
		"(]" ; "())(())" ; ""
	`))
	s.fn("pairs", "$repair", "adds the brackets that are missing at the end", calls(`
		"f(x[1" ; "($w, [$v" ; "(a" ; "(a)" ; "((a)" ; "a)" ; "[(" ; "(]" ; "{a" ; "<a" ; "()(" ; "$w" ; "[a](b" ; ""
	`))
	s.fn("checks", "$balanced", "checks that brackets fit and are not too deep", calls(`
		"f(x)" ; "f(x[1])" ; "f(x[1(2)])" ; "($w" ; "$w)" ; "()()" ; "((()))", 3 ; "((()))", 2 ; "(a)(b)", 1 ; "(a(b))", 1
		"(]", 5 ; "$w", 0 ; "(a)", 0 ; ""
	`))
	s.fn("checks", "$inner", "lists the lines with brackets that do not fit", calls(`
		["(a)", "(b"] ; ["$w(", "$v)", "ok()"] ; ["[(", "x", "]"] ; ["(", "(", "("] ; ["a)", "b"] ; ["(a", "(b)", "(c"]
		["f(g(x)", "f(g(x))"] ; [")("] ; ["fine", "()"] ; [""] ; []
	`))
}
