package program

// numbers lists the templates about whole numbers.
func numbers() []Template {
	return []Template{
		sketched("nearest_step", "numbers", nearestStep),
		sketched("check_digit", "numbers", checkDigit),
		sketched("plain_fractions", "numbers", plainFractions),
		sketched("prime_factors", "numbers", primeFactors),
		sketched("number_bases", "numbers", numberBases),
		sketched("grade_bands", "numbers", gradeBands),
		sketched("sample_stats", "numbers", sampleStats),
		sketched("closed_ranges", "numbers", closedRanges),
	}
}

func nearestStep(s *sketch) {
	s.draw("pkg: dial slider gauge knob", "clamp: clamp keep_within bound", "down: round_down floor_to lower_mark",
		"near: round_near nearest to_step", "snap: snap settle place", "marks: marks ticks stops",
		"x: value x amount", "step: 5 4 10 8", "high: 100 60 80")
	s.module("limits", `
def $clamp(n, low, high):
    """Return n, or the end of low..high that it lies beyond."""
    if n < low:
        return low
    if n > high:
        return high
    return n
`)
	s.target("steps", `
load("$pkg/limits.star", "$clamp")

def $down($x, step=$step):
    """Round $x down to a multiple of step."""
    return $x - $x % step

def $near($x, step=$step):
    """Round $x to the nearest multiple of step; halves go up."""
    base = $down($x, step)
    if ($x - base) * 2 >= step:
        return base + step
    return base

def $snap($x, low=0, high=$high, step=$step):
    """Round $x to a step, then keep it between low and high."""
    if step <= 0:
        return $clamp($x, low, high)
    return $clamp($near($x, step), low, high)

def $marks(low, high, step=$step):
    """List the multiples of step from low to high, both ends included."""
    if low > high or step <= 0:
        return []
    first = $down(low + step - 1, step)
    return [n for n in range(first, high + 1, step)]
`)
	s.fn("steps", "$near", "rounds a number to the nearest multiple of a step, halves upwards", `
(${11..49}) ; (${50..90}, 10) ; (7, 4) ; (${21..39}, 6) ; (17, 3) ; (10, 4) ; (5, 10) ; (15, 10)
(14, 10) ; ($step) ; (0) ; (-3, 10) ; (-5, 10) ; (-7, 10) ; (1, 1)`)
	s.fn("steps", "$snap", "rounds a number to a step and keeps it inside a range", `
(${20..40}) ; (${41..55}, 0, 50) ; (33, 10, 90, 20) ; (${high+7}) ; (${high-1}) ; ($high) ; (-4)
(2, 3, 9, 4) ; (47, 0, 45, 10) ; (12, 0, 50, 0) ; (77, 0, 50, 0) ; (-9, -20, 20, 8) ; (5, 5, 5)`)
	s.fn("steps", "$marks", "lists the multiples of a step between two numbers, ends included", `
(0, ${20..30}) ; (3, ${24..40}, 6) ; (1, 10, 3) ; (4, 12, 4) ; (5, 11, 4) ; (9, 9, 3) ; (7, 8, 5)
(-6, 6, 3) ; (6, 2, 2) ; (0, 0) ; (2, 9, 0) ; (1, $step)`)
}

func checkDigit(s *sketch) {
	s.draw("pkg: ticket badge voucher parcel", "digits: digits split_digits figures", "total: weighted_sum checksum weigh",
		"check: check_digit control_digit last_digit", "seal: seal stamp complete", "valid: is_valid looks_right verify",
		"mod: 10 11 9", "wa: 3 2 7", "wb: 1 4 5", "min: 4 5", "left?")
	s.flags["ten"] = s.words["mod"] == "11"
	s.module("figures", `
def $digits(code):
    """List the digits of a code, leaving out spaces and dashes."""
    return [int(c) for c in code.elems() if c.isdigit()]
`)
	s.target("control", `
load("$pkg/figures.star", "$digits")

WEIGHTS = [$wa, $wb]

def $total(numbers):
    """Sum the numbers, each times its weight; weights take turns."""
    result = 0
    for i, n in enumerate(numbers):  #?left
    for i, n in enumerate(reversed(numbers)):  #!left
        result += n * WEIGHTS[i % len(WEIGHTS)]
    return result

def $check(code):
    """Return the digit that makes the sum a multiple of $mod, "x" for ten."""  #?ten
    """Return the digit that makes the sum a multiple of $mod."""  #!ten
    rest = $total($digits(code)) % $mod
    if rest == 0:
        return "0"
    if $mod - rest == 10:  #?ten
        return "x"  #?ten
    return str($mod - rest)

def $seal(code, sep="-"):
    """Append the check digit to a code."""
    return code + sep + $check(code)

def $valid(code):
    """Tell whether the last character is the check digit of the rest."""
    if len(code) < $min:
        return False
    return code[-1] == $check(code[:-1])
`)
	s.fn("control", "$check", "works out the check digit of a code", `
("${1000..9999}") ; ("${10000..99999}") ; ("${100..999}") ; ("12 34") ; ("40-07") ; ("8") ; ("11") ; ("90") ; ("09")
("0000") ; ("") ; ("1") ; ("2") ; ("3") ; ("4")`)
	s.fn("control", "$seal", "adds the check digit to the end of a code", `
("${1000..9999}") ; ("${100..999}", "/") ; ("77", "") ; ("12-21") ; ("5 5 5") ; ("31", " ") ; ("13") ; ("0") ; ("", "")
("19283746") ; ("64738291")`)
	s.set("good", s.sealed("1"+s.value("100..999")))
	s.set("good2", s.sealed("73"))
	s.set("good3", s.sealed("7351"))
	s.fn("control", "$valid", "tells whether a code ends in its own check digit", `
("$good") ; ("$good3") ; ("${1000..9999}") ; ("${10000..99999}") ; ("$good2") ; ("0000") ; ("00000") ; ("000") ; ("1111") ; ("11111")
("12 345") ; ("") ; ("7") ; ("123x")`)
}

// sealed appends to a code the check digit that checkDigit's program would.
func (s *sketch) sealed(code string) string {
	weights, sum := []int{atoi(s.value("wa")), atoi(s.value("wb"))}, 0
	for i := range len(code) {
		at := i
		if !s.is("left") {
			at = len(code) - 1 - i
		}
		sum += int(code[at]-'0') * weights[i%2]
	}
	mod := atoi(s.value("mod"))
	return code + string("0123456789x"[(mod-sum%mod)%mod])
}

func plainFractions(s *sketch) {
	s.draw("pkg: ratio share pie mixer", "gcd: gcd common_part", "make: make simple reduced", "plus: plus add join",
		"cmp: compare order versus", "mixed: mixed spell written",
		"a: a p first", "b: b q second", "part: num top upper", "whole: den bottom lower")
	s.module("divisors", `
def $gcd(m, n):
    """Return the greatest number that divides both."""
    if n == 0:
        return abs(m)
    return $gcd(n, m % n)
`)
	s.target("fraction", `
load("$pkg/divisors.star", "$gcd")

def $make($part, $whole=1):
    """Return ($part, $whole) in lowest terms with $whole positive, or None."""
    if $whole == 0:
        return None
    shared = $gcd($part, $whole)
    if $whole < 0:
        shared = -shared
    return ($part // shared, $whole // shared)

def $plus($a, $b):
    """Add two fractions."""
    return $make($a[0] * $b[1] + $b[0] * $a[1], $a[1] * $b[1])

def $cmp($a, $b):
    """Return -1, 0 or 1 as the first is less, equal or greater."""
    left, right = $a[0] * $b[1], $b[0] * $a[1]
    if left < right:
        return -1
    if left > right:
        return 1
    return 0
`)
	s.module("show", `
load("$pkg/fraction.star", "$make")

def $mixed($part, $whole=1):
    """Write a fraction as a whole part and a rest: "2 1/3"."""
    f = $make($part, $whole)
    if f == None:
        return "none"
    sign = "-" if f[0] < 0 else ""
    n, rest = abs(f[0]) // f[1], abs(f[0]) % f[1]
    if rest == 0:
        return sign + str(n)
    if n == 0:
        return "%s%d/%d" % (sign, rest, f[1])
    return "%s%d %d/%d" % (sign, n, rest, f[1])
`)
	s.fn("fraction", "$make", "brings a fraction to lowest terms", `
(6, 8) ; (${2..9}, ${4..12}) ; (10, 5) ; (9, 6) ; (7) ; (3, 3) ; (5, 7) ; (0, 4) ; (4, -6) ; (-4, 6) ; (-9, -3) ; (3, 0) ; (0, -2)`)
	s.fn("fraction", "$plus", "adds up two fractions", `
((1, 2), (1, 3)) ; ((${1..5}, 6), (1, ${2..9})) ; ((2, 3), (4, 3)) ; ((1, 4), (1, 4)) ; ((3, 5), (2, 7)) ; ((1, 2), (-1, 2))
((0, 3), (2, 5)) ; ((5, 1), (1, 5)) ; ((-1, 3), (1, 6)) ; ((7, 2), (7, 2)) ; ((1, 6), (3, 10))`)
	s.fn("fraction", "$cmp", "tells which of two fractions is larger", `
((1, 2), (1, 3)) ; ((1, 3), (1, 2)) ; ((${1..4}, 5), (2, 3)) ; ((2, 4), (1, 2)) ; ((3, 4), (4, 5)) ; ((-1, 2), (1, 2)) ; ((-1, 2), (-1, 3))
((0, 2), (0, 5)) ; ((5, 1), (9, 2)) ; ((7, 3), (7, 3)) ; ((1, 9), (0, 1))`)
	s.fn("show", "$mixed", "writes a fraction as a whole number and a rest", `
(7, 3) ; (${10..30}, 4) ; (5, 2) ; (3, 4) ; (8, 4) ; (6) ; (4, 4) ; (-7, 3) ; (-1, 2) ; (-4, 2) ; (1, -3) ; (0, 5) ; (2, 0)`)
	s.targetOneOf("fraction", "show")
}

func primeFactors(s *sketch) {
	s.draw("pkg: sieve factory prime tiles", "prime: is_prime prime has_no_divisor", "factors: factors split_up factorise",
		"next: next_prime prime_after", "count: count_divisors divisor_count", "twins: twins pairs neighbours", "gapname: gap apart distance", "n: n number value", "gap: 2 4 6", "all?")
	s.target("primes", `
def $prime($n):
    """Tell whether $n is a prime number."""
    if $n < 2:
        return False
    for d in range(2, $n):  #!all
        if d * d > $n:  #!all
            break  #!all
        if $n % d == 0:  #!all
            return False  #!all
    return True  #!all
    return all([$n % d != 0 for d in range(2, $n // 2 + 1)])  #?all

def $factors($n):
    """List the prime factors of $n, smallest first, repeats kept."""
    out = []
    d = 2
    for _ in range($n):
        if $n <= 1:
            break
        if $n % d == 0:
            out.append(d)
            $n //= d
        else:
            d += 1
    return out

def $next($n):
    """Return the smallest prime above $n."""
    for m in range($n + 1, 2 * $n + 3):
        if $prime(m):
            return m
    return 2
`)
	s.module("facts", `
load("$pkg/primes.star", "$factors", "$prime")

def $count($n):
    """Count the divisors of $n."""
    if $n < 1:
        return 0
    parts, total = $factors($n), 1
    for p in set(parts):
        total *= len([q for q in parts if q == p]) + 1
    return total

def $twins(limit, $gapname=$gap):
    """List the pairs of primes up to limit that lie so far apart."""
    out = []
    for p in range(limit - $gapname + 1):
        if $prime(p) and $prime(p + $gapname):
            out.append((p, p + $gapname))
    return out
`)
	s.fn("primes", "$prime", "tells whether a number is prime", `
(7) ; (${20..60}) ; (${61..120}) ; (15) ; (97) ; (91) ; (4) ; (9) ; (25) ; (49) ; (3) ; (2) ; (1) ; (0) ; (-7)`)
	s.fn("primes", "$factors", "splits a number into its prime factors", `
(12) ; (${30..90}) ; (${91..150}) ; (60) ; (49) ; (97) ; (64) ; (35) ; (4) ; (3) ; (2) ; (1) ; (0)`)
	s.fn("primes", "$next", "finds the next prime after a number", `
(10) ; (${14..40}) ; (${41..95}) ; (7) ; (8) ; (24) ; (13) ; (3) ; (2) ; (1) ; (0) ; (-5) ; (89)`)
	s.fn("facts", "$count", "counts how many numbers divide a number", `
(12) ; (${20..60}) ; (36) ; (13) ; (16) ; (30) ; (8) ; (6) ; (2) ; (1) ; (0)`)
	s.fn("facts", "$twins", "lists pairs of primes a fixed distance apart", `
(${20..40}) ; (${30..60}, 2) ; (30, 4) ; (30, 6) ; (13, 2) ; (12, 2) ; (5, 2) ; (4, 2) ; (5, 1) ; (3, 1) ; (2, 2) ; (0)`)
	s.targetOneOf("primes", "primes", "facts")
}

func numberBases(s *sketch) {
	s.draw("pkg: radix codes locker plates", "to: to_base encode write_in", "from: from_base decode read_from",
		"pad: padded fixed_width fill_left", "inc: bump next_code after", "base: 16 8 5 12", "width: 4 3 5", "n: n number value", "text: text code digits")
	s.module("alphabet", `
SYMBOLS = "0123456789abcdefghijklmnopqrstuvwxyz"

def symbol_value(c):
    """Return what a symbol stands for, -1 when it is none."""
    return SYMBOLS.find(c.lower())
`)
	s.target("convert", `
load("$pkg/alphabet.star", "SYMBOLS", "symbol_value")

def $to($n, base=$base):
    """Write $n in a base from 2 to 36."""
    if $n < 0:
        return "-" + $to(-$n, base)
    if $n < base:
        return SYMBOLS[$n]
    return $to($n // base, base) + SYMBOLS[$n % base]

def $from($text, base=$base):
    """Read a number written in a base; None when a symbol does not fit."""
    sign, total = 1, 0
    if $text.startswith("-"):
        sign, $text = -1, $text[1:]
    if $text == "":
        return None
    for c in $text.elems():
        digit = symbol_value(c)
        if digit < 0 or digit >= base:
            return None
        total = total * base + digit
    return sign * total

def $pad($n, base=$base, width=$width):
    """Write $n with zeros in front up to a width."""
    out = $to($n, base)
    return "0" * (width - len(out)) + out

def $inc($text, base=$base):
    """Return the code after $text, at least as wide."""
    $n = $from($text, base)
    if $n == None:
        return $text
    return $pad($n + 1, base, len($text))
`)
	s.fn("convert", "$to", "writes a number in another base", `
(${50..400}) ; (${100..999}, 16) ; (10, 2) ; (255, 16) ; (35, 36) ; (36, 36) ; (64, 8) ; (63, 8) ; ($base) ; (${base-1}) ; (-10, 3) ; (1, 2) ; (0)`)
	s.fn("convert", "$from", "reads a number written in another base", `
("${10..44}") ; ("ff", 16) ; ("1011", 2) ; ("z", 36) ; ("77", 8) ; ("FF", 16) ; ("-21", 3) ; ("12", 2) ; ("8", 8) ; ("1-1") ; ("00") ; ("-") ; ("")`)
	s.fn("convert", "$pad", "writes a number with leading zeros up to a width", `
(${3..20}) ; (${50..300}, 16) ; (5, 2, 6) ; (255, 16, 2) ; (256, 16, 2) ; (7, 8, 1) ; (8, 8, 1) ; (0) ; (0, 10, 0) ; (12, 10, 3) ; (1, 2, 8)`)
	s.fn("convert", "$inc", "gives the code that follows another, keeping its width", `
("001") ; ("0${10..39}") ; ("0f", 16) ; ("ff", 16) ; ("99", 10) ; ("009", 10) ; ("1", 2) ; ("011", 2) ; ("az", 36) ; ("?") ; ("") ; ("0")`)
}

func gradeBands(s *sketch) {
	s.draw("pkg: exam quiz marks course", "percent: percent share_of rate", "grade: grade band grade_for", "final: final_grade overall result",
		"passed: passed cleared made_it", "top: 90 85 88", "mid: 75 70 72", "low: 60 50 55", "drop: 1 2", "bonus: 5 3 4", "points: points earned got",
		"round?")
	s.module("bands", `
BANDS = [($top, "A"), ($mid, "B"), ($low, "C")]

def $grade(score):
    """Return the letter of the first band whose floor the score reaches."""
    for floor, letter in BANDS:
        if score >= floor:
            return letter
    return "F"
`)
	s.target("report", `
load("$pkg/bands.star", "$grade")

def $percent($points, possible):
    """Return $points of possible as whole percent, from 0 to 100."""
    if possible <= 0:
        return 0
    share = ($points * 200 + possible) // (2 * possible)  #?round
    share = $points * 100 // possible  #!round
    return max(0, min(100, share))

def mean_score(scores, drop=0):
    """Average the scores without the lowest few."""
    kept = sorted(scores)[drop:]
    total = 0
    for score in kept:
        total += score
    return total // len(kept) if kept else 0

def $final(scores, attended=True, drop=$drop):
    """Grade a list of scores; attendance earns $bonus points."""
    if not scores:
        return "-"
    score = mean_score(scores, drop if len(scores) > drop else 0)
    if attended:
        score += $bonus
    return $grade(min(score, 100))

def $passed(results, least=$low):
    """List the names whose score is at least the pass mark, best first."""
    names = [name for name in results if results[name] >= least]
    return sorted(names, key=lambda name: (-results[name], name))
`)
	s.draw("p1: @people", "p2: @people", "p3: @people", "p4: @people")
	s.fn("report", "$percent", "turns points into a percentage", `
(${11..19}, 20) ; (${20..49}, ${60..90}) ; (1, 3) ; (2, 3) ; (1, 8) ; (7, 7) ; (0, 10) ; (12, 10) ; (-1, 10) ; (5, 0) ; (1, 200) ; (1, 201) ; (199, 200)`)
	s.fn("report", "mean_score", "averages scores after dropping the lowest", `
([70, 80, ${81..95}]) ; ([${40..60}, 90, 100], 1) ; ([10, 20, 30], 2) ; ([90, 10, 50], 1) ; ([55]) ; ([55], 1) ; ([1, 2]) ; ([0, 0, 9], 1) ; ([5, 6, 7, 8], 3) ; ([]) ; ([], 1)`)
	s.fn("report", "$final", "works out the letter grade from all scores and attendance", `
([${80..95}, ${80..95}, 70]) ; ([$mid, $mid, $mid], False) ; ([${mid-1}, ${mid-1}, ${mid-1}], False) ; ([${top-4}, ${top-4}, 20, 10]) ; ([${low-4}, ${low-4}, ${low-4}])
([$low], False) ; ([${low-1}]) ; ([100, 100, 100]) ; ([$top, 0], True, 1) ; ([40, 50, 90], False, 0) ; ([]) ; ([0, 0, 0], True, 0)`)
	s.fn("report", "$passed", "lists who passed, best score first", `
({"$p1": 90, "$p2": 40, "$p3": 75}) ; ({"$p1": 61, "$p2": ${62..99}}) ; ({"$p2": 80, "$p1": 80, "$p3": 85}) ; ({"$p1": $low}) ; ({"$p1": ${low-1}}) ; ({"$p4": 30, "$p1": 20}, 20)
({"$p3": 20, "$p2": 20, "$p1": 20}, 20) ; ({"$p1": 100, "$p2": 99, "$p3": 100}, 100) ; ({"$p1": 0}, 0) ; ({}) ; ({"$p1": 70, "$p4": 95, "$p2": 66, "$p3": 95})`)
}

func sampleStats(s *sketch) {
	s.draw("pkg: sensor survey readings lab", "mean: mean average typical", "median: median middle", "mode: mode commonest most_seen",
		"trim: trimmed without_ends robust", "out: outliers oddities far_off", "cut: 1 2", "far: 10 8 12", "xs: values data samples", "lower?")
	s.target("stats", `
def total($xs):
    """Add up the $xs."""
    result = 0
    for x in $xs:
        result += x
    return result

def $mean($xs, default=0):
    """Return the mean, rounded down; default when there is nothing."""
    if not $xs:
        return default
    return total($xs) // len($xs)

def $median($xs):
    """Return the middle one of the $xs, the lower of two."""  #?lower
    """Return the middle one of the $xs, the upper of two."""  #!lower
    if len($xs) == 0:
        return None
    return sorted($xs)[(len($xs) - 1) // 2]  #?lower
    return sorted($xs)[len($xs) // 2]  #!lower

def $mode($xs):
    """Return the value seen most often; the smallest of several."""
    seen = {}
    for x in $xs:
        seen[x] = seen.get(x, 0) + 1
    best = None
    for x in sorted(seen):
        if best == None or seen[x] > seen[best]:
            best = x
    return best
`)
	s.module("clean", `
load("$pkg/stats.star", "$mean", "$median")

def $trim($xs, cut=$cut):
    """Return the mean without the cut lowest and cut highest."""
    if len($xs) <= 2 * cut:
        return $mean($xs)
    return $mean(sorted($xs)[cut:len($xs) - cut])

def $out($xs, far=$far):
    """List the $xs more than far from the median, in order."""
    mid = $median($xs)
    return [x for x in $xs if abs(x - mid) > far]
`)
	s.fn("stats", "$mean", "averages a list of numbers, rounding down", `
([2, 4, ${6..12}]) ; ([${10..30}, ${10..30}, 5]) ; ([1, 2]) ; ([7]) ; ([0, 0]) ; ([-3, 3, 3]) ; ([-1, -2]) ; ([100, 1]) ; ([]) ; ([], 5) ; ([9, 9], 5)`)
	s.fn("stats", "$median", "finds the middle value of a list", `
([3, 1, 2]) ; ([${10..30}, 5, 40, 7]) ; ([4, 3, 2, 1]) ; ([9, 9, 1]) ; ([1, 2]) ; ([2, 1]) ; ([8]) ; ([-5, 5, 0]) ; ([1, 1, 2, 2]) ; ([6, 5, 4, 3, 2]) ; ([])`)
	s.fn("stats", "$mode", "finds the value that appears most often", `
([1, 2, 2, 3]) ; ([${4..9}, 3, 3, ${4..9}]) ; ([5, 5, 1, 1]) ; ([7]) ; ([3, 2, 1]) ; ([0, 0, 4]) ; ([-1, -1, 2]) ; ([2, 2, 2, 1, 1]) ; ([1, 1, 2, 2, 2]) ; ([9, 8, 9, 8, 7]) ; ([])`)
	s.fn("clean", "$trim", "averages the values after cutting off both extremes", `
([1, 5, 6, 100]) ; ([${1..9}, 50, 60, 70, 900]) ; ([1, 2, 3], 1) ; ([1, 9], 1) ; ([4, 8, 90, 2], 0) ; ([10, 20, 30, 40, 50], 2) ; ([10, 20, 30, 45], 2)
([5]) ; ([]) ; ([0, 0, 0, 9, 90], 1) ; ([7, 7, 7, 7, 7, 7])`)
	s.fn("clean", "$out", "lists values that lie far from the median", `
([10, 11, 12, ${40..60}]) ; ([5, 5, 5, 90, -70]) ; ([0, $far]) ; ([0, ${far+1}]) ; ([20, 0, 40], 20) ; ([21, 0, 43], 20) ; ([1, 2, 3], 0) ; ([4]) ; ([]) ; ([50, 1, 2, 3, 51]) ; ([-30, 0, 1])`)
}

func closedRanges(s *sketch) {
	s.draw("pkg: booking spans shifts rooms", "size: length size day_count", "over: overlap shared common", "merge: merge combine squash",
		"free: gaps free_slots openings", "fits: fits has_room can_place", "a: a left one", "b: b right two", "start: 0 1", "end: 30 24 20", "touch?")
	s.module("span", `
def $size(span):
    """Count the days in a (first, last) span, both included."""
    return max(0, span[1] - span[0] + 1)

def $over($a, $b):
    """Return the days that two spans share, or None."""
    first, last = max($a[0], $b[0]), min($a[1], $b[1])
    return (first, last) if first <= last else None
`)
	s.target("plan", `
load("$pkg/span.star", "$over", "$size")

def $merge(spans):
    """Join spans that overlap or touch; the result is sorted."""  #?touch
    """Join spans that overlap; the result is sorted."""  #!touch
    out = []
    for first, last in sorted(spans):
        if out and first <= out[-1][1] + 1:  #?touch
        if out and first <= out[-1][1]:  #!touch
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return out

def $free(spans, start=$start, end=$end):
    """List the spans from start to end that nothing covers."""
    out, at = [], start
    for first, last in $merge(spans):
        if first > at:
            out.append((at, min(first - 1, end)))
        at = max(at, last + 1)
    if at <= end:
        out.append((at, end))
    return out

def $fits(spans, days, start=$start, end=$end):
    """Return the first free span of that many days, or None."""
    for gap in $free(spans, start, end):
        if $size(gap) >= days:
            return (gap[0], gap[0] + days - 1)
    return None
`)
	s.fn("span", "$over", "finds the days that two spans have in common", `
((1, 5), (3, 9)) ; ((${1..4}, 8), (2, ${5..12})) ; ((1, 3), (3, 6)) ; ((1, 3), (4, 6)) ; ((4, 6), (1, 3)) ; ((1, 9), (4, 5)) ; ((2, 2), (2, 2)) ; ((5, 6), (1, 5)) ; ((0, 0), (1, 1)) ; ((1, 4), (1, 4)) ; ((-3, 0), (-1, 5))`)
	s.fn("plan", "$merge", "joins spans of days that belong together", `
([(1, 3), (2, 6)]) ; ([(8, ${9..12}), (1, 4), (3, 5)]) ; ([(1, 2), (3, 4)]) ; ([(1, 2), (4, 5)]) ; ([(1, 9), (2, 3)]) ; ([(5, 6), (1, 2)]) ; ([(1, 3), (3, 5)]) ; ([(4, 4)]) ; ([]) ; ([(1, 2), (5, 6), (6, 9), (20, 30), (8, 12)]) ; ([(1, 5), (1, 5)]) ; ([(1, 2), (2, 3), (3, 4), (9, 9)])`)
	s.fn("plan", "$free", "lists the free spans between bookings", `
([(3, 5), (9, 10)]) ; ([(${4..6}, ${8..12})], 1, 15) ; ([(1, 4)], 1, 9) ; ([(6, 9)], 1, 9) ; ([(1, 9)], 1, 9) ; ([(2, 8)], 1, 9) ; ([(5, 5), (7, 7)], 5, 9) ; ([(3, 12)], 1, 9) ; ([], 4, 4) ; ([]) ; ([(1, 2), (3, 4)], 1, 6)`)
	s.fn("plan", "$fits", "finds the first free span long enough for a stay", `
([(3, 5), (9, 10)], 3) ; ([(${4..6}, 12)], 4) ; ([(3, 5), (9, 10)], 4) ; ([(4, 6)], 3, 1, 9) ; ([(3, 6)], 3, 1, 9) ; ([(3, 7)], 3, 1, 9) ; ([(1, 9)], 1, 1, 9) ; ([], 9, 1, 9) ; ([], 10, 1, 9) ; ([], 1, 7, 7) ; ([(2, 3)], 1, 1, 4)`)
}
