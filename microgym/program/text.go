package program

import "strings"

// text lists the templates about words and lines.
func text() []Template {
	return []Template{
		sketched("word_wrap", "text", wordWrap),
		sketched("slug", "text", slug),
		sketched("headline_case", "text", headlineCase),
		sketched("text_table", "text", textTable),
		sketched("mask_secrets", "text", maskSecrets),
		sketched("word_counts", "text", wordCounts),
		sketched("letter_shift", "text", letterShift),
		sketched("english_lists", "text", englishLists),
	}
}

func wordWrap(s *sketch) {
	s.draw("pkg: leaflet column paragraphs galley", "wrap: wrap fold reflow break_lines", "clip: clip shorten cut_text",
		"center: center middle pad_both", "page: page sheet render_page", "line: line row current", "word: word piece token",
		"width = ${12..24}", "dots: ...|..|~", "fill: .|-|=", "w: @goods", "v: @places", "fit?")
	full := strings.Repeat("lorem-ipsum+", 3)[:atoi(s.value("width"))]
	s.set("full", full)
	s.set("part", full[2:])
	s.target("layout", `
"""Fitting text into a column."""

def $wrap(text, width=$width):
    """Break text into lines of at most width characters; a longer word stands alone."""
    lines = []
    $line = ""
    for $word in text.split():
        if not $line:
            $line = $word
        elif len($line) + 1 + len($word) <= width:
            $line += " " + $word
        else:
            lines.append($line)
            $line = $word
    if $line:
        lines.append($line)
    return lines

def $clip(text, width=$width):
    """Shorten text to width characters, with "$dots" where something was cut."""
    if len(text) <= width:
        return text
    mark = "$dots"
    if width <= len(mark):
        return text[:width]
    return text[:width - len(mark)] + mark

def $center(text, width, fill=" "):
    """Put fill on both sides of text; the odd one goes to the right."""
    gap = width - len(text)
    if gap <= 0:
        return text  #!fit
        return text[:width]  #?fit
    left = gap // 2
    return fill * left + text + fill * (gap - left)
`)
	s.module("page", `
load("$pkg/layout.star", "$center", "$clip", "$wrap")

def $page(title, body, width=$width):
    """A page: the title centered, a rule, then the body in lines."""
    return [$center($clip(title, width), width, "$fill"), "-" * width] + $wrap(body, width)
`)
	s.fn("layout", "$wrap", "breaks a text into lines no longer than the width", calls(`
		"the $w is on the table in $v", ${9..13} ; "one two three four five", ${8..10}
		"$w $v and some more words that go on" ; "a $part b" ; "$part ab c" ; "exact fit", 9 ; "exact fit", 8
		"a bb ccc dddd", 6 ; "a bb ccc dddd", 4 ; "aa bb", 5 ; "extraordinary", 5 ; "an extraordinary $w", 6
		"  spaced   out  ", 20 ; "x", 1 ; "", 10 ; "   ", 4
	`))
	s.fn("layout", "$clip", "shortens a text to a width and marks the cut", calls(`
		"hello $w", ${6..9} ; "the road to $v is long" ; "$full" ; "${full}s" ; "$part $w" ; "abcdefgh", 5 ; "abcdefgh", 7
		"abcdefgh", 8 ; "abcdefgh", 9 ; "abcdefgh", 4 ; "abcdefgh", 3 ; "abcdefgh", 2 ; "abcdefgh", 1 ; "abcdefgh", 0 ; "", 0
		"", 5
	`))
	s.fn("layout", "$center", "puts a text in the middle of a width", calls(`
		"$w", 12 ; "$w", 13 ; "$v", ${9..14}, "$fill" ; "abc", 6, "$fill" ; "abc", 7, "$fill" ; "abc", 4, "*" ; "abc", 5, "*"
		"abc", 3 ; "abc", 2 ; "", 4, "$fill" ; "", 3, "$fill" ; "", 0
	`))
	s.fn("page", "$page", "lays out a title and a body on a page", calls(`
		"$w", "all about $w and $v", 14 ; "News", "nothing new in $v today" ; "A title far too long", "short", 10
		"Odd", "some words here", 8 ; "Even", "some words here", 8 ; "abc", "aa bb cc dd", 5 ; "abc", "aa bb cc dd", 3
		"", "only a body", 6 ; "only a title", "", 16 ; "", "", 4
	`))
}

func slug(s *sketch) {
	s.draw("pkg: permalink urls handles", "slug: slug slugify make_slug", "clean: clean simplify plain_chars", "free: free_slug unique_slug fresh_slug",
		"link: link url_for permalink_for", "sep: - _", "limit = ${16..28}", "first = ${2..3}", "out: out kept chars", "w: @goods", "v: @places", "drop?")
	full := strings.Repeat("lorem2ipsum4", 3)[:atoi(s.value("limit"))]
	s.set("full", full)
	s.set("part", full[2:])
	s.target("slugs", `
"""Names that are safe in an address."""

def $clean(text, sep="$sep"):
    """Lower-case text with one sep for each run of other characters."""
    $out = ""
    for c in text.lower().elems():
        if c.isalnum():
            $out += c
        elif c == "'":  #?drop
            continue  #?drop
        elif $out and not $out.endswith(sep):
            $out += sep
    return $out.rstrip(sep)

def $slug(title, limit=$limit):
    """The slug of a title, cut between words to at most limit characters."""
    text = $clean(title)
    if len(text) <= limit:
        return text
    cut = text[:limit + 1].rfind("$sep")
    if cut <= 0:
        return text[:limit]
    return text[:cut]

def $free(title, taken, limit=$limit):
    """A slug that is not in taken: numbered from $first when it has to be."""
    base = $slug(title, limit)
    if base not in taken:
        return base
    for n in range($first, len(taken) + ${first+1}):
        name = base + "$sep" + str(n)
        if name not in taken:
            return name
`)
	s.module("pages", `
load("$pkg/slugs.star", "$free", "$slug")

def $link(titles, root="/"):
    """The addresses of pages, in order, no two the same."""
    taken = []
    for title in titles:
        taken.append($free(title, taken))
    return [root + name for name in taken]
`)
	s.fn("slugs", "$clean", "turns text into lower-case words with single separators", calls(`
		"Hello World" ; "The $w of $v!" ; "Fast, cheap & good" ; "$w  --  $v" ; "it's 5 o'clock" ; "Top 10 Ways", "_"
		"A.B.C", "." ; "  padded  " ; "...dots..." ; "ALREADY-clean-9" ; "a" ; "?!" ; ""
	`))
	s.fn("slugs", "$slug", "makes a short address name out of a title", calls(`
		"Hello World" ; "How the $w came to $v and stayed" ; "One Two Three Four Five Six Seven" ; "$full" ; "${full}s"
		"$part a b" ; "$part ab c" ; "red green blue", 9 ; "red green blue", 10 ; "red green blue", 8 ; "red green blue", 13
		"red green blue", 14 ; "red green blue", 3 ; "red green blue", 2 ; "unbreakable", 5 ; "unbreakable", 11 ; "a b c", 1
		"", 5
	`))
	s.fn("slugs", "$free", "finds an address name that nobody has taken", calls(`
		"Hello World", ["hello"] ; "Hello", ["hello"] ; "Hello", ["hello", "hello${sep}2"]
		"Hello", ["hello", "hello${sep}3"] ; "$part a b", [] ; "$part ab", [] ; "Hello", ["hello${sep}2"]
		"$w", ["$w", "$v", "$w${sep}2", "$w${sep}3"] ; "$w", ["$v"] ; "Red Green", ["red"], 5
		"Red Green", ["red${sep}green"], 5 ; "Hello", [] ; "", [""] ; "", []
	`))
	s.fn("pages", "$link", "gives every page its own address", calls(`
		["Home", "About us", "$w"] ; ["$w", "$v", "$w"] ; ["Same", "same", "SAME!"] ; ["It's $w", "it's $v"]
		["Same", "same", "SAME!", "same?"] ; ["A", "B", "A", "B"], "/docs/" ; ["One two three four five six seven eight"]
		["x", "x ", "y"], "" ; ["$v"] ; ["", "a"] ; ["?", "!"] ; []
	`))
}

func headlineCase(s *sketch) {
	s.draw("pkg: headlines titles masthead", "title: title headline title_case", "initials: initials monogram", "camel: camel to_camel camel_case",
		"snake: snake to_snake snake_case", "byline: byline credit", "small: SMALL MINOR LITTLE", "cap: cap upper_first capital", "word: word w token",
		"min = ${2..3}", "dot: .|.|-", "tail?", "p: @people", "q: @people", "w: @goods", "pick: a an the of|of in on the|and of the to")
	s.target("titles", `
"""Letter case for titles and names."""

$small = "$pick".split(" ")

def $cap(word):
    """The word with its first letter in upper case, the rest as it was."""
    if not word:
        return word
    return word[0].upper() + word[1:]

def $title(text):
    """Capitals on each word but small ones; first and last always."""  #?tail
    """Capitals on each word but small ones; the first always."""  #!tail
    words = text.lower().split()
    last = len(words) - 1  #?tail
    out = []
    for i, $word in enumerate(words):
        if $word in $small and i > 0 and i < last:  #?tail
        if $word in $small and i > 0:  #!tail
            out.append($word)
        else:
            out.append($cap($word))
    return " ".join(out)

def $snake(name):
    """firstName as first_name."""
    out = ""
    for i, c in enumerate(name.elems()):
        if c.isupper():
            if i > 0 and not name[i - 1].isupper():
                out += "_"
            out += c.lower()
        else:
            out += c
    return out
`)
	s.module("people", `
load("$pkg/titles.star", "$cap", "$title")

def $initials(name, most=$min):
    """The first letters of at most so many names."""
    return "".join([$cap(n)[0] + "$dot" for n in name.split()[:most]])

def $byline(text, author):
    """A title and who wrote it."""
    if not author:
        return $title(text)
    return $title(text) + ", by " + $initials(author)
`)
	s.fn("titles", "$cap", "puts a capital at the start of a word", calls(`
		"$w" ; "$p" ; "hello" ; "hELLO" ; "Already" ; "two words" ; "iPhone" ; "9lives" ; "-dash" ; "x" ; ""
	`))
	s.fn("titles", "$title", "writes a headline in title case", calls(`
		"the $w of $q" ; "a tale of two cities" ; "up and over the hill to the sea" ; "THE END" ; "$w in the $w"
		"of mice and men" ; "what is it made of" ; "to be in the" ; "on an island" ; "the" ; "one" ; "  spaced   out  " ; ""
	`))
	s.fn("titles", "$snake", "turns a camel-case name into one with underscores", calls(`
		"firstName" ; "maxRetryCount" ; "HelloWorld" ; "parseHTML" ; "HTMLPage" ; "aB" ; "AB" ; "plain" ; "has_under"
		"v2Beta" ; "X" ; ""
	`))
	s.fn("people", "$initials", "gives the initials of a person", calls(`
		"$p $q" ; "ada king lovelace" ; "ada king of lovelace" ; "$p" ; "Ann B. Cole" ; "john q public", 1
		"john q public", 2 ; "john q public", 3 ; "john q public", 0 ; "  $q  $p " ; ""
	`))
	s.fn("people", "$byline", "joins a headline with the initials of its author", calls(`
		"the $w thief", "$p $q" ; "a day in the life of a $w", "$q" ; "notes on the war", "carl von clause witz" ; "of", "$p"
		"love and war", "leo" ; "THE $w AND THE SEA", "e hem" ; "to", "" ; "what we are made of", "" ; "", "" ; "", "$p"
	`))
}

func textTable(s *sketch) {
	s.draw("pkg: tables report ledgerview", "widths: column_widths measure find_widths", "cell: cell pad fit_cell", "row: row_text format_row line_for",
		"table: table render draw_table", "rule: =|-|~", "min = ${2..4}", "cells: cells fields items", "w: @goods", "v: @goods", "foot?")
	s.set("gap", pick(s.r, "|", ":"))
	s.target("columns", `
"""Columns of text under one another."""

def $widths(rows, least=$min):
    """The width of each column: its longest cell, but never under least."""
    out = []
    for $cells in rows:
        for i, value in enumerate($cells):
            size = len(str(value))
            if i == len(out):
                out.append(max(size, least))
            elif size > out[i]:
                out[i] = size
    return out

def $cell(value, width):
    """A value as wide as its column: numbers to the right, text to the left."""
    text = str(value)
    space = " " * (width - len(text))
    if type(value) == "int":
        return space + text
    return text + space

def $row($cells, widths):
    """One line; missing cells stay empty."""
    out = []
    for i, width in enumerate(widths):
        out.append($cell($cells[i] if i < len($cells) else "", width))
    return " $gap ".join(out).rstrip()
`)
	s.module("table", `
load("$pkg/columns.star", "$row", "$widths")

def $table(head, rows):
    """The lines of a table with a rule under its head."""
    if not rows:
        return [" $gap ".join(head)]
    sizes = $widths([head] + rows)
    lines = [$row(head, sizes), "$rule" * (sum_of(sizes) + 3 * (len(sizes) - 1))]
    for r in rows:
        lines.append($row(r, sizes))
    lines.append("%d rows" % len(rows))  #?foot
    return lines

def sum_of(numbers):
    """The total of a list."""
    total = 0
    for n in numbers:
        total += n
    return total
`)
	s.fn("columns", "$widths", "measures how wide the columns of a table must be", calls(`
		[["$w", ${1..9}], ["$v", ${10..999}]] ; [["name", "count"], ["$w", ${1..99}], ["watermelon", 7]]
		[["a", "bbbbbb"], ["aaaaaa", "b"]] ; [["abcde"], ["abc"], ["abcdefg"]] ; [["x", "y", "z"]], 1
		[["ab", "abc", "abcd"]], 3 ; [["a"], ["a", "bb"], ["a", "b", "ccccc"]] ; [["long first", "b"], ["a"]] ; [[""]], 0
		[[12345, -3]], 2 ; [[]] ; []
	`))
	s.fn("columns", "$cell", "pads a value to the width of its column", calls(`
		"$w", 8 ; ${1..99}, 5 ; "$v", ${7..9} ; -4, 4 ; 0, 3 ; "12", 4 ; "abc", 3 ; "abc", 2 ; 1234, 4 ; 12345, 4 ; "", 3
		None, 6
	`))
	s.fn("columns", "$row", "writes one line of a table", calls(`
		["$w", ${1..9}], [7, 3] ; ["$w", "$v"], [8, 8] ; ["a", "b", "c"], [1, 2, 3] ; ["a", 5], [4, 4] ; ["a"], [3, 3]
		[5], [3, 2] ; ["a", "b", "c"], [2, 2] ; ["", "b"], [2, 2] ; ["", ""], [2, 2] ; ["abc", "d"], [2, 1] ; [], [3]
		["a"], []
	`))
	s.fn("table", "$table", "draws a table with a head and a rule", calls(`
		["name", "n"], [["$w", ${1..9}], ["$v", ${10..99}]] ; ["item", "price"], [["$w", 5]]
		["a", "b"], [["x", "y"], ["xx", "yyyyyy"]] ; ["only"], [["1"], ["22"], ["a long value"]]
		["k", "v"], [["a"], ["b", 2]] ; ["k"], [["a", "extra"]] ; ["h"], [[1]] ; ["wide header", "w"], [[1, 2], [30, 400]]
		["a", "b"], [] ; [], [] ; ["x"], [[]]
	`))
}

func maskSecrets(s *sketch) {
	s.draw("pkg: privacy redact shroud", "mask: mask hide cover", "email: mask_email hide_email blur_email", "card: is_card looks_like_card card_like",
		"scrub: scrub censor redact_words", "keep = ${2..4}", "star: * # x", "short = ${12..14}", "long = ${16..19}", "p: @people", "v: @places", "w: @goods", "front?")
	digits := strings.Repeat("40012345678", 2)
	s.set("least", digits[:atoi(s.value("short"))])
	s.set("most", digits[:atoi(s.value("long"))])
	s.target("masks", `
"""Hiding what logs must not show."""

def $mask(secret, keep=$keep, mark="$star"):
    """Hide all but the last keep characters; a secret that short is hidden whole."""  #!front
    """Hide all but the first keep characters; a secret that short is hidden whole."""  #?front
    hidden = len(secret) - keep
    if hidden <= 0:
        return mark * len(secret)
    return secret[:keep] + mark * hidden  #?front
    return mark * hidden + secret[hidden:]  #!front

def $email(address):
    """Show the first letter of the name and the whole host."""
    at = address.rfind("@")
    if at < 0:
        return $mask(address)
    if at <= 1:
        return "$star" + address[at:]
    return address[0] + "$star" * (at - 1) + address[at:]

def $card(word):
    """Whether a word has as many digits as a card number, dashes aside."""
    digits = word.replace("-", "")
    return digits.isdigit() and len(digits) >= $short and len(digits) <= $long
`)
	s.module("logs", `
load("$pkg/masks.star", "$card", "$email", "$mask")

def $scrub(line, banned=[]):
    """A log line with addresses, card numbers and banned words hidden."""
    out = []
    for word in line.split(" "):
        if "@" in word:
            word = $email(word)
        elif $card(word):
            word = $mask(word)
        elif word.lower() in banned:
            word = $mask(word, 0)
        out.append(word)
    return " ".join(out)
`)
	s.fn("masks", "$mask", "hides most of a secret", calls(`
		"password${10..99}" ; "$w-$v" ; "abcdefgh", 3 ; "abcdefgh", 1 ; "abcd", 4 ; "abcd", 5 ; "abcde", 4, "?"
		"abcd", 3, "?" ; "abc", 0 ; "a", 1 ; "ab", 1 ; "", 2 ; "", 0
	`))
	s.fn("masks", "$email", "hides the name in an e-mail address", calls(`
		"$p@$v.org" ; "$p.$w@mail.net" ; "someone@example.com" ; "ab@c.d" ; "a@c.d" ; "@c.d" ; "abc@" ; "odd@name@host"
		"@here" ; "not an address" ; "$w" ; "abc" ; ""
	`))
	s.fn("masks", "$card", "tells whether a word could be a card number", calls(`
		"4000123412341234" ; "4000-1234-1234-1234" ; "$least" ; "1-$least" ; "4$least" ; "${short}000000000" ; "$most"
		"1-$most" ; "${most}2" ; "5551234" ; "400012341234123x" ; "$w" ; "----------------" ; ""
	`))
	s.fn("logs", "$scrub", "cleans a log line of private things", calls(`
		"login by $p@$v.org ok" ; "paid with 4000123412341234 in $v" ; "the $w is $v", ["$w"]
		"The $w IS here", ["is", "the"] ; "$p and $p@x.y and $p", ["$p"] ; "card 1234-1234-1234 ok" ; "$least or $most"
		"9$most 9$least" ; "mail a@b.c twice a@b.c" ; "call 5551234 now" ; "double  space $w", ["$w", ""] ; "nothing to hide"
		"Secret", ["secret"] ; ""
	`))
}

func wordCounts(s *sketch) {
	s.draw("pkg: wordstat corpus essays", "words: words split_words tokens", "count: count tally frequencies", "top: top most_common leaders", "longest: longest longest_word widest",
		"density: density share percent_of", "report: summary overview digest", "strip: .,!?|.,;:|.,!?;:", "n = ${2..4}", "least = ${2..3}", "seen: seen counts table", "w: @goods", "v: @places", "fold?")
	s.target("counts", `
"""Counting the words of a text."""

def $words(text, least=1):
    """The words without the marks around them, those of at least so many letters."""
    out = []
    for raw in text.lower().split():  #?fold
    for raw in text.split():  #!fold
        word = raw.strip("$strip")
        if len(word) >= least:
            out.append(word)
    return out

def $count(text, least=1):
    """How often each word occurs."""
    $seen = {}
    for word in $words(text, least):
        $seen[word] = $seen.get(word, 0) + 1
    return $seen

def $top(text, n=$n, least=1):
    """The n commonest words with their counts; ties in alphabetical order."""
    pairs = $count(text, least).items()
    return sorted(pairs, key=lambda p: (-p[1], p[0]))[:n]

def $longest(text):
    """The longest word, the first of several, None without words."""
    best = None
    for word in $words(text):
        if best == None or len(word) > len(best):
            best = word
    return best
`)
	s.module("report", `
load("$pkg/counts.star", "$count", "$longest", "$top")

def $report(text):
    """Total words, different words, the commonest and the longest."""
    table = $count(text)
    total = 0
    for n in table.values():
        total += n
    best = $top(text, 1, $least)
    return (total, len(table), best[0][0] if best else None, $longest(text))
`)
	s.fn("counts", "$words", "splits a text into its words", calls(`
		"The $w, the $v and I." ; "to be or not to be" ; "Wait... what?! No!", 3 ; "a bb ccc dddd", 2 ; "a bb ccc dddd", 3
		"a bb ccc dddd", 5 ; "it's well-known" ; "One one ONE" ; "end. (aside) end;" ; " , . ! " ; "x", 1 ; "x", 2 ; ""
	`))
	s.fn("counts", "$count", "counts how often each word occurs", calls(`
		"the $w and the $v" ; "to be or not to be" ; "red red blue red blue green" ; "Dog dog. DOG!" ; "a a aa aa aaa", 2
		"a a aa aa aaa", 3 ; "$w" ; "$w, $w; $w" ; ". . ." ; "one, two, one" ; ""
	`))
	s.fn("counts", "$top", "lists the most frequent words", calls(`
		"red red blue red blue green" ; "the $w and the $v and the sea", 2 ; "b a c b a c", 3 ; "one two six ten elf owl"
		"z y x w v u z" ; "b a c b a c", 2 ; "b a b", 1 ; "d c b a" ; "of of of it it sea", 2, 3 ; "to to be be be or", 1, 2
		"x y", 5 ; "x", 1 ; "x y z", 0 ; "", 3
	`))
	s.fn("counts", "$longest", "finds the longest word of a text", calls(`
		"the $w and the $v" ; "a bb ccc dd e" ; "one two six" ; "up down left" ; "wow!!!!!! great" ; "Alpha, beta" ; "$v"
		"same size word here" ; "x" ; "..." ; ""
	`))
	s.fn("report", "$report", "sums up the words of a text", calls(`
		"the $w and the $v" ; "to be or not to be" ; "red red blue, red" ; "a a b" ; "Big big dog" ; "ab ab a a a"
		"abc abc ab ab ab a a a a" ; "$w" ; "!" ; "one. two. three." ; ""
	`))
}

func letterShift(s *sketch) {
	s.draw("pkg: ciphers decoder sealed", "shift: shift rotate move_letter", "encode: encode encrypt seal", "decode: decode decrypt unseal", "key: keyed vigenere with_key",
		"rails: reverse_words flip_words mirror", "size = ${3..7}", "step: step amount offset", "w: @goods", "v: @places", "upper?")
	s.target("shift", `
"""A cipher that moves letters along the alphabet."""

def $shift(letter, $step):
    """A letter moved round the alphabet; anything else stays."""
    if letter >= "a" and letter <= "z":
        base = ord("a")
    elif letter >= "A" and letter <= "Z":
        base = ord("A")
    else:
        return letter
    return chr(base + (ord(letter) - base + $step) % 26)

def $encode(text, $step=$size):
    """Each letter of text moved by the same step."""
    return "".join([$shift(c, $step) for c in text.elems()])

def $decode(text, $step=$size):
    """What $encode was given."""
    return $encode(text, -$step)

def $key(text, key):
    """Letters moved by the letters of key in turn; other characters use none up."""
    out = ""
    used = 0
    for c in text.elems():
        if c.isalpha() and key:
            out += $shift(c, ord(key[used % len(key)]) - ord("a"))
            used += 1
        else:
            out += c
    return out
`)
	s.module("notes", `
load("$pkg/shift.star", "$encode")

def $rails(note, $step=$size):
    """The words of a note in reverse order, each moved one letter more than the last."""
    out = []
    for i, word in enumerate(reversed(note.split())):
        out.append($encode(word, $step + i))
    return " ".join(out)
`)
	s.fn("shift", "$shift", "moves one letter along the alphabet", calls(`
		"c", ${2..9} ; "M", ${2..9} ; "k", -3 ; "a", 1 ; "z", 1 ; "Z", 1 ; "A", -1 ; "a", -1 ; "y", 3 ; "q", 0 ; "b", 26
		"b", 27 ; "5", 3 ; "{", 2 ; "@", 1
	`))
	s.fn("shift", "$encode", "hides a message by moving its letters", calls(`
		"$w from $v" ; "Hello, World!", 3 ; "attack at dawn", ${2..12} ; "xyz" ; "XYZ abc", 2 ; "a-z A-Z", 1 ; "abc", 0
		"abc", -1 ; "round", 26 ; "1 2 3", 5 ; "", 4
	`))
	s.fn("shift", "$decode", "reads a message that was hidden", calls(`
		"Khoor, Zruog!", 3 ; "$w from $v" ; "dwwdfn", ${2..12} ; "abc", 1 ; "ABC", 2 ; "zzz" ; "same", 0 ; "same", 26
		"bcd", -1 ; "9 lives" ; ""
	`))
	s.fn("shift", "$key", "hides a message under a key word", calls(`
		"meet me in $v", "key" ; "attack at dawn", "lemon" ; "$w", "ab" ; "Hello World", "b" ; "aaaa", "abc"
		"a a a a", "abc" ; "zz", "bc" ; "abc", "a" ; "short", "longerkey" ; "plain", "" ; "1-2", "xyz" ; "", "key"
	`))
	s.fn("notes", "$rails", "hides a note by turning it round", calls(`
		"meet me in $v" ; "one two three" ; "a a a", 1 ; "a b", 0 ; "xyz abc", 1 ; "x y z", 24 ; "$w" ; "  $w   $v "
		"A-1 b-2" ; "q", -1 ; ""
	`))
}

func englishLists(s *sketch) {
	s.draw("pkg: phrasing grammar wording", "plural: plural pluralize many", "quantity: quantity amount how_many", "listing: listing join_list enumerate_words", "ordinal: ordinal nth place_name",
		"report: cart_text basket describe", "none: no none zero", "join: and or", "most = ${3..4}", "w: @goods", "v: @goods", "u: @goods", "oxford?")
	s.target("english", `
"""Numbers and lists in English."""

def $plural(noun):
    """The plural of a regular noun."""
    if noun.endswith("s") or noun.endswith("x") or noun.endswith("ch"):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in ["a", "e", "o"]:
        return noun[:-1] + "ies"
    return noun + "s"

def $quantity(n, noun):
    """A count with its noun: "1 box", "2 boxes"."""
    if n == 0:
        return "$none " + $plural(noun)
    return "%d %s" % (n, noun if n == 1 else $plural(noun))

def $listing(items, most=$most):
    """Items with commas and "$join"; past most the rest is counted."""
    if len(items) > most:
        items = items[:most - 1] + [$quantity(len(items) - most + 1, "other")]
    if len(items) < 2:
        return "".join(items)
    comma = ", " if len(items) > 2 else " "  #?oxford
    return ", ".join(items[:-1]) + comma + "$join " + items[-1]  #?oxford
    return ", ".join(items[:-1]) + " $join " + items[-1]  #!oxford

def $ordinal(n):
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    if n % 100 >= 11 and n % 100 <= 13:
        return str(n) + "th"
    return str(n) + {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
`)
	s.module("carts", `
load("$pkg/english.star", "$listing", "$quantity")

def $report(cart):
    """A cart, as pairs of noun and count, in one sentence."""
    parts = [$quantity(n, noun) for noun, n in cart if n > 0]
    if not parts:
        return "Your cart is empty."
    return "You have " + $listing(parts) + "."
`)
	s.fn("english", "$plural", "forms the plural of a noun", calls(`
		"$w" ; "$v" ; "box" ; "bus" ; "church" ; "city" ; "day" ; "key" ; "toy" ; "cash" ; "y" ; "sky" ; ""
	`))
	s.fn("english", "$quantity", "writes a number with its noun", calls(`
		${2..9}, "$w" ; 1, "$w" ; 0, "$v" ; 1, "box" ; 2, "box" ; 0, "city" ; 11, "day" ; 21, "berry" ; -1, "point"
		100, "fox" ; 1, "city"
	`))
	s.fn("english", "$listing", "joins words into a readable list", calls(`
		["$w", "$v", "$u"] ; ["$w", "$v"] ; ["a", "b", "c", "d"] ; ["a", "b", "c", "d", "e"]
		["a", "b", "c", "d", "e", "f", "g"] ; ["a", "b", "c"], 2 ; ["a", "b", "c"], 3 ; ["a", "b", "c", "d"], 10
		["a", "b"], 1 ; ["$w"] ; ["x"], 1 ; []
	`))
	s.fn("english", "$ordinal", "writes a number as a place", calls(`
		${4..9} ; 1 ; 2 ; 3 ; 10 ; 11 ; 12 ; 13 ; 14 ; 21 ; 102 ; 111 ; 113 ; 0
	`))
	s.fn("carts", "$report", "describes what is in a cart", calls(`
		[("$w", 2), ("$v", 1)] ; [("$w", 1)] ; [("$w", ${2..9}), ("$v", ${2..9}), ("$u", 1)] ; [("$w", 0), ("$v", 3)]
		[("box", 2), ("city", 5), ("day", 1), ("bus", 1)] ; [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)]
		[("a", 1), ("b", 0), ("c", 3), ("d", 4), ("e", 0)] ; [("$u", 0)] ; [("pen", 1), ("pen", 1)] ; [("key", -1)] ; []
	`))
}
