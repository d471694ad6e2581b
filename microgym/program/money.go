package program

// money lists the templates about money. Amounts are whole cents.
func money() []Template {
	return []Template{
		sketched("bill_split", "money", billSplit),
		sketched("shop_discount", "money", shopDiscount),
		sketched("tax_brackets", "money", taxBrackets),
		sketched("coin_till", "money", coinTill),
		sketched("savings_plan", "money", savingsPlan),
		sketched("invoice_lines", "money", invoiceLines),
		sketched("parking_fee", "money", parkingFee),
		sketched("shared_debts", "money", sharedDebts),
	}
}

func billSplit(s *sketch) {
	s.draw("pkg: diner cafe bistro tavern", "tip: tip_on gratuity service", "bill: with_tip total_due full_bill", "split: split share_out divide",
		"owed: owed_by my_part portion", "show: show as_text euros", "rate: 10 12 15", "group: 6 8 5", "grate: 18 20", "people: people heads guests", "amount: amount cents total", "p1: @people", "p2: @people", "p3: @people")
	s.module("cash", `
def $show(cents):
    """Write cents as "12.05"."""
    sign = "-" if cents < 0 else ""
    whole, rest = abs(cents) // 100, abs(cents) % 100
    return sign + str(whole) + "." + ("0" if rest < 10 else "") + str(rest)
`)
	s.target("bill", `
load("$pkg/cash.star", "$show")

LARGE_GROUP = $group

def $tip($amount, rate=$rate):
    """Return the tip in cents, rounded half up."""
    if $amount <= 0:
        return 0
    return ($amount * rate + 50) // 100

def $bill($amount, $people=1, rate=$rate):
    """Add the tip; a group of $group or more pays at least $grate percent."""
    if $people >= LARGE_GROUP and rate < $grate:
        rate = $grate
    return $amount + $tip($amount, rate)

def $split($amount, $people):
    """Split cents evenly; the first few pay one more."""
    if $people < 1:
        return []
    each, over = $amount // $people, $amount % $people
    return [each + 1 if i < over else each for i in range($people)]

def $owed(orders, name, rate=$rate):
    """Write what one guest owes for their own orders, tip included."""
    own = 0
    for who, cents in orders:
        if who == name:
            own += cents
    return $show($bill(own, rate=rate))
`)
	s.fn("bill", "$bill", "adds the tip to a bill, with a minimum for large groups", `
(${2000..4000}, 2) ; (${5000..9000}, ${group+1}) ; (1000, $group) ; (1000, ${group-1}) ; (1000) ; (1000, $group, 25) ; (1000, $group, 5) ; (995, 3)
(5, 1, 10) ; (4, 1, 10) ; (1, 2, 50) ; (0, 4) ; (-100, 2) ; (1000, 1, 0)`)
	s.fn("bill", "$split", "splits an amount so that the parts add up", `
(1000, 3) ; (${500..900}, 4) ; (1001, ${5..9}) ; (100, 2) ; (101, 2) ; (5, 7) ; (7, 7) ; (6, 7) ; (10, 1) ; (0, 3) ; (10, 0) ; (10, -1)`)
	s.fn("bill", "$owed", "says what one guest has to pay", `
([("$p1", 1200), ("$p2", 800), ("$p1", 350)], "$p1") ; ([("$p1", ${500..900}), ("$p2", ${900..1500})], "$p2") ; ([("$p3", 1000)], "$p3") ; ([("$p3", 1000)], "$p3", 0)
([("$p2", 505), ("$p2", 95)], "$p2", 5) ; ([("$p1", 700)], "$p3") ; ([], "$p1") ; ([("$p1", 4)], "$p1") ; ([("$p1", 95), ("$p3", 1)], "$p1", 10)
([("$p2", 100), ("$p1", 200), ("$p2", 300)], "$p2", 20) ; ([("$p1", 0)], "$p1")`)
	s.fn("cash", "$show", "writes an amount of cents as text", `
(${1000..9999}) ; (1205) ; (${110..199}) ; (100) ; (99) ; (10) ; (9) ; (1) ; (0) ; (-5) ; (-250) ; (100000)`)
}

func shopDiscount(s *sketch) {
	s.draw("pkg: shop stall kiosk shelf", "off: price_after reduced discounted", "bulk: bulk_rate volume_rate rate_for", "line: line_total cost_of row_total", "basket: basket_total checkout to_pay",
		"code: coupon code voucher", "cap: 50 40 60", "q1: 10 12", "q2: 50 40", "r1: 5 4", "r2: 10 12 15", "free: 5000 4000 6000", "ship: 490 350", "price: price unit cost", "qty: qty count pieces", "c1: SPRING HELLO EXTRA", "c2: FRIEND LOYAL AGAIN")
	s.module("rates", `
BULK = [($q2, $r2), ($q1, $r1)]
CODES = {"$c1": 10, "$c2": 20}

def $bulk($qty):
    """Return the percent off for buying that many."""
    for least, percent in BULK:
        if $qty >= least:
            return percent
    return 0
`)
	s.target("pricing", `
load("$pkg/rates.star", "CODES", "$bulk")

SHIPPING = {"fee": $ship, "free from": $free}

def $off($price, percent, most=$cap):
    """Take percent off a price, but never more than most percent."""
    if percent <= 0:
        return $price
    return $price - $price * min(percent, most) // 100

def $line($price, $qty, $code=""):
    """Return the cost of $qty pieces; the better of bulk rate and code counts."""
    percent = max($bulk($qty), CODES.get($code, 0))
    return $off($price * $qty, percent)

def $basket(lines, $code="", shipping=SHIPPING["fee"]):
    """Add up (price, quantity) lines; shipping is free from $free on."""
    total = 0
    for $price, $qty in lines:
        total += $line($price, $qty, $code)
    if total == 0 or total >= SHIPPING["free from"]:
        return total
    return total + shipping
`)
	s.fn("pricing", "$off", "caps a discount at the largest allowed share", `
(${200..900}, 10) ; (${1000..2000}, ${15..35}) ; (200, 25) ; (100, $cap) ; (100, ${cap+1}) ; (100, ${cap-1}) ; (100, 90) ; (100, 90, 80) ; (99, 10) ; (9, 10) ; (100, 0) ; (100, -5) ; (0, 10)`)
	s.fn("rates", "$bulk", "gives the discount rate for a quantity", `
(${20..30}) ; (3) ; (${q1+1}) ; ($q1) ; (${q1-1}) ; ($q2) ; (${q2-1}) ; (${q2+25}) ; (1) ; (0) ; (-1)`)
	s.fn("pricing", "$line", "works out what a number of pieces costs", `
(${100..300}, 3) ; (100, ${20..30}) ; (100, ${q1-1}) ; (100, $q1) ; (100, $q2) ; (100, 2, "$c1") ; (100, 2, "$c2") ; (50, $q2, "$c1") ; (100, 2, "NOPE") ; (99, 1, "$c1") ; (0, 5) ; (100, 0, "$c2")`)
	s.fn("pricing", "$basket", "totals a basket with shipping", `
([(${300..700}, 2), (250, 1)]) ; ([(900, ${5..8}), (40, 3)]) ; ([($free, 1)]) ; ([(${free-1}, 1)]) ; ([(${free+1}, 1)]) ; ([($free, 1)], "$c1") ; ([(100, 1)], shipping=0)
([(1200, 2), (100, $q1)], "$c2") ; ([(100, 1), (200, 1)], "", 99) ; ([]) ; ([(0, 4)]) ; ([(700, 0), (300, 1)])`)
}

func taxBrackets(s *sketch) {
	s.draw("pkg: payroll wages taxes salary", "due: tax_due tax_on levy", "net: take_home net_pay after_tax", "marg: top_rate marginal last_rate", "year: yearly year_total annual",
		"income: income pay gross", "b1: 1000 1200", "b2: 3000 4000", "b3: 9000 8000", "r1: 10 15", "r2: 20 25", "r3: 40 35", "kid: 50 40 60", "most: 3 4", "months: 12 13")
	s.module("table", `
FREE = $b1
BRACKETS = [($b1, $b2, $r1), ($b2, $b3, $r2), ($b3, None, $r3)]

def allowance(children=0):
    """Return the tax relief for children, $most at most."""
    return $kid * max(0, min(children, $most))
`)
	s.target("tax", `
load("$pkg/table.star", "BRACKETS", "FREE", "allowance")

def $due($income, children=0):
    """Tax each slice of $income at its own rate, less the allowance."""
    if $income <= FREE:
        return 0
    tax = 0
    for low, high, rate in BRACKETS:
        if $income > low:
            top = $income if high == None else min($income, high)
            tax += (top - low) * rate // 100
    return max(0, tax - allowance(children))

def $marg($income):
    """Return the rate that the last coin of $income is taxed at."""
    last = 0
    for low, _, rate in BRACKETS:
        if $income > low:
            last = rate
    return last

def $net($income, children=0, fee=0):
    """Return what is left after tax and a fee, never below zero."""
    return max(0, $income - $due($income, children) - fee)

def $year(pays, children=0, months=$months):
    """Sum the take-home pay of the first months."""
    total = 0
    for $income in pays[:months]:
        total += $net($income, children)
    return total
`)
	s.fn("tax", "$due", "computes tax in brackets", `
(${1500..2800}) ; (${4500..7500}) ; (${9500..15000}) ; ($b2) ; (${b2+100}) ; ($b3) ; (${b3+1000}, 1) ; (5000, 2) ; (5000, $most) ; (5000, ${most+1}) ; (5000, -1) ; (${b1+50}, 1) ; (${b1+10}) ; ($b1) ; (${b1-1}) ; (0)`)
	s.fn("tax", "$marg", "tells the top rate that applies to an income", `
(${1500..2800}) ; (${9500..15000}) ; (5000) ; ($b1) ; (${b1+1}) ; ($b2) ; (${b2+1}) ; ($b3) ; (${b3+1}) ; (${b3-1}) ; (0) ; (-10)`)
	s.fn("tax", "$net", "tells what is left of an income after tax", `
(${1500..2800}) ; (${4500..7500}, 1) ; (12000, 2, 100) ; ($b2, 0, 50) ; ($b2, $most) ; (500, 0, 20) ; (500, 0, 600) ; ($b1) ; (${b1+500}, 1) ; (0) ; (0, 1, 5)`)
	s.fn("tax", "$year", "adds up take-home pay over the year", `
([${2000..2900}, 2500, 5000]) ; ([2000, 2000], 1) ; ([2000, 3000, 4000], 0, 2) ; ([5000], 2) ; ([800, 900]) ; ([5000, 6000], 0, 1) ; ([5000], 0, 0) ; ([]) ; ([2000, 2000, 2000, 2000, 2000, 2000, 2000, 2000, 2000, 2000, 2000, 2000, 2000, 9000]) ; ([2500, 2500], 9) ; ([$b1, $b1])`)
}

func coinTill(s *sketch) {
	s.draw("pkg: till vending register kiosk", "make: change pay_out give_back", "count: coins_worth value_of add_up", "few: fewest least_coins coin_count", "buy: buy sell serve",
		"amount: amount cents due", "coins: 50 20 10 5|100 50 20 10|200 100 50 20", "price: 120 150 80", "till: till drawer box")
	s.set("list", comma(s.words["coins"]))
	s.set("big", first(s.words["coins"]))
	s.module("coins", `
COINS = [$list]

def $count(coins):
    """Return the worth of a {coin: how many} table."""
    total = 0
    for coin in coins:
        total += coin * coins[coin]
    return total
`)
	s.target("till", `
load("$pkg/coins.star", "COINS", "$count")

def $make($amount, $till):
    """Pick coins from the $till, largest first; None if it cannot be met."""
    out = {}
    for coin in COINS:
        n = min($amount // coin, $till.get(coin, 0))
        if n > 0:
            out[coin] = n
            $amount -= n * coin
    return out if $amount == 0 else None

def $few($amount):
    """Count the coins needed when the till never runs out; -1 if none fit."""
    n = 0
    for coin in COINS:
        n += $amount // coin
        $amount %= coin
    return n if $amount == 0 else -1

def $buy(paid, $till, price=$price):
    """Sell one item for coins; return (sold, coins handed back)."""
    extra = $count(paid) - price
    if extra < 0:
        return (False, paid)
    full = dict($till)
    for coin in paid:
        full[coin] = full.get(coin, 0) + paid[coin]
    back = $make(extra, full)
    if back == None:
        return (False, paid)
    return (True, back)
`)
	s.fn("till", "$make", "picks the coins to hand back", `
(80, {50: 2, 20: 3, 10: 1}) ; (${2..8}0, {50: 1, 20: 4, 10: 3}) ; (100, {20: 5}) ; (100, {20: 4}) ; (60, {50: 1, 20: 3}) ; (100, {50: 1, 20: 1, 10: 3}) ; (40, {50: 4, 20: 2})
(20, {20: 1}) ; (30, {20: 1}) ; (0, {50: 1}) ; (10, {}) ; (0, {}) ; (7, {20: 3, 10: 3})`)
	s.fn("till", "$few", "counts the fewest coins for an amount", `
(${10..40}0) ; (${1..9}${1..9}0) ; (180) ; (70) ; ($big) ; (${big+20}) ; (${big*3}) ; (20) ; (40) ; (10) ; (7) ; (5) ; (0)`)
	s.fn("till", "$buy", "sells an item and hands back the change", `
({100: 2}, {20: 4, 10: 4}) ; ({50: ${3..5}}, {20: 5, 10: 2}) ; ({100: 1, 20: 1}, {}) ; ({$price: 1}, {}) ; ({${price-10}: 1}, {50: 1}) ; ({${price+20}: 1}, {20: 1}) ; ({${price+20}: 1}, {10: 1})
({20: 8}, {}) ; ({20: 10}, {10: 1}) ; ({}, {20: 1}) ; ({50: 4}, {50: 1, 20: 1, 10: 1})`)
	s.fn("coins", "$count", "adds up a table of coins", `
({50: 2, 20: ${1..5}}) ; ({${1..9}0: ${2..6}}) ; ({100: 1}) ; ({10: 3, 5: 1}) ; ({20: 0}) ; ({20: 0, 5: 2}) ; ({}) ; ({1: 1, 2: 2, 5: 5}) ; ({200: 2, 1: 1}) ; ({50: -1, 20: 1})`)
}

func savingsPlan(s *sketch) {
	s.draw("pkg: savings nest piggy vault", "interest: interest gain yearly_gain", "grow: balance_after grow worth_in", "until: months_to wait_for months_until", "fee: closing_fee exit_fee leave_fee",
		"rate: 24 12 36", "max: 24 18", "early: 5 4", "least: 100 200", "saved: saved start money", "monthly: monthly deposit step", "bonus?")
	s.module("rules", `
MONTHS = 12

def $interest(cents, rate=$rate):
    """Return one month of interest at a yearly rate in percent."""
    if cents < $least:
        return 0
    return cents * rate // (100 * MONTHS)
`)
	s.target("plan", `
load("$pkg/rules.star", "$interest")

PERCENT = {"first": 3, "second": 1}

def $grow($saved, $monthly, months, rate=$rate):
    """Return the balance after some months of interest, then deposit."""
    for month in range(1, months + 1):
        $saved += $interest($saved, rate)
        $saved += $monthly
        if month % 12 == 0:  #?bonus
            $saved += $monthly  #?bonus
    return $saved

def $until(goal, $saved, $monthly, limit=$max):
    """Return how many months it takes to hold goal, None beyond the limit."""
    if $saved >= goal:
        return 0
    for months in range(1, limit + 1):
        if $grow($saved, $monthly, months) >= goal:
            return months
    return None

def $fee($saved, months):
    """Return the fee for closing early: 3 percent, 1 in the second year, then none."""
    if months >= 24:
        return 0
    percent = PERCENT["first"] if months < 12 else PERCENT["second"]
    return max($early, $saved * percent // 100)
`)
	s.fn("rules", "$interest", "computes a month of interest", `
(${1000..9000}) ; (${1000..9000}, 6) ; (500) ; (1200, 10) ; ($least) ; (${least-1}) ; (${least+1}) ; (12000, 1) ; (1199, 1) ; (1200, 1) ; (0) ; (-500)`)
	s.fn("plan", "$grow", "works out a balance after some months", `
(${1000..3000}, 100, 6) ; (1000, ${50..150}, 12) ; (1000, 100, 13) ; (1000, 100, 11) ; (0, 50, 24) ; (1000, 0, 12) ; (1000, 100, 2, 0) ; (90, 5, 3) ; (500, -20, 4) ; (1000, 100, 1) ; (1000, 100, 0) ; (0, 0, 5)`)
	s.fn("plan", "$until", "tells how many months a goal takes", `
(${1500..2500}, 500, 100) ; (1000, 0, ${40..90}) ; (500, 100, 100, 4) ; (500, 99, 50) ; (1000, 1000, 10) ; (1001, 1000, 10) ; (300, 0, 10, 30) ; (300, 0, 10, 29) ; (100, 0, 0) ; (0, 0, 0) ; (100, 0, 50, 2) ; (101, 0, 50, 2) ; (60, 0, 1) ; (50, 0, 1)`)
	s.fn("plan", "$fee", "says what closing early costs", `
(${2000..9000}, 6) ; (${2000..9000}, 18) ; (${2000..9000}, 30) ; (1000, 11) ; (1000, 12) ; (1000, 23) ; (1000, 24) ; (1000, 25) ; (100, 3) ; (500, 15) ; (${early*100}, 13) ; (0, 1) ; (0, 24)`)
}

func invoiceLines(s *sketch) {
	s.draw("pkg: billing ledger office studio", "line: line_cost row_cost item_cost", "total: invoice_total sum_up grand_total", "late: late_fee surcharge penalty", "open: unpaid open_invoices outstanding", "state: status state_of stage",
		"tax: 20 19 25", "grace: 7 5 14", "per: 2 3", "max: 500 400", "term: 30 14 20", "p1: @people", "p2: @people", "p3: @people", "item: @goods", "item2: @goods", "names: client buyer payer")
	s.module("lines", `
def $line(qty, cents, off=0):
    """Return quantity times price less a percentage, rounded down."""
    if qty <= 0:
        return 0
    return qty * cents * (100 - off) // 100

def $total(lines, tax=$tax):
    """Add up (what, quantity, cents) lines and put tax on top."""
    net = 0
    for _, qty, cents in lines:
        net += $line(qty, cents)
    return net + net * tax // 100
`)
	s.target("dunning", `
load("$pkg/lines.star", "$total")

TERM = $term

def $late(total, days, grace=$grace):
    """Charge $per cents a day after the grace days, at most $max."""
    if days <= grace or total <= 0:
        return 0
    return min((days - grace) * $per, $max)

def $state(issued, today, paid, total):
    """Return "paid", "partly paid", "overdue" or "open"."""
    if paid >= total:
        return "paid"
    if today > issued + TERM:
        return "overdue"
    return "partly paid" if paid > 0 else "open"

def $open(invoices, today):
    """List ($names, rest, fee) for unpaid invoices, largest rest first."""
    out = []
    for $names, issued, paid, lines in invoices:
        rest = $total(lines) - paid
        if rest > 0:
            out.append(($names, rest, $late(rest, today - issued - TERM)))
    return sorted(out, key=lambda row: (-row[1], row[0]))
`)
	s.fn("lines", "$total", "totals the lines of an invoice with tax", `
([("$item", 2, ${150..400}), ("$item2", 1, 99)]) ; ([("$item", ${3..9}, 500)], 10) ; ([("$item", 1, 100)], 0) ; ([("$item", 3, 33)]) ; ([("$item", 0, 50), ("$item2", 1, 50)])
([("$item", -1, 50), ("$item2", 2, 50)]) ; ([("$item", 1, 4)]) ; ([("$item", 1, 5)]) ; ([]) ; ([("$item", 10, 10), ("$item", 10, 10)], 7) ; ([("$item2", 1, 0)])`)
	s.fn("lines", "$line", "prices one line of an invoice", `
(3, ${100..900}) ; (2, ${200..500}, 10) ; (1, 99, 50) ; (7, 15, 5) ; (1, 100, 100) ; (4, 25) ; (1, 1, 1) ; (0, 500) ; (-2, 500) ; (5, 0) ; (1, 333, 33)`)
	s.fn("dunning", "$late", "works out the fee for paying late", `
(1000, ${20..40}) ; (1000, ${41..90}, 0) ; (1000, ${grace+1}) ; (1000, $grace) ; (1000, ${grace-1}) ; (5, 30, 29) ; (100, 400) ; (100, 150, 10) ; (0, 50) ; (-20, 50) ; (1, 50) ; (100, 0) ; (100, -3)`)
	s.fn("dunning", "$state", "tells the state of an invoice", `
(10, 20, 0, ${300..900}) ; (10, 90, 0, 500) ; (10, 20, ${100..200}, 500) ; (10, 90, 499, 500) ; (0, $term, 0, 50) ; (0, ${term+1}, 0, 50) ; (0, ${term+1}, 50, 50) ; (5, 5, 500, 500) ; (5, 6, 600, 500) ; (5, 6, 1, 500) ; (0, 0, 0, 0)`)
	s.fn("dunning", "$open", "lists unpaid invoices with their late fees", `
([("$p1", 1, 0, [("$item", 2, 100)]), ("$p2", 5, 0, [("$item2", 9, 100)])], 60) ; ([("$p1", 1, ${10..90}, [("$item", 1, 100)])], 80) ; ([("$p2", 1, 0, [("$item", 1, 100)]), ("$p1", 1, 0, [("$item", 1, 100)])], 10)
([("$p1", 1, 500, [("$item", 1, 100)])], 60) ; ([("$p3", 0, 0, [("$item", 1, 100)])], ${term+9}) ; ([("$p3", 0, 0, [("$item", 1, 50)])], $term) ; ([], 9) ; ([("$p2", 1, 0, [])], 99)
([("$p1", 0, 20, [("$item", 1, 100)]), ("$p3", 0, 0, [("$item", 3, 50)]), ("$p2", 9, 0, [("$item2", 5, 5)])], 70) ; ([("$p1", 0, 0, [("$item", 1, 0)])], 70) ; ([("$p2", 30, 0, [("$item2", 1, 700)])], 500)`)
}

func parkingFee(s *sketch) {
	s.draw("pkg: parking garage carpark deck", "hours: started_hours hours_begun billed", "fee: parking_fee stay_fee charge", "day: is_night night free_time", "week: week_bill bill_all total_fees", "lost: lost_ticket no_ticket replace",
		"free: 15 20 10", "first: 200 250 300", "next: 100 150", "cap: 1200 1500 1000", "night: 22 21", "morn: 6 7", "lostfee: 3000 2500", "start: start enter arrived", "end: end leave left")
	s.module("clock", `
def $hours(minutes):
    """Return how many hours were begun."""
    return (minutes + 59) // 60

def $day(minute):
    """Tell whether a minute of the day lies from $night:00 to $morn:00."""
    hour = minute // 60 % 24
    return hour >= $night or hour < $morn
`)
	s.target("fees", `
load("$pkg/clock.star", "$day", "$hours")

FREE_MINUTES = $free
PRICE = {"first": $first, "next": $next, "day": $cap, "lost": $lostfee}

def $fee($start, $end, member=False):
    """Return the fee in cents for a stay, given in minutes."""
    stay = $end - $start
    if stay <= FREE_MINUTES:
        return 0
    days, rest = stay // 1440, stay % 1440
    fee = 0
    if rest > 0:
        fee = min(PRICE["first"] + ($hours(rest) - 1) * PRICE["next"], PRICE["day"])
    if $day($start) and days == 0:
        fee = fee // 2
    fee += days * PRICE["day"]
    if member:
        fee -= fee // 4
    return fee

def $lost(seen_minutes=0):
    """Return the charge without a ticket: a flat one, more after a day."""
    if seen_minutes > 1440:
        return PRICE["lost"] + $fee(1440, seen_minutes)
    return PRICE["lost"]

def $week(stays, member=False, most=5 * PRICE["day"]):
    """Add up the fees of ($start, $end) stays, up to a limit."""
    total = 0
    for $start, $end in stays:
        if $end > $start:
            total += $fee($start, $end, member)
    return min(total, most)
`)
	s.fn("fees", "$fee", "charges for the hours a car was parked", `
(600, ${700..780}) ; (540, ${800..1100}, True) ; (600, 660) ; (600, 661) ; (600, 659) ; (600, ${600..610}) ; (480, ${free+480}) ; (480, ${free+481}) ; (0, 100) ; (${night*60}, 1400) ; (${morn*60}, 700)
(1310, 1430) ; (480, 1920) ; (480, 1921) ; (480, 3500, True) ; (10, 1500) ; (420, 1300) ; (700, 700)`)
	s.fn("clock", "$day", "tells whether a minute of the day is in the night", `
(${600..900}) ; (${0..200}) ; (1400) ; (${night*60}) ; (1259) ; (1319) ; (1320) ; (${morn*60}) ; (359) ; (360) ; (419) ; (420) ; (0) ; (1439) ; (1440) ; (2160)`)
	s.fn("fees", "$lost", "charges for a lost ticket", `
(${100..900}) ; (${1600..2500}) ; () ; (1440) ; (1441) ; (${free+1440}) ; (${free+1441}) ; (1500) ; (1501) ; (2880) ; (2881) ; (1439)`)
	s.fn("fees", "$week", "adds up the fees of several stays", `
([(540, ${700..900}), (2000, 2300)]) ; ([(600, 900), (1980, 2400)], True) ; ([(600, 800), (800, 600)]) ; ([(600, 1000), (600, 1000)], False, 900) ; ([(400, 12000)]) ; ([(480, 490)]) ; ([])
([(600, 661), (600, 660)]) ; ([(600, 600)]) ; ([(600, 8000)], True) ; ([(600, 700)], False, 0)`)
}

func sharedDebts(s *sketch) {
	s.draw("pkg: trip flat holiday club", "bal: balances settle_up tally", "most: biggest_debtor owes_most deepest", "pay: payments transfers settle", "add: add_to put book", "show: summary report overview",
		"p1: @people", "p2: @people", "p3: @people", "p4: @people", "min: 1 5 10", "paid: payer buyer host", "sharers: sharers group guests")
	s.module("book", `
def $add(totals, name, cents):
    """Change a name's total by some cents."""
    totals[name] = totals.get(name, 0) + cents

def $bal(costs):
    """Return what each is owed, from ($paid, cents, $sharers) costs."""
    totals = {}
    for $paid, cents, $sharers in costs:
        if not $sharers:
            continue
        part = cents // len($sharers)
        $add(totals, $paid, part * len($sharers))
        for name in $sharers:
            $add(totals, name, -part)
    return totals
`)
	s.target("debts", `
load("$pkg/book.star", "$bal")

def $most(totals):
    """Return the name that owes most, or None; the alphabet breaks ties."""
    worst = None
    for name in sorted(totals):
        if totals[name] < 0 and (worst == None or totals[name] < totals[worst]):
            worst = name
    return worst

def $pay(costs, least=$min):
    """List (from, to, cents) payments that settle the costs."""
    totals = $bal(costs)
    out = []
    for _ in range(len(totals)):
        debtor = $most(totals)
        lender = $most({name: -totals[name] for name in totals})
        if debtor == None or lender == None:
            break
        cents = min(-totals[debtor], totals[lender])
        totals[debtor] += cents
        totals[lender] -= cents
        if cents >= least:
            out.append((debtor, lender, cents))
    return out

def $show(costs):
    """Write each name with what it gets or owes, most first."""
    totals = $bal(costs)
    names = sorted(totals, key=lambda name: (-totals[name], name))
    return ["%s %s %d" % (n, "owes" if totals[n] < 0 else "gets", abs(totals[n])) for n in names]
`)
	s.set("c1", s.fill(`("$p1", ${20..60}0, ["$p1", "$p2", "$p3"])`))
	s.set("c2", s.fill(`("$p2", ${10..30}0, ["$p1", "$p2"])`))
	s.set("c3", s.fill(`("$p3", ${2..9}1, ["$p1", "$p4"])`))
	for _, f := range [][2]string{{"$pay", "lists who has to pay whom"}, {"$show", "sums up what each person gets or owes"}} {
		s.fn("debts", f[0], f[1], `
([$c1]) ; ([$c1, $c2]) ; ([$c2, $c3]) ; ([$c1, $c2, $c3]) ; ([("$p4", 900, ["$p1", "$p2", "$p3"])]) ; ([("$p1", 10, ["$p1", "$p2", "$p3"])]) ; ([("$p1", 100, ["$p2"]), ("$p2", 100, ["$p1"])])
([("$p2", 100, ["$p2"])]) ; ([("$p1", 50, [])]) ; ([]) ; ([("$p3", 2, ["$p1", "$p2"])]) ; ([("$p1", 30, ["$p2", "$p3"]), ("$p4", 7, ["$p3"])])`)
	}
	s.fn("debts", "$most", "finds the person who owes most", `
({"$p1": -${10..50}, "$p2": 80, "$p3": -30}) ; ({"$p4": -${10..50}, "$p2": -${10..50}}) ; ({"$p1": -20, "$p2": -20}) ; ({"$p2": -20, "$p1": -20, "$p3": 40}) ; ({"$p1": 5, "$p2": -5}) ; ({"$p1": -1, "$p2": 1})
({"$p1": 0, "$p2": 0}) ; ({"$p3": 7}) ; ({}) ; ({"$p1": -9, "$p2": -8, "$p3": -10}) ; ({"$p4": 0, "$p1": -1})`)
	s.fn("book", "$bal", "adds up who paid and who shared", `
([$c1]) ; ([$c2]) ; ([$c1, $c2]) ; ([$c3]) ; ([("$p1", 100, ["$p1", "$p2", "$p3"])]) ; ([("$p1", 100, ["$p2"]), ("$p2", 100, ["$p1"])]) ; ([("$p4", 99, ["$p1", "$p2"])]) ; ([("$p1", 50, [])]) ; ([]) ; ([("$p2", 100, ["$p2"])]) ; ([("$p2", 2, ["$p1", "$p3", "$p4"])])`)
}
