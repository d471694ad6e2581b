package program

import (
	"strconv"
	"strings"
)

// grids lists the templates about boards, maps and boxes.
func grids() []Template {
	return []Template{
		sketched("life_board", "grids", lifeBoard),
		sketched("robot_walk", "grids", robotWalk),
		sketched("mine_hints", "grids", mineHints),
		sketched("line_winner", "grids", lineWinner),
		sketched("flood_areas", "grids", floodAreas),
		sketched("box_overlap", "grids", boxOverlap),
		sketched("knight_moves", "grids", knightMoves),
		sketched("seat_rows", "grids", seatRows),
	}
}

func lifeBoard(s *sketch) {
	s.draw("pkg: life cells colony petri", "near: neighbours count_near around", "step: step next_board tick", "alive: alive population count_cells", "still: settles_after steady_at quiet_from",
		"on: # x o", "rows: rows board grid", "lim: 4 3", "wrap?")
	s.module("cells", `
ON, OFF = "$on", "."

def $near($rows, r, c):
    """Count the live cells among the eight around a place."""  #!wrap
    """Count the live cells among the eight around; edges wrap."""  #?wrap
    n = 0
    for row in $rows[max(r - 1, 0):r + 2]:  #!wrap
        n += row[max(c - 1, 0):c + 2].count(ON)  #!wrap
    for i in [r - 1, r, (r + 1) % len($rows)]:  #?wrap
        row = $rows[i]  #?wrap
        n += (row[c - 1] + row[c] + row[(c + 1) % len(row)]).count(ON)  #?wrap
    return n - (1 if $rows[r][c] == ON else 0)
`)
	s.target("life", `
load("$pkg/cells.star", "$near", "OFF", "ON")

def $step($rows, born=3, low=2, high=3):
    """Return the next board: born with 3 around, kept with low to high."""
    out = []
    for r in range(len($rows)):
        line = ""
        for c in range(len($rows[r])):
            n = $near($rows, r, c)
            if $rows[r][c] == ON:
                line += ON if n >= low and n <= high else OFF
            else:
                line += ON if n == born else OFF
        out.append(line)
    return out

def $alive($rows):
    """Count the live cells of a board."""
    total = 0
    for row in $rows:
        total += row.count(ON)
    return total

def $still($rows, limit=$lim):
    """Return after how many steps the board stops changing, None past the limit."""
    for n in range(limit + 1):
        after = $step($rows)
        if after == $rows:
            return n
        $rows = after
    return None
`)
	s.set("a", s.cells(3, 5))
	s.set("b", s.cells(4, 4))
	s.set("c", s.cells(3, 3))
	boards := s.marked(`
($a) ; ($b) ; ($c) ; (["....", ".##.", ".##.", "...."]) ; (["...", "###", "..."]) ; (["...", ".##", ".#."]) ; (["....", ".#..", ".#..", ".#.."])
(["#"]) ; (["."]) ; ([]) ; (["..#.", "#.#.", ".##.", "...."])`)
	s.fn("life", "$step", "moves a board of cells one step on", boards, s.marked(`(["#.#", "...", "#.#"]) ; (["###", "###", "###"])`))
	s.fn("life", "$alive", "counts the live cells", boards)
	s.fn("life", "$still", "tells when a board stops changing", boards, s.marked(`(["....", ".##.", ".#..", "...."], 0) ; (["....", ".##.", ".#..", "...."], 1)`))
	s.fn("cells", "$near", "counts the live cells around a place", s.marked(`
($a, 1, ${1..3}) ; ($a, 2, ${1..3}) ; ($b, ${1..2}, ${1..3}) ; ($c, 0, 0) ; ($c, 2, 2) ; ($b, 3, ${0..3}) ; (["###", "###", "###"], 1, 1) ; (["###", "###", "###"], 0, 0) ; (["#..", "...", "..#"], 2, 2) ; (["#.#", "...", "#.#"], 0, 1) ; (["...", ".#.", "..."], 1, 1) ; (["....", "#...", "...."], 1, 3)`))
}

// cells draws a board of '#' and '.' as a list of strings.
func (s *sketch) cells(rows, columns int) string {
	lines := make([]string, rows)
	for i := range lines {
		line := make([]byte, columns)
		for j := range line {
			line[j] = pick(s.r, byte('.'), '.', '.', '#', '#')
		}
		lines[i] = strconv.Quote(string(line))
	}
	return s.marked("[" + strings.Join(lines, ", ") + "]")
}

// marked fills a text and writes '#' as the sketch's own mark for a cell.
func (s *sketch) marked(text string) string {
	return strings.ReplaceAll(s.fill(text), "#", s.words["on"])
}

func robotWalk(s *sketch) {
	s.draw("pkg: robot rover mower turtle", "turn: turn rotate heading", "walk: walk drive run_orders", "far: distance far_from steps_home", "seen: visited places_seen trail", "free: is_free can_enter open_at",
		"w: 5 6 8", "h: 5 4 6", "orders: orders moves program", "diag?")
	s.module("floor", `
DIRS = [(0, -1), (1, 0), (0, 1), (-1, 0)]

def $free(x, y, walls=[], width=$w, height=$h):
    """Tell whether a place lies on the floor and holds no wall."""
    if x < 0 or y < 0 or x >= width or y >= height:
        return False
    return (x, y) not in walls
`)
	s.target("moves", `
load("$pkg/floor.star", "$free", "DIRS")

def $turn(facing, order):
    """Return the new direction: "L" and "R" turn by one, "U" around."""
    return (facing + {"L": 3, "R": 1, "U": 2}.get(order, 0)) % 4

def $seen($orders, x=0, y=0, facing=1, walls=[]):
    """List the places stood on: "F" goes forward, "B" back, others turn."""
    out = [(x, y)]
    for order in $orders.elems():
        facing = $turn(facing, order)
        if order not in "FB":
            continue
        dx, dy = DIRS[facing]
        if order == "B":
            dx, dy = -dx, -dy
        if $free(x + dx, y + dy, walls):
            x, y = x + dx, y + dy
            out.append((x, y))
    return out

def $walk($orders, x=0, y=0, facing=1, walls=[]):
    """Return (x, y, facing) after all the orders."""
    end = $seen($orders, x, y, facing, walls)[-1]
    for order in $orders.elems():
        facing = $turn(facing, order)
    return (end[0], end[1], facing)

def $far($orders, x=0, y=0):
    """Return how far the walk ends from its start; a diagonal is one."""  #?diag
    """Return how far the walk ends from its start, without diagonals."""  #!diag
    end = $walk($orders, x, y)
    dx, dy = abs(end[0] - x), abs(end[1] - y)
    return max(dx, dy)  #?diag
    return dx + dy  #!diag
`)
	s.fn("moves", "$walk", "moves a robot by a list of orders", `
("FFRF") ; ("FRFFLFF", ${0..2}, ${0..2}) ; ("FFFFFFFFF") ; ("RFFFFFFFFF") ; ("LF") ; ("UFF", 2, 2) ; ("FF", 0, 0, 1, [(2, 0)]) ; ("FFRF", 1, 1, 2) ; ("BB", 3, 3) ; ("B") ; ("LLLL", 1, 2, 3) ; ("F", 1, 1, 0) ; ("") ; ("?F")`)
	s.fn("moves", "$seen", "lists the places a robot visits", `
("FFRF") ; ("FRFLF", ${0..3}, ${0..2}) ; ("FFB", 1, 1) ; ("LF") ; ("FF", 0, 0, 2, [(0, 2)]) ; ("FRFRF", 2, 2, 0) ; ("FUF") ; ("BF", 0, 0, 3) ; ("F", ${w-1}, 0) ; ("F", ${w-2}, 0) ; ("F", 0, ${h-1}, 2) ; ("F", 0, ${h-2}, 2) ; ("")`)
	s.fn("moves", "$far", "tells how far a robot ends from its start", `
("FFRFF") ; ("FRFFLF", ${0..2}, ${0..2}) ; ("FFRF") ; ("FUF") ; ("RFFF") ; ("B", 2, 2) ; ("UFLF", 3, 3) ; ("LF") ; ("") ; ("FFFFFFFFFFFF") ; ("FRFRFRF")`)
	s.fn("floor", "$free", "tells whether a place on the floor is free", `
(${0..3}, ${0..3}) ; (1, 1, [(1, 1)]) ; (1, 2, [(2, 1)]) ; (0, 0) ; (-1, 0) ; (0, -1) ; ($w, 0) ; (${w-1}, 0) ; (0, $h) ; (0, ${h-1}) ; (4, 3, [], 5, 3) ; (0, 0, [], 0, 0)`)
}

func mineHints(s *sketch) {
	s.draw("pkg: mines sweeper minefield bombs", "around: around cells_near touching", "hint: hints draw_board show_counts", "open: open_cell uncover reveal", "safe: safe_left still_hidden cells_to_go", "on: * x m",
		"rows: rows field board")
	s.module("places", `
def $around($rows, r, c):
    """List the (row, column) places around one that are on the field."""
    out = []
    for i in range(max(r - 1, 0), min(r + 2, len($rows))):
        for j in range(max(c - 1, 0), min(c + 2, len($rows[i]))):
            if i != r or j != c:
                out.append((i, j))
    return out
`)
	s.target("mines", `
load("$pkg/places.star", "$around")

MINE = "$on"

def count($rows, r, c):
    """Count the mines around a place, -1 on a mine."""
    if $rows[r][c] == MINE:
        return -1
    n = 0
    for i, j in $around($rows, r, c):
        n += 1 if $rows[i][j] == MINE else 0
    return n

def $hint($rows, empty="."):
    """Draw the field with counts; empty stands for no mine around."""
    out = []
    for r in range(len($rows)):
        line = ""
        for c in range(len($rows[r])):
            n = count($rows, r, c)
            line += MINE if n < 0 else empty if n == 0 else str(n)
        out.append(line)
    return out

def $open($rows, r, c):
    """List the places uncovered by a click, sorted; [] for a mine."""
    if count($rows, r, c) < 0:
        return []
    found, todo = [], [(r, c)]
    for _ in range(len($rows) * len($rows[0])):
        if not todo:
            break
        at = todo.pop()
        found.append(at)
        if count($rows, at[0], at[1]) == 0:
            for p in $around($rows, at[0], at[1]):
                if p not in found and p not in todo:
                    todo.append(p)
    return sorted(found)

def $safe($rows, clicks):
    """Return how many safe places stay covered after the clicks."""
    seen = set()
    for r, c in clicks:
        seen = seen | set($open($rows, r, c))
    total = len([1 for row in $rows for cell in row.elems() if cell != MINE])
    return total - len(seen)
`)
	s.set("a", s.cells(3, 4))
	s.set("b", s.cells(4, 3))
	s.fn("mines", "$hint", "draws the hints of a minefield", s.marked(`
($a) ; ($b) ; (["#..", "...", "..."]) ; (["....", "....", "...#"]) ; (["###", "#.#", "###"]) ; (["..", ".."], "0") ; (["#.", ".."], "-") ; (["...", ".#.", "..."], " ") ; ([".#."]) ; (["#", ".", "."]) ; (["."]) ; (["#"]) ; ([])`))
	s.fn("mines", "$open", "uncovers places from a click", s.marked(`
($a, 1, ${1..2}) ; ($b, ${1..2}, 1) ; (["#...", "....", "...."], 2, 3) ; (["#...", "....", "...."], 0, 1) ; (["#...", "....", "...."], 0, 0) ; (["..#..", "..#.."], 0, 0) ; (["..#..", "..#.."], 1, 4) ; ([".#"], 0, 0) ; (["."], 0, 0) ; (["..."], 0, 2) ; (["#.#", "...", "#.#"], 1, 1)`))
	s.fn("mines", "count", "counts the mines that touch a place", s.marked(`
($a, 1, ${1..2}) ; ($b, ${1..2}, 1) ; ($a, 2, ${0..3}) ; (["###", "#.#", "###"], 1, 1) ; (["###", "#.#", "###"], 0, 0) ; ([".#", "##"], 0, 0) ; (["#.", ".."], 1, 1) ; ([".#", ".."], 1, 0) ; (["..#"], 0, 0) ; (["..#"], 0, 1) ; (["."], 0, 0)`))
	s.fn("mines", "$safe", "counts the safe places still covered", s.marked(`
($a, [(0, 0)]) ; ($b, [(1, 1), (3, ${0..2})]) ; (["#...", "....", "...."], [(0, 1)]) ; (["#...", "....", "...."], [(2, 3)]) ; (["#...", "....", "...."], [(0, 1), (0, 1)]) ; (["..#..", "..#.."], [(0, 0)]) ; (["..#..", "..#.."], [(0, 0), (0, 4)]) ; (["#."], [(0, 0)]) ; (["#."], []) ; (["#"], []) ; (["."], [(0, 0)])`))
}

func lineWinner(s *sketch) {
	s.draw("pkg: tictactoe gomoku fourrow noughts", "line: has_line in_a_row makes_line", "next: to_move whose_turn next_player", "free: free_cells open_cells moves", "drop: drop_piece let_fall drop", "state: state result verdict",
		"a: X R B", "b: O Y W", "rows: rows board grid", "who: who player side")
	s.module("lines", `
DIRS = [(0, 1), (1, 0), (1, 1), (1, -1)]

def $line($rows, $who, need=3):
    """Tell whether $who holds need cells in a straight line."""
    for r in range(len($rows)):
        for c in range(len($rows[r])):
            for dr, dc in DIRS:
                end_r, end_c = r + dr * (need - 1), c + dc * (need - 1)
                if end_r >= len($rows) or end_c < 0 or end_c >= len($rows[r]):
                    continue
                if all([$rows[r + dr * k][c + dc * k] == $who for k in range(need)]):
                    return True
    return False
`)
	s.target("game", `
load("$pkg/lines.star", "$line")

def $next($rows, first="$a", second="$b"):
    """Return whose turn it is; first begins and both take turns."""
    a, b = 0, 0
    for row in $rows:
        a += row.count(first)
        b += row.count(second)
    return first if a <= b else second

def $free($rows):
    """List the (row, column) of empty cells, top left first."""
    out = []
    for r, row in enumerate($rows):
        out += [(r, c) for c in range(len(row)) if row[c] == "."]
    return out

def $drop($rows, column, $who):
    """Let a piece fall to the lowest empty cell of a column; None if full."""
    for r in range(len($rows) - 1, -1, -1):
        row = $rows[r]
        if row[column] == ".":
            return $rows[:r] + [row[:column] + $who + row[column + 1:]] + $rows[r + 1:]
    return None

def $state($rows, need=3):
    """Return the winner, "draw" on a full board, else "open"."""
    for $who in ["$a", "$b"]:
        if $line($rows, $who, need):
            return $who
    return "open" if $free($rows) else "draw"
`)
	x, o := s.words["a"], s.words["b"]
	board := func(text string) string {
		return s.fill(strings.NewReplacer("#", x, "@", o).Replace(text))
	}
	s.fn("game", "$state", "tells who has won a board game", board(`
(["##.", "@@.", "..."]) ; (["###", "@@.", "..."]) ; (["#@.", "#@.", "@.#"]) ; (["#@.", "#@.", ".@#"]) ; (["#@@", ".#.", "..#"]) ; (["#.@", ".@.", "@.#"]) ; (["#@#", "@@#", "##@"]) ; (["#@#", "@@#", "#.@"]) ; (["...", "...", "..."]) ; (["####."], 4) ; (["###.#"], 4) ; (["##."], 2) ; ([".##", "@.@"], 2) ; (["#.", "#."], 2)`))
	s.fn("game", "$next", "tells whose turn it is", board(`
(["#@.", "...", "..."]) ; (["#..", "...", "..."]) ; (["#@#", "..@", "..."]) ; (["#@#", "...", "..."]) ; (["..."]) ; ([]) ; (["@"]) ; (["##@"]) ; (["#@"], "@", "#") ; (["#"], "@", "#") ; (["@"], "@", "#")`))
	s.fn("game", "$drop", "drops a piece into a column", board(`
(["...", "...", "#@."], ${0..2}, "#") ; (["...", ".@.", "#@."], 1, "@") ; (["...", "@..", "#.."], 0, "#") ; ([".#.", ".@.", "#@."], 1, "#") ; (["...", "..."], 2, "@") ; (["..", "@#"], 0, "#") ; (["..", "@#"], 1, "@") ; (["@#"], 0, "#") ; (["."], 0, "@") ; (["#", "."], 0, "@") ; ([], 0, "#")`))
	s.fn("game", "$free", "lists the empty cells", board(`
(["#@.", ".#.", "@.."]) ; (["..", "@#"]) ; (["#@", ".."]) ; (["@.#"]) ; (["#@"]) ; (["."]) ; (["", ""]) ; ([]) ; (["...", "###"]) ; (["#", ".", "@", "."]) ; ([".@."])`))
	s.fn("lines", "$line", "tells whether a player has enough in a row", board(`
(["##.", "@@.", "..."], "#") ; (["###", "@@.", "..."], "#") ; (["###", "@@.", "..."], "@") ; (["#..", "#..", "#.."], "#") ; (["#..", ".#.", "..#"], "#") ; (["..@", ".@.", "@.."], "@") ; ([".##", "#..", "#.."], "#") ; (["##"], "#", 2) ; (["##"], "#") ; (["#"], "#", 1) ; (["..##", "#..."], "#", 3) ; ([], "#")`))
	s.targetOneOf("game", "lines")
}

func floodAreas(s *sketch) {
	s.draw("pkg: islands lakes meadow atlas", "fill: flood spread area_at", "sizes: area_sizes regions sizes", "edge: coast border rim_length", "paint: paint recolour bucket", "on: # ~ o",
		"rows: rows chart land", "min: 1 2")
	s.module("flood", `
STEPS = [(0, 1), (1, 0), (0, -1), (-1, 0)]

def inside($rows, r, c):
    """Tell whether a place is on the map."""
    return 0 <= r and r < len($rows) and 0 <= c and c < len($rows[r])

def $fill($rows, r, c):
    """List the places joined to one by equal marks, sorted."""
    if not inside($rows, r, c):
        return []
    found, todo = set([(r, c)]), [(r, c)]
    for _ in range(len($rows) * len($rows[0])):
        if not todo:
            break
        at = todo.pop()
        for dr, dc in STEPS:
            p = (at[0] + dr, at[1] + dc)
            if inside($rows, p[0], p[1]) and $rows[p[0]][p[1]] == $rows[r][c] and p not in found:
                found.add(p)
                todo.append(p)
    return sorted(found)
`)
	s.target("areas", `
load("$pkg/flood.star", "$fill", "STEPS", "inside")

def $sizes($rows, mark="$on", least=$min):
    """List the sizes of all areas of a mark, largest first."""
    seen, out = set(), []
    for r in range(len($rows)):
        for c in range(len($rows[r])):
            if $rows[r][c] != mark or (r, c) in seen:
                continue
            area = $fill($rows, r, c)
            seen = seen | set(area)
            if len(area) >= least:
                out.append(len(area))
    return sorted(out, reverse=True)

def $edge($rows, r, c):
    """Count the sides of an area that face another mark or the map's end."""
    n = 0
    for i, j in $fill($rows, r, c):
        for dr, dc in STEPS:
            if not inside($rows, i + dr, j + dc) or $rows[i + dr][j + dc] != $rows[r][c]:
                n += 1
    return n

def $paint($rows, r, c, mark):
    """Return the map with one area in another mark."""
    area, out = $fill($rows, r, c), []
    for i, row in enumerate($rows):
        line = [mark if (i, j) in area else row[j] for j in range(len(row))]
        out.append("".join(line))
    return out
`)
	s.set("a", s.cells(3, 4))
	s.set("b", s.cells(4, 4))
	s.fn("areas", "$sizes", "lists the sizes of separate areas", s.marked(`
($a) ; ($b) ; (["##..", "##.#", "...#"]) ; (["#.#.", ".#.#"]) ; (["#.#.", ".#.#"], "#", 1) ; (["##.#"], "#", 2) ; (["##.#"], "#", 3) ; (["##.#"], ".") ; (["###", "#.#", "###"]) ; (["#"], "#", 1) ; (["..."]) ; ([]) ; (["#.###", "#...."], "#", 1)`))
	s.fn("areas", "$edge", "measures the border of an area", s.marked(`
($a, 1, ${0..3}) ; ($b, ${0..3}, ${0..3}) ; (["##", "##"], 0, 0) ; (["###", "#.#", "###"], 0, 0) ; (["###", "#.#", "###"], 1, 1) ; (["##."], 0, 1) ; (["#"], 0, 0) ; (["#.", ".#"], 1, 1) ; (["#"], 0, 1) ; (["#"], -1, 0) ; ([], 0, 0) ; (["###"], 0, 0)`))
	s.fn("areas", "$paint", "paints a whole area in another mark", s.marked(`
($a, 1, ${0..3}, "@") ; ($b, ${0..3}, 2, "@") ; (["##", ".#"], 0, 0, "w") ; (["##", ".#"], 1, 0, "w") ; (["##", ".#"], 1, 0, "#") ; (["#.#"], 0, 2, "w") ; (["#.", ".#"], 0, 0, "w") ; (["#"], 0, 0, "w") ; (["#"], 1, 0, "w") ; ([], 0, 0, "w") ; (["..", ".."], 1, 1, "w")`))
	s.fn("flood", "$fill", "lists the places of one area", s.marked(`
($a, 0, ${0..3}) ; ($b, ${0..3}, 3) ; (["##", ".#"], 0, 0) ; (["##", ".#"], 1, 0) ; (["#.#"], 0, 0) ; (["#.", ".#"], 0, 0) ; (["##"], 0, 1) ; (["##"], 0, 2) ; (["##"], 1, 0) ; (["##"], 0, -1) ; (["#"], 0, 0) ; ([], 0, 0)`))
	s.targetOneOf("areas", "flood")
}

func boxOverlap(s *sketch) {
	s.draw("pkg: layout windows floorplan sprites", "area: area box_area size", "both: overlap_of intersection common", "hull: hull bounds cover", "inside: holds contains has_point", "union: covered union_area total_area", "place: fit_in shift_inside keep_on",
		"w: 80 100 64", "h: 60 50 48", "a: a one left_box", "b: b two other")
	s.module("box", `
def $area(box):
    """Return the area of a (left, top, right, bottom) box."""
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])

def $inside(box, x, y):
    """Tell whether a box holds a point; right and bottom are outside."""
    return box[0] <= x and x < box[2] and box[1] <= y and y < box[3]
`)
	s.target("boxes", `
load("$pkg/box.star", "$area")

def $both($a, $b):
    """Return the box that two boxes share, or None."""
    left, top = max($a[0], $b[0]), max($a[1], $b[1])
    right, bottom = min($a[2], $b[2]), min($a[3], $b[3])
    if left >= right or top >= bottom:
        return None
    return (left, top, right, bottom)

def $union($a, $b):
    """Return the area that two boxes cover together."""
    shared = $both($a, $b)
    total = $area($a) + $area($b)
    if shared != None:
        total -= $area(shared)
    return total

def $hull(boxes):
    """Return the smallest box around all boxes that have an area."""
    out = None
    for box in boxes:
        if $area(box) == 0:
            continue
        if out == None:
            out = box
        low = (min(out[0], box[0]), min(out[1], box[1]))
        out = low + (max(out[2], box[2]), max(out[3], box[3]))
    return out

def $place(box, width=$w, height=$h):
    """Move a box onto the screen; its top left corner comes first."""
    left, top, right, bottom = box
    x = max(0, min(left, width - (right - left)))
    y = max(0, min(top, height - (bottom - top)))
    return (x, y, x + right - left, y + bottom - top)
`)
	s.fn("boxes", "$both", "finds the part that two boxes share", `
((0, 0, 10, 8), (5, 3, ${12..20}, 9)) ; ((${1..4}, 2, 9, 9), (3, ${1..6}, 7, 12)) ; ((0, 0, 4, 4), (4, 0, 8, 4)) ; ((0, 0, 4, 4), (0, 4, 4, 8)) ; ((0, 0, 4, 4), (3, 3, 8, 8)) ; ((0, 0, 9, 9), (2, 3, 4, 5)) ; ((5, 5, 9, 9), (0, 0, 6, 6)) ; ((0, 0, 2, 2), (5, 0, 7, 2)) ; ((0, 0, 2, 2), (0, 5, 2, 7)) ; ((1, 1, 1, 5), (0, 0, 9, 9)) ; ((-3, -3, 1, 1), (-1, -2, 5, 5)) ; ((0, 0, 3, 3), (0, 0, 3, 3))`)
	s.fn("boxes", "$union", "measures what two boxes cover together", `
((0, 0, 10, 8), (5, 3, ${12..20}, 9)) ; ((0, 0, ${2..5}, 4), (1, 1, 6, 3)) ; ((0, 0, 2, 2), (5, 5, 7, 8)) ; ((0, 0, 9, 9), (2, 3, 4, 5)) ; ((0, 0, 3, 3), (0, 0, 3, 3)) ; ((0, 0, 4, 4), (4, 0, 8, 4)) ; ((0, 0, 0, 5), (0, 0, 2, 2)) ; ((0, 0, 0, 0), (1, 1, 1, 1)) ; ((5, 5, 2, 2), (0, 0, 1, 1)) ; ((0, 0, 3, 1), (0, 0, 1, 3)) ; ((-2, -2, 2, 2), (-1, -1, 1, 1))`)
	s.fn("boxes", "$hull", "finds the smallest box around several", `
([(0, 0, 4, 4), (6, ${1..3}, 9, 5)]) ; ([(5, 5, ${6..9}, 8), (1, 7, 3, ${8..12})]) ; ([(2, 2, 3, 3)]) ; ([(2, 2, 2, 9), (4, 4, 5, 5)]) ; ([(4, 4, 5, 5), (0, 0, 0, 0)]) ; ([(0, 0, 9, 9), (3, 3, 4, 4)]) ; ([(-2, 1, 0, 3), (0, -4, 1, 0)]) ; ([(1, 1, 1, 1)]) ; ([]) ; ([(3, 3, 4, 4), (1, 1, 2, 2), (5, 0, 6, 1)]) ; ([(9, 9, 0, 0), (1, 1, 2, 3)])`)
	s.fn("boxes", "$place", "moves a box back onto the screen", `
((10, 10, 20, 20)) ; ((-${3..9}, 5, 10, 15)) ; ((10, -${3..9}, 20, 15)) ; ((${w-5}, 5, ${w+5}, 15)) ; ((5, ${h-5}, 15, ${h+3})) ; ((0, 0, $w, $h)) ; ((1, 1, ${w+1}, ${h+1})) ; ((-1, -1, 9, 9)) ; ((0, 0, ${w+9}, 5)) ; ((-5, -5, 120, 3)) ; ((3, 3, 7, 7), 5, 5) ; ((1, 1, 5, 5), 5, 5) ; ((2, 0, 3, 1), 2, 1)`)
	s.fn("box", "$inside", "tells whether a point is in a box", `
((0, 0, 10, 8), ${2..9}, ${2..7}) ; ((2, 3, 6, 7), ${0..8}, ${1..8}) ; ((0, 0, 4, 4), 0, 0) ; ((0, 0, 4, 4), 4, 2) ; ((0, 0, 4, 4), 2, 4) ; ((0, 0, 4, 4), 3, 3) ; ((0, 0, 4, 4), -1, 2) ; ((0, 0, 4, 4), 2, -1) ; ((2, 2, 2, 2), 2, 2) ; ((1, 5, 3, 6), 1, 5) ; ((1, 5, 3, 6), 5, 1)`)
}

func knightMoves(s *sketch) {
	s.draw("pkg: chess board knights pieces", "read: square_at parse_square read_square", "name: square_name write_square label", "knight: knight_moves knight_jumps hops", "rook: rook_moves slide rook_reach", "far: jumps_between hops_to knight_distance",
		"inside: on_board inside is_square", "n: 8 6 5", "x: a b c d e", "file: col file column", "rank: row rank line")
	s.module("squares", `
SIZE = $n
FILES = "abcdefgh"

def $inside($file, $rank):
    """Tell whether a square is on the board."""
    return $file >= 0 and $rank >= 0 and $file < SIZE and $rank < SIZE

def $read(text):
    """Turn "b3" into (1, 2); None off the board."""
    if len(text) != 2 or not text[1].isdigit():
        return None
    $file, $rank = FILES.find(text[0]), int(text[1]) - 1
    return ($file, $rank) if $inside($file, $rank) else None

def $name($file, $rank):
    """Turn (1, 2) into "b3"."""
    return FILES[$file] + str($rank + 1)
`)
	s.target("moves", `
load("$pkg/squares.star", "$inside", "$name", "$read", "SIZE")

JUMPS = [(1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2)]

def $knight(text):
    """List the squares a knight reaches in one jump, sorted."""
    at, out = $read(text), []
    for dc, dr in JUMPS if at else []:
        c, r = at[0] + dc, at[1] + dr
        if $inside(c, r):
            out.append($name(c, r))
    return sorted(out)

def $rook(text, taken=[]):
    """List the squares along both lines; a taken one is the last that way."""
    at, out = $read(text), []
    for dc, dr in [(0, 1), (0, -1), (1, 0), (-1, 0)] if at else []:
        for k in range(1, SIZE):
            c, r = at[0] + dc * k, at[1] + dr * k
            if not $inside(c, r):
                break
            out.append($name(c, r))
            if $name(c, r) in taken:
                break
    return sorted(out)

def $far(start, goal, limit=3):
    """Return how many jumps a knight needs, None above the limit."""
    reached = [start]
    for n in range(limit + 1):
        if goal in reached:
            return n
        reached = [m for square in set(reached) for m in $knight(square)]
    return None
`)
	s.fn("moves", "$knight", "lists where a knight can jump", `
("${x}${1..5}") ; ("c3") ; ("b${1..5}") ; ("d4") ; ("e5") ; ("a1") ; ("b2") ; ("a$n") ; ("e1") ; ("h1") ; ("f6") ; ("a9") ; ("z1") ; ("") ; ("a0")`)
	s.fn("moves", "$rook", "lists where a rook can go", `
("${x}${1..5}") ; ("c3", ["c${4..5}", "e3"]) ; ("a1", ["b1"]) ; ("a1", ["a2", "b1"]) ; ("c3", ["c2", "b3", "c4", "d3"]) ; ("e5", ["d4"]) ; ("b2", ["a2"]) ; ("a$n") ; ("d4", ["d4"]) ; ("i1") ; ("") ; ("h8", ["h7"])`)
	s.fn("moves", "$far", "counts the jumps a knight needs", `
("a1", "${x}${2..5}") ; ("c3", "d${1..5}") ; ("a1", "b3") ; ("a1", "a1") ; ("a1", "b2") ; ("a1", "b2", 4) ; ("c3", "c4") ; ("c3", "c4", 2) ; ("b1", "c3", 1) ; ("b1", "c3", 0) ; ("e5", "e5", 0) ; ("a1", "z9", 2) ; ("a9", "a9", 1)`)
	s.fn("squares", "$read", "reads the name of a square", `
("${x}${1..5}") ; ("b3") ; ("a1") ; ("e5") ; ("f6") ; ("h8") ; ("a0") ; ("a9") ; ("i1") ; ("3b") ; ("a") ; ("a10") ; ("") ; ("bb") ; ("a$n") ; ("a${n+1}")`)
	s.targetOneOf("moves", "moves", "squares")
}

func seatRows(s *sketch) {
	s.draw("pkg: cinema theatre bus arena", "name: seat_name label seat_label", "find: find_together seats_for best_block", "left: seats_left count_free free_count", "book: book reserve take",
		"rows: rows plan hall", "price: 900 1200 800", "front: 1 2", "size: size group people")
	s.module("plan", `
FREE, TAKEN = ".", "x"

def $name(r, c):
    """Name a seat: row letter and number from 1, "A1"."""
    return "ABCDEFGHIJ"[r] + str(c + 1)

def $left($rows):
    """Count the free seats."""
    return len([c for row in $rows for c in row.elems() if c == FREE])
`)
	s.target("seats", `
load("$pkg/plan.star", "$left", "$name", "FREE", "TAKEN")

PRICES = {"front": ${price-200}, "back": $price}

def $find($rows, $size, skip=0):
    """Return (row, first seat) of free seats side by side, back rows first."""
    if $size < 1:
        return None
    for r in range(len($rows) - 1, skip - 1, -1):
        for start in range(len($rows[r]) - $size + 1):
            if all([seat == FREE for seat in $rows[r][start:start + $size].elems()]):
                return (r, start)
    return None

def $book($rows, $size, skip=0):
    """Return (new $rows, seat names); nothing changes without room."""
    found = $find($rows, $size, skip)
    if found == None:
        return ($rows, [])
    r, start = found
    row = $rows[r][:start] + TAKEN * $size + $rows[r][start + $size:]
    names = [$name(r, c) for c in range(start, start + $size)]
    return ($rows[:r] + [row] + $rows[r + 1:], names)

def cost(r, $size, front=$front, child=False):
    """Return the price of seats in a row; half for children."""
    price = PRICES["front"] if r < front else PRICES["back"]
    if child:
        price = price // 2
    return max($size, 0) * price

def full($rows, percent=100):
    """Tell whether at least that percentage of seats is taken."""
    total = 0
    for row in $rows:
        total += len(row)
    return (total - $left($rows)) * 100 >= percent * total
`)
	s.set("a", s.seats(3, 5))
	s.set("b", s.seats(4, 4))
	s.fn("seats", "$find", "finds free seats next to each other", `
($a, 2) ; ($b, ${1..3}) ; (["....", "x..x", "xx.."], 2) ; (["....", "x..x", "xx.."], 3) ; (["....", "x..x"], 3, 1) ; (["....", "x..x"], 2, 1) ; (["....", "x..x"], 4) ; (["....", "x..x"], 5) ; (["..x"], 1) ; (["x.x"], 1) ; (["xx"], 1) ; ([], 1) ; (["..."], 0) ; (["..."], 3) ; (["..."], 1, 1)`)
	s.fn("seats", "$book", "books seats next to each other", `
($a, 2) ; ($b, ${1..3}) ; (["....", "x..x", "xx.."], 2) ; (["....", "x..x"], 3) ; (["....", "x..x"], 3, 1) ; (["x.x.x"], 1) ; (["x..x."], 2) ; (["xx"], 1) ; (["."], 1) ; (["..."], 0) ; ([], 2) ; (["..", ".."], 1, 1)`)
	s.fn("seats", "cost", "prices seats in a row", `
(${3..8}, ${2..6}) ; (0, ${2..6}) ; ($front, 2) ; (${front-1}, 2) ; (5, 1) ; (0, 1) ; (0, 1, 1, True) ; (3, 2, 4) ; (4, 2, 4) ; (5, 2, 4, True) ; (0, 3, 0) ; (2, 0) ; (0, -1)`)
	s.fn("seats", "full", "tells whether enough seats are taken", `
($a, ${40..60}) ; ($b, ${40..60}) ; (["xx", "xx"]) ; (["xx", "x."]) ; (["xx", "x."], 75) ; (["xx", "x."], 76) ; (["x.", ".."], 25) ; (["..", ".."], 0) ; (["..", ".."], 1) ; (["x"], 100) ; (["."], 100) ; ([]) ; (["x.x"], 66) ; (["x.x"], 67)`)
	s.fn("plan", "$left", "counts the free seats", `
($a) ; ($b) ; (["....", "x..x"]) ; (["xx", "xx"]) ; (["..", ".."]) ; (["."]) ; (["x"]) ; ([]) ; ([""]) ; (["x.x.x"]) ; (["..x", "...", "x"])`)
}

// seats draws rows of free and taken seats.
func (s *sketch) seats(rows, columns int) string {
	s.words["on"] = "x"
	return s.cells(rows, columns)
}
