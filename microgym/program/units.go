package program

// units lists the templates about measures, clocks and calendars.
func units() []Template {
	return []Template{
		sketched("duration_text", "units", durationText),
		sketched("opening_hours", "units", openingHours),
		sketched("length_units", "units", lengthUnits),
		sketched("byte_sizes", "units", byteSizes),
		sketched("tenth_degrees", "units", tenthDegrees),
		sketched("month_calendar", "units", monthCalendar),
		sketched("recipe_scale", "units", recipeScale),
		sketched("race_pace", "units", racePace),
	}
}

func durationText(s *sketch) {
	s.draw("pkg: timer stopwatch film podcast", "fmt: show as_clock written", "read: parse read_time seconds_in", "add: total_time sum_times playtime", "short: brief rough about",
		"secs: seconds secs duration", "text: text label stamp", "pause: 5 3 10")
	s.module("parse", `
def $read($text):
    """Read "m:ss" or "h:mm:ss" as seconds, None when it is neither."""
    parts = $text.split(":")
    if len(parts) < 2 or len(parts) > 3:
        return None
    total = 0
    for i, part in enumerate(parts):
        if not part.isdigit() or (i > 0 and int(part) >= 60):
            return None
        total = total * 60 + int(part)
    return total
`)
	s.target("clock", `
load("$pkg/parse.star", "$read")

def two(n):
    """Write a number with at least two digits."""
    return "0" + str(n) if n < 10 else str(n)

def $fmt($secs):
    """Write seconds as "m:ss", or "h:mm:ss" from an hour on."""
    sign = "-" if $secs < 0 else ""
    left = abs($secs)
    hours, minutes, rest = left // 3600, left // 60 % 60, left % 60
    if hours > 0:
        return "%s%d:%s:%s" % (sign, hours, two(minutes), two(rest))
    return "%s%d:%s" % (sign, minutes, two(rest))

def $add(stamps, pause=$pause):
    """Add up times with a pause between them; skip what cannot be read."""
    times = [$read(s) for s in stamps if $read(s) != None]
    total = 0
    for t in times:
        total += t
    if len(times) > 1:
        total += pause * (len(times) - 1)
    return $fmt(total)

def $short($secs):
    """Write seconds in the largest unit that fits, rounded down."""
    for size, unit in [(86400, "day"), (3600, "hour"), (60, "minute")]:
        if $secs >= size:
            n = $secs // size
            return "%d %s%s" % (n, unit, "s" if n > 1 else "")
    return "now"
`)
	s.fn("clock", "$fmt", "writes seconds as a clock time", `
(${70..600}) ; (${3700..9000}) ; (61) ; (600) ; (3599) ; (3600) ; (3661) ; (36000) ; (60) ; (59) ; (9) ; (0) ; (-5) ; (-3725)`)
	s.fn("parse", "$read", "reads a clock time as seconds", `
("${2..9}:${10..59}") ; ("1:${10..59}:${10..59}") ; ("0:05") ; ("90:00") ; ("2:00:00") ; ("1:59") ; ("1:60") ; ("1:5") ; ("12") ; ("1:2:3:4") ; ("a:10") ; (":10") ; ("") ; ("0:00") ; ("1:60:00")`)
	s.fn("clock", "$add", "adds up times with a pause between", `
(["1:30", "2:${10..59}"]) ; (["${10..59}:00", "0:${10..59}", "4:05"]) ; (["0:30", "0:30"], 0) ; (["59:50", "0:10"], 0) ; (["1:00"]) ; (["1:00", "x"]) ; (["x", "1:00", "1:00"], 10) ; ([]) ; (["x"]) ; (["0:00", "0:00"]) ; (["1:00:00", "30:00", "30:00"], 60)`)
	s.fn("clock", "$short", "writes a rough duration", `
(${130..900}) ; (${7300..80000}) ; (${90000..400000}) ; (60) ; (59) ; (119) ; (120) ; (3599) ; (3600) ; (7199) ; (7200) ; (86399) ; (86400) ; (172800) ; (0)`)
	s.targetOneOf("clock", "clock", "parse")
}

func openingHours(s *sketch) {
	s.draw("pkg: bakery museum library pharmacy", "at: minute_of to_minutes clock", "open: is_open open_at welcomes", "wait: minutes_until wait_for opens_in", "len: hours_open open_minutes shift_length", "book: last_entry latest_visit closing_call",
		"o: 8 9 10", "c: 17 18 19", "half: 00 30", "ob: 20 21 22", "cb: 2 3 4", "lead: 30 45 20", "from: opens start first", "to: closes stop last")
	s.flags["early"] = len(s.words["o"]) == 1
	s.module("times", `
DAY = 24 * 60

def $at(text):
    """Turn "hh:mm" into minutes after midnight."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)

def hhmm(minute):
    """Turn minutes after midnight into "hh:mm"; days wrap around."""
    minute %= DAY
    h, m = minute // 60, minute % 60
    return ("0" if h < 10 else "") + str(h) + ":" + ("0" if m < 10 else "") + str(m)
`)
	s.target("hours", `
load("$pkg/times.star", "$at", "DAY", "hhmm")

def $open(now, $from="0$o:$half", $to="$c:00"):  #?early
def $open(now, $from="$o:$half", $to="$c:00"):  #!early
    """Tell whether it is open; closing time itself is not."""
    a, b, t = $at($from), $at($to), $at(now)
    if a <= b:
        return a <= t and t < b
    return t >= a or t < b

def $wait(now, $from):
    """Return the minutes from now to the next opening."""
    return ($at($from) - $at(now)) % DAY

def $len($from, $to, lunch=0):
    """Return the minutes open in a day, past midnight too, less lunch."""
    span = $at($to) - $at($from)
    if span < 0:
        span += DAY
    return max(span - lunch, 0)

def $book($from, $to, visit=$lead):
    """Return the latest time to come in and still have a full visit."""
    if $len($from, $to) < visit:
        return None
    return hhmm($at($to) - visit)
`)
	s.fn("hours", "$open", "tells whether a place is open at a time", `
("1${0..9}:${10..59}") ; ("0${1..9}:00", "06:00", "08:00") ; ("12:00") ; ("23:30", "$ob:00", "0$cb:00") ; ("0$cb:00", "$ob:00", "0$cb:00") ; ("01:59", "$ob:00", "0$cb:00") ; ("$ob:00", "$ob:00", "0$cb:00") ; ("12:00", "$ob:00", "0$cb:00")
("09:00", "09:00", "10:00") ; ("10:00", "09:00", "10:00") ; ("09:59", "09:00", "10:00") ; ("08:59", "09:00", "10:00") ; ("$c:00") ; ("08:15") ; ("09:15") ; ("00:00") ; ("09:00", "09:00", "09:00")`)
	s.fn("hours", "$wait", "counts the minutes until opening", `
("07:${10..59}", "09:00") ; ("1${2..9}:15", "08:30") ; ("23:00", "01:00") ; ("08:00", "08:30") ; ("08:30", "08:00") ; ("00:00", "00:00") ; ("09:00", "09:00") ; ("09:01", "09:00") ; ("00:00", "23:59") ; ("23:59", "00:00")`)
	s.fn("hours", "$len", "works out how long a place is open", `
("09:00", "1${2..8}:30") ; ("08:${10..50}", "17:00", 60) ; ("22:00", "02:00") ; ("22:00", "02:00", 30) ; ("10:00", "10:45", 45) ; ("10:00", "10:45", 46) ; ("10:00", "10:00") ; ("10:00", "09:59") ; ("00:00", "23:59") ; ("23:59", "00:00") ; ("10:00", "10:00", 15)`)
	s.fn("hours", "$book", "gives the last time to come in", `
("09:00", "1${2..8}:30") ; ("10:00", "18:${31..59}", 30) ; ("09:00", "12:05", 10) ; ("22:00", "00:10") ; ("22:00", "00:10", 10) ; ("22:00", "00:09", 10) ; ("09:00", "09:30", 30) ; ("09:00", "09:30", 31) ; ("09:00", "09:29", 30) ; ("09:00", "09:00") ; ("09:00", "10:00", 0)`)
}

func lengthUnits(s *sketch) {
	s.draw("pkg: carpenter tailor garden workshop", "to: to_mm in_mm millimetres", "conv: convert change_unit measure", "read: parse read_length from_text", "fit: pieces cuts boards_from", "sum: total add_lengths combined",
		"kerf: 3 2 4", "n: amount number length", "unit: unit measure_in kind", "stock: 2400 2000 3000")
	s.module("table", `
MM = {"mm": 1, "cm": 10, "dm": 100, "m": 1000}

def $read(text):
    """Split "12cm" into (12, "cm"); None when it is no length."""
    for $unit in ["mm", "cm", "dm", "m"]:
        digits = text.removesuffix($unit).strip()
        if text.endswith($unit) and digits.isdigit():
            return (int(digits), $unit)
    return None
`)
	s.target("lengths", `
load("$pkg/table.star", "MM", "$read")

def $to($n, $unit="cm"):
    """Return a length in millimetres, None for an unknown unit."""
    if $unit not in MM:
        return None
    return $n * MM[$unit]

def $conv($n, $unit, target="m"):
    """Change a length to the target unit: (whole units, millimetres left)."""
    size = $to($n, $unit)
    if size == None or target not in MM:
        return None
    return (size // MM[target], size % MM[target])

def $sum(texts):
    """Add up lengths like "3m" and "20cm" in millimetres, skipping others."""
    result = 0
    for text in texts:
        found = $read(text)
        if found:
            result += $to(found[0], found[1])
    return result

def $fit(piece, stock=$stock, kerf=$kerf):
    """Count pieces cut from stock; each cut between two loses kerf."""
    if piece <= 0 or piece > stock:
        return 0
    return (stock + kerf) // (piece + kerf)
`)
	s.fn("lengths", "$conv", "changes a length to another unit", `
(${120..900}, "cm") ; (${1200..9000}, "mm") ; (${3..40}, "dm", "cm") ; (5, "m", "mm") ; (99, "cm") ; (100, "cm") ; (7, "dm") ; (25, "mm", "cm") ; (10, "mm", "cm") ; (3, "ft") ; (3, "m", "ft") ; (0, "m") ; (0, "cm", "dm")`)
	s.fn("lengths", "$sum", "adds up lengths written with units", `
(["${1..5}m", "${10..90}cm"]) ; (["${100..300}mm", "4dm", "1m"]) ; (["2 m"]) ; (["5cm", "x", "5mm"]) ; (["m", "3m"]) ; (["1m", "1m"]) ; (["-1m", "2m"]) ; (["10"]) ; ([""]) ; ([]) ; (["0m", "1cm"])`)
	s.fn("lengths", "$fit", "counts the pieces that can be cut from a board", `
(${150..500}) ; (${80..300}, 1000) ; (100, 203, 3) ; (100, 202, 3) ; (100, 206, 3) ; (100, 300, 0) ; (100, 299, 0) ; (50, 1000, 10) ; ($stock) ; (${stock+1}) ; (${stock-1}) ; (0) ; (-5) ; (1, 1, 9)`)
	s.fn("lengths", "$to", "turns a length into millimetres", `
(${2..90}) ; (${2..9}, "m") ; (${2..90}, "dm") ; (7, "mm") ; (1, "cm") ; (1, "m") ; (0, "m") ; (-3, "cm") ; (5, "km") ; (5, "") ; (0)`)
}

func byteSizes(s *sketch) {
	s.draw("pkg: backup disk uploads mailbox", "show: human show_size pretty", "read: parse_size read_size bytes_in", "fits: fits_in accept has_space", "evict: to_delete evict oldest_out", "pct: percent_full usage fill_level",
		"step: 1024 1000", "quota: 10 16 20", "warn: 90 80", "size: size count bytes", "f1: notes.txt a.log", "f2: photo.png b.log", "f3: song.mp3 c.log", "limit: limit quota room")
	s.module("size", `
STEP = $step
UNITS = ["B", "KB", "MB", "GB"]

def $show($size):
    """Write a byte count with one decimal, cut, in the unit that fits."""
    if $size < STEP:
        return "%d B" % $size
    unit = 0
    tenths = $size * 10
    for _ in UNITS[1:]:
        if tenths >= STEP * 10:
            tenths //= STEP
            unit += 1
    return "%d.%d %s" % (tenths // 10, tenths % 10, UNITS[unit])

def $read(text):
    """Read "5KB" or "2 MB" as bytes; a plain number is bytes."""
    text = text.strip().upper()
    for power in range(len(UNITS) - 1, -1, -1):
        if text.endswith(UNITS[power]):
            number = text[:-len(UNITS[power])].strip()
            return int(number) * int(math.pow(STEP, power)) if number.isdigit() else None
    return int(text) if text.isdigit() else None
`)
	s.target("store", `
load("$pkg/size.star", "$read")

def $pct(used, $limit):
    """Return how full it is in percent, rounded up, 100 for no room."""
    if $limit <= 0:
        return 100
    return min((used * 100 + $limit - 1) // $limit, 100)

def $fits(sizes, new, $limit="${quota}KB"):
    """Return "ok", "tight" from $warn percent on, or "full"."""
    used = $read(new)
    for $size in sizes:
        used += $read($size)
    room = $read($limit)
    if used > room:
        return "full"
    return "tight" if $pct(used, room) >= $warn else "ok"

def $evict(files, $limit):
    """Name the oldest of (name, age, bytes) files to drop to get within bytes."""
    out, used = [], 0
    for name, _, $size in sorted(files, key=lambda f: (f[1], f[0])):
        used += $size
        if used > $limit:
            out.append(name)
    return out
`)
	s.fn("size", "$show", "writes a byte count for people", `
(${2..9}${100..999}) ; (${1200..9000}) ; (${2..9}500000) ; (1536) ; ($step) ; (${step-1}) ; (${step+52}) ; (${step*1000}) ; (${step*1024}) ; (2097152) ; (3000000000) ; (1) ; (0) ; (999)`)
	s.fn("size", "$read", "reads a size with a unit", `
("${2..90}KB") ; ("${2..9} MB") ; ("${100..900}") ; ("1kb") ; ("7B") ; (" 3 GB ") ; ("0") ; ("0KB") ; ("KB") ; ("x") ; ("") ; ("-1") ; ("1.5KB")`)
	s.fn("store", "$fits", "tells whether one more file fits", `
(["1KB", "${100..900}"], "2KB") ; (["3KB"], "${quota}KB") ; ([], "${quota}KB") ; ([], "1KB", "1KB") ; (["1"], "1KB", "1KB") ; (["89"], "1", "100") ; (["88"], "1", "100") ; (["79"], "1", "100") ; (["78"], "1", "100") ; (["50"], "50", "100") ; (["50"], "51", "100") ; (["0"], "0", "0")`)
	s.fn("store", "$pct", "tells how full a store is", `
(${10..40}, 90) ; (${100..300}, 1000) ; (1, 3) ; (1, 1000) ; (0, 5) ; (5, 5) ; (6, 5) ; (99, 100) ; (199, 200) ; (1, 0) ; (0, 0) ; (50, 100) ; (501, 1000)`)
	s.fn("store", "$evict", "names files to delete to get under a limit", `
([("$f1", 3, 50), ("$f2", 1, 30), ("$f3", 2, ${30..60})], 100) ; ([("$f1", 9, ${10..40}), ("$f2", 5, 60)], 70) ; ([("$f2", 1, 50), ("$f1", 1, 50)], 50) ; ([("$f1", 1, 50), ("$f2", 2, 50)], 100) ; ([("$f1", 1, 50), ("$f2", 2, 51)], 100)
([("$f1", 2, 10), ("$f2", 1, 200), ("$f3", 3, 1)], 100) ; ([("$f1", 1, 5)], 5) ; ([("$f1", 1, 5)], 4) ; ([("$f1", 1, 0)], 0) ; ([], 10) ; ([("$f3", 1, 3), ("$f2", 2, 3), ("$f1", 3, 3)], 3)`)
	s.targetOneOf("store", "size")
}

func tenthDegrees(s *sketch) {
	s.draw("pkg: weather greenhouse cellar boiler", "tof: to_fahrenheit as_f fahrenheit", "toc: to_celsius as_c celsius", "feel: feels_like comfort describe", "heat: heater switch burner", "alarm: alarms warnings bad_hours",
		"cold: 50 80 100", "mild: 180 170 200", "hot: 270 260 280", "low: 190 180 185", "gap: 10 20", "t: temp reading tenths", "frost: 0 10 20", "run: 2 3")
	s.module("convert", `
def $tof($t):
    """Turn tenths of a degree Celsius into tenths of Fahrenheit."""
    return $t * 9 // 5 + 320

def $toc($t):
    """Turn tenths of a degree Fahrenheit into tenths of Celsius."""
    return ($t - 320) * 5 // 9
`)
	s.target("climate", `
load("$pkg/convert.star", "$toc")

LIMITS = {"cold": $cold, "mild": $mild, "hot": $hot}

def $feel($t, wind=0, unit="C"):
    """Say how tenths of a degree feel; wind takes one tenth each."""
    if unit == "F":
        $t = $toc($t)
    $t -= max(wind, 0)
    if $t < LIMITS["cold"]:
        return "cold"
    elif $t < LIMITS["mild"]:
        return "fresh"
    elif $t <= LIMITS["hot"]:
        return "warm"
    return "hot"

def $heat(readings, want=$low, gap=$gap):
    """List on (True) or off after each reading, starting off."""
    on, out = False, []
    for $t in readings:
        if $t < want - gap:
            on = True
        elif $t >= want + gap:
            on = False
        out.append(on)
    return out

def $alarm(readings, limit=$frost, least=$run):
    """List where at least some readings in a row begin to be under the limit."""
    out, since = [], 0
    for i, $t in enumerate(readings):
        if $t >= limit:
            since = i + 1
        elif i - since + 1 == least:
            out.append(since)
    return out
`)
	s.fn("climate", "$feel", "says how a temperature feels", `
(${100..160}) ; (${200..250}, 30) ; ($cold) ; (${cold-1}) ; ($mild) ; (${mild-1}) ; ($hot) ; (${hot+1}) ; (${hot+9}, 9) ; (${cold+5}, 6) ; (700, 0, "F") ; (400, 0, "F") ; (900, 5, "F") ; (210, -90) ; (0) ; (-50)`)
	s.fn("convert", "$tof", "turns Celsius into Fahrenheit", `
(${100..350}) ; (-${10..90}) ; (0) ; (1000) ; (-400) ; (1) ; (5) ; (-1) ; (-178) ; (3) ; (370)`)
	s.fn("climate", "$heat", "switches a heater by the temperatures read", `
([150, 185, ${210..240}, 190]) ; ([220, ${150..165}, 185, 205]) ; ([${low-9}, ${low-11}, ${low-21}, $low]) ; ([140, 149, 150, 160], 150, 0) ; ([89, 110, 90], 100, 10) ; ([90, 89, 109, 110, 111], 100, 10) ; ([100], 100, 0) ; ([99, 100], 100, 0) ; ([]) ; ([300]) ; ([0, 300, 0])`)
	s.fn("climate", "$alarm", "finds where cold spells begin", `
([30, -5, -6, -7, -8, 40]) ; ([-${1..9}, -${1..9}, -9, 50, -20, -30, -40]) ; ([5, 5, 5], 5) ; ([4, 4, 4], 5) ; ([4, 5, 4, 4], 5, 2) ; ([-1], 0, 1) ; ([-1, -1], 0, 1) ; ([-1, 3, -1], 0, 1) ; ([1, -1, -1, -1, -1], 0, 4) ; ([1, -1, -1, -1], 0, 4) ; ([]) ; ([90])`)
}

func monthCalendar(s *sketch) {
	s.draw("pkg: calendar almanac planner diary", "leap: is_leap leap_year long_year", "len: days_in month_length last_day", "ord: day_number day_of_year ordinal", "next: next_day tomorrow day_after", "due: add_months months_later due_date", "days: days_between apart gap_days",
		"y: year y yr", "m: month m mon", "d: day d date")
	s.module("months", `
DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

def $leap($y):
    """Tell whether February has 29 days."""
    return $y % 4 == 0 and ($y % 100 != 0 or $y % 400 == 0)

def $len($y, $m):
    """Return the number of days in a month."""
    if $m == 2 and $leap($y):
        return 29
    return DAYS[$m - 1]
`)
	s.target("dates", `
load("$pkg/months.star", "$leap", "$len")

def $ord($y, $m, $d):
    """Return the day's number within its year, from 1."""
    total = $d
    for before in range(1, $m):
        total += $len($y, before)
    return total

def $next($y, $m, $d):
    """Return the date after a date."""
    if $d < $len($y, $m):
        return ($y, $m, $d + 1)
    if $m < 12:
        return ($y, $m + 1, 1)
    return ($y + 1, 1, 1)

def $due($y, $m, $d, months=1):
    """Return the date some months later, at most the month's last day."""
    index = $y * 12 + $m - 1 + months
    $y, $m = index // 12, index % 12 + 1
    return ($y, $m, min($d, $len($y, $m)))

def $days(start, end):
    """Count the days from one date to a later one; negative if earlier."""
    if start > end:
        return -$days(end, start)
    total = $ord(end[0], end[1], end[2]) - $ord(start[0], start[1], start[2])
    for $y in range(start[0], end[0]):
        total += 366 if $leap($y) else 365
    return total
`)
	s.fn("dates", "$ord", "gives the number of a day within its year", `
(${2015..2030}, ${4..11}, ${2..28}) ; (2023, 3, 1) ; (2024, 3, 1) ; (2024, 2, 29) ; (1900, 3, 1) ; (2000, 3, 1) ; (2023, 12, 31) ; (2024, 12, 31) ; (2024, 1, 31) ; (2024, 1, 1) ; (2023, 2, 1)`)
	s.fn("dates", "$next", "gives the date after a date", `
(2025, ${1..12}, ${2..27}) ; (2025, 4, 30) ; (2025, 4, 29) ; (2025, 1, 30) ; (2025, 1, 31) ; (2023, 2, 28) ; (2024, 2, 28) ; (2024, 2, 29) ; (1900, 2, 28) ; (2000, 2, 28) ; (2025, 11, 30) ; (2025, 12, 30) ; (2025, 12, 31)`)
	s.fn("dates", "$due", "adds months to a date", `
(2025, ${1..9}, ${2..27}) ; (2025, 1, 31) ; (2024, 1, 31) ; (2024, 1, 29) ; (2025, ${1..12}, 15, ${2..30}) ; (2025, 11, 30) ; (2025, 11, 30, 2) ; (2025, 12, 31) ; (2024, 2, 29, 12) ; (2025, 3, 31, -1) ; (2025, 1, 5, -1) ; (2025, 5, 31, 0) ; (2023, 11, 30, 3)`)
	s.fn("dates", "$days", "counts the days between two dates", `
((2025, 3, ${1..15}), (2025, 5, ${1..15})) ; ((2024, 1, ${1..28}), (2026, 2, 1)) ; ((2023, 1, 1), (2024, 1, 1)) ; ((2024, 1, 1), (2025, 1, 1)) ; ((2024, 2, 28), (2024, 3, 1)) ; ((2023, 2, 28), (2023, 3, 1)) ; ((2025, 5, 2), (2025, 5, 1)) ; ((2026, 1, 1), (2024, 12, 31)) ; ((2025, 7, 7), (2025, 7, 7)) ; ((1999, 12, 31), (2000, 1, 1)) ; ((2000, 1, 1), (2001, 1, 1))`)
	s.fn("months", "$len", "tells how many days a month has", `
(${2015..2030}, ${3..12}) ; (2023, 2) ; (2024, 2) ; (1900, 2) ; (2000, 2) ; (2100, 2) ; (2025, 1) ; (2025, 4) ; (2025, 12) ; (2025, 11) ; (2024, 1) ; (2024, 8)`)
}

func recipeScale(s *sketch) {
	s.draw("pkg: kitchen recipe pantry bakehouse", "ml: to_ml in_ml volume", "scale: scale resize for_guests", "spoon: as_spoons in_spoons spoonfuls", "shop: shopping_list to_buy missing", "batch: batches rounds trays",
		"serves: 4 6 2", "cup: 240 250", "tray: 12 24 16", "i1: flour sugar rice", "i2: milk water oil", "i3: salt yeast cocoa", "guests: guests people portions", "amount: amount qty number")
	s.module("spoons", `
ML = {"tsp": 5, "tbsp": 15, "cup": $cup, "ml": 1}

def $ml($amount, unit="ml"):
    """Return an amount in millilitres; unknown units count as ml."""
    return $amount * ML.get(unit, 1)

def $spoon(ml):
    """Return ml as (tablespoons, teaspoons), rounded up to a teaspoon."""
    spoons = (ml + 4) // 5
    return (spoons // 3, spoons % 3)
`)
	s.target("recipe", `
load("$pkg/spoons.star", "$ml")

def $scale(recipe, $guests, serves=$serves):
    """Return {name: ml} for that many $guests, each rounded up."""
    if $guests <= 0 or serves <= 0:
        return {}
    out = {}
    for name, $amount, unit in recipe:
        need = $ml($amount, unit) * $guests
        out[name] = out.get(name, 0) + (need + serves - 1) // serves
    return out

def $shop(recipe, $guests, stock={}, spare=0):
    """List (name, ml) still to buy, most first, plus a spare amount each."""
    lacking = []
    for name, need in $scale(recipe, $guests).items():
        short = need - stock.get(name, 0)
        if short > 0:
            lacking.append((name, short + spare))
    return sorted(lacking, key=lambda pair: (-pair[1], pair[0]))

def $batch(pieces, tray=$tray, least=1):
    """Return (trays, pieces on the last one); a last one under least is left out."""
    full, rest = pieces // tray, pieces % tray
    if rest == 0:
        return (full, tray if full > 0 else 0)
    if rest < least:
        return (full, tray) if full > 0 else (0, 0)
    return (full + 1, rest)
`)
	s.fn("recipe", "$scale", "scales a recipe to a number of people", `
([("$i1", 2, "cup"), ("$i2", ${50..150}, "ml")], 8) ; ([("$i1", 3, "cup"), ("$i3", 1, "tsp")], ${3..9}) ; ([("$i3", 1, "tsp")], 1) ; ([("$i2", 10, "ml")], 3) ; ([("$i2", 10, "ml"), ("$i2", 1, "tbsp")], $serves) ; ([("$i1", 1, "bag")], $serves)
([("$i1", 10, "ml")], 2, 4) ; ([("$i1", 1, "ml")], 1, 1) ; ([("$i1", 1, "cup")], 0) ; ([("$i1", 1, "cup")], -2) ; ([("$i1", 1, "cup")], 2, 0) ; ([], 5)`)
	s.fn("spoons", "$spoon", "measures a volume in spoons", `
(${20..90}) ; (${100..300}) ; (15) ; (16) ; (14) ; (10) ; (11) ; (5) ; (6) ; (4) ; (1) ; (0) ; (45)`)
	s.fn("recipe", "$shop", "lists what to buy for a recipe", `
([("$i1", 2, "cup"), ("$i2", ${50..150}, "ml")], $serves, {"$i1": 100}) ; ([("$i1", 1, "cup"), ("$i3", 2, "tbsp"), ("$i2", 1, "cup")], ${3..9}) ; ([("$i1", 20, "ml")], $serves, {"$i1": 20}) ; ([("$i1", 20, "ml")], $serves, {"$i1": 19}) ; ([("$i1", 20, "ml")], $serves, {"$i1": 21})
([("$i3", 3, "tsp"), ("$i1", 1, "tbsp")], $serves) ; ([("$i1", 4, "ml")], $serves, {}, 10) ; ([("$i1", 4, "ml"), ("$i2", 9, "ml")], $serves, {"$i1": 4}, 1) ; ([], 4) ; ([("$i1", 1, "cup")], 0) ; ([("$i2", 1, "ml")], 1)`)
	s.fn("recipe", "$batch", "works out how many trays to bake", `
(${30..70}) ; (${10..40}, 9) ; ($tray) ; (${tray+1}) ; (${tray-1}) ; (25, 12, 2) ; (26, 12, 2) ; (3, 12, 4) ; (4, 12, 4) ; (24, 12, 4) ; (1, 1) ; (0) ; (0, 5, 2)`)
}

func racePace(s *sketch) {
	s.draw("pkg: track marathon rowing jogging", "pace: pace per_km pace_of", "speed: speed kmh average_speed", "split: splits each_lap lap_times", "rank: ranking podium results", "fast: best_lap fastest quickest", "label: pace_label spoken pretty_pace",
		"p1: @people", "p2: @people", "p3: @people", "lap: 400 500 250", "top: 3 2", "secs: seconds time secs", "m: metres distance m", "limit: 1800 2400")
	s.module("units", `
KM = 1000
HOUR = 3600

def $pace($m, $secs):
    """Return the seconds per kilometre, rounded half up."""
    if $m <= 0:
        return None
    return (2 * $secs * KM + $m) // (2 * $m)

def $speed($m, $secs):
    """Return the speed in tenths of km/h, rounded down."""
    if $secs <= 0:
        return None
    return $m * HOUR * 10 // ($secs * KM)
`)
	s.target("race", `
load("$pkg/units.star", "$pace")

def $split(marks, start=0):
    """Return the time of each lap from the clock at the end of each."""
    out = []
    for mark in marks:
        out.append(mark - start)
        start = mark
    return out

def $fast(marks):
    """Return (lap number from 1, seconds) of the fastest lap, or None."""
    best = None
    for i, $secs in enumerate($split(marks)):
        if best == None or $secs < best[1]:
            best = (i + 1, $secs)
    return best

def $label(laps, $secs, lap=$lap):
    """Write the pace over some laps as "m:ss/km"."""
    n = $pace(laps * lap, $secs)
    if n == None:
        return "-"
    return "%d:%s%d/km" % (n // 60, "0" if n % 60 < 10 else "", n % 60)

def $rank(times, top=$top, limit=$limit):
    """Name the top finishers within the limit, fastest first."""
    done = [(times[name], name) for name in times if times[name] <= limit]
    return [name for _, name in sorted(done)[:top]]
`)
	s.fn("units", "$pace", "works out the pace per kilometre", `
(5000, ${1200..1900}) ; (${3..9}000, 2000) ; (400, 90) ; (300, 100) ; (3000, 1001) ; (3000, 1000) ; (2000, 1001) ; (1000, 240) ; (1, 1) ; (1000, 0) ; (0, 50) ; (-5, 50)`)
	s.fn("units", "$speed", "works out an average speed", `
(5000, ${1200..1900}) ; (${3..9}000, 2000) ; (100, 10) ; (42195, 7200) ; (1000, 360) ; (1000, 361) ; (999, 360) ; (1, 3600) ; (0, 60) ; (500, 0) ; (500, -1) ; (1, 1)`)
	s.fn("race", "$fast", "finds the fastest lap", `
([${60..70}, 128, 200]) ; ([70, ${125..135}, 196, 260]) ; ([60, 120, 180]) ; ([60, 119, 178]) ; ([59, 119, 179]) ; ([61, 121, 180]) ; ([30]) ; ([0]) ; ([]) ; ([10, 10, 20]) ; ([90, 160, 220, 290])`)
	s.fn("race", "$label", "writes the pace over some laps", `
(5, ${500..700}) ; (${3..12}, 900) ; (10, 1200, 400) ; (1, 65, 1000) ; (1, 60, 1000) ; (1, 59, 1000) ; (1, 69, 1000) ; (1, 70, 1000) ; (2, 0) ; (0, 100) ; (1, 1, 1000) ; (-1, 60)`)
	s.fn("race", "$rank", "lists the first finishers", `
({"$p1": 1500, "$p2": ${1200..1400}, "$p3": 1450}) ; ({"$p1": ${1000..1700}, "$p3": ${1000..1700}}) ; ({"$p3": 900, "$p1": 900, "$p2": 900}) ; ({"$p3": $limit, "$p1": ${limit+1}}) ; ({"$p2": ${limit-1}}) ; ({"$p2": 50, "$p1": 60}, 1) ; ({"$p2": 50, "$p1": 60}, 0) ; ({"$p1": 50, "$p2": 60}, 5, 50) ; ({"$p1": 50}, 1, 49) ; ({}) ; ({"$p1": 4, "$p2": 3, "$p3": 2, "zoe": 1})`)
	s.targetOneOf("race", "race", "units")
}
