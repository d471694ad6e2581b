package shell

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

func cat(c *cmd) int {
	f, names, ok := c.options("nbsAvTE", map[string]string{"number": "n", "show-all": "A"})
	if !ok {
		return 1
	}
	n := 0
	return c.inputs(names, func(_, text string) {
		if !f.has("n") && !f.has("b") && !f.has("A") && !f.has("E") {
			c.out.WriteString(text)
			return
		}
		for line := range strings.Lines(text) {
			n++
			body, ended := strings.CutSuffix(line, "\n")
			if f.has("A") || f.has("E") {
				body = strings.ReplaceAll(body, "\t", "^I") + "$"
			}
			if ended {
				body += "\n"
			}
			if f.has("n") || f.has("b") && body != "\n" {
				body = fmt.Sprintf("%6d\t%s", n, body)
			} else if f.has("b") {
				n--
			}
			c.out.WriteString(body)
		}
	})
}

func nl(c *cmd) int {
	f, names, ok := c.options("b:w:s:", nil)
	if !ok {
		return 1
	}
	n := 0
	return c.inputs(names, func(_, text string) {
		for _, line := range splitLines(text) {
			if line == "" && f["b"] != "a" {
				c.out.WriteString("       \n")
				continue
			}
			n++
			fmt.Fprintf(c.out, "%6d\t%s\n", n, line)
		}
	})
}

// ends is head and tail.
func ends(c *cmd) int {
	args := []string{}
	for i, a := range c.args { // head -20 is head -n 20
		value := i > 0 && (c.args[i-1] == "-n" || c.args[i-1] == "-c")
		if !value && len(a) > 1 && a[0] == '-' && strings.Trim(a[1:], "0123456789") == "" {
			args = append(args, "-n", a[1:])
		} else {
			args = append(args, a)
		}
	}
	c.args = args
	f, names, ok := c.options("n:c:qv", map[string]string{"lines": "n", "bytes": "c"})
	if !ok {
		return 1
	}
	spec, unit := "10", "n"
	for _, u := range []string{"n", "c"} {
		if f.has(u) {
			spec, unit = f[u], u
		}
	}
	n, err := strconv.Atoi(strings.TrimPrefix(strings.TrimPrefix(spec, "+"), "-"))
	if err != nil || n < 0 {
		return c.fail("invalid number of %s: '%s'", map[string]string{"n": "lines", "c": "bytes"}[unit], spec)
	}
	first := true
	return c.inputs(names, func(name, text string) {
		if len(names) > 1 && !f.has("q") {
			if !first {
				c.out.WriteString("\n")
			}
			fmt.Fprintf(c.out, "==> %s <==\n", name)
		}
		first = false
		parts := strings.SplitAfter(text, "\n")
		if unit == "c" {
			parts = strings.Split(text, "")
		}
		if k := len(parts); unit == "n" && parts[k-1] == "" {
			parts = parts[:k-1]
		}
		from, to := part(c.name, spec, n, len(parts))
		c.out.WriteString(strings.Join(parts[from:to], ""))
	})
}

// part says which of the size parts head or tail shows.
func part(name, spec string, n, size int) (from, to int) {
	switch {
	case name == "head" && spec[0] == '-':
		return 0, max(size-n, 0)
	case name == "head":
		return 0, min(n, size)
	case spec[0] == '+':
		return min(max(n-1, 0), size), size
	}
	return max(size-n, 0), size
}

func wc(c *cmd) int {
	f, names, ok := c.options("lwcm", map[string]string{"lines": "l", "words": "w", "bytes": "c"})
	if !ok {
		return 1
	}
	if len(f) == 0 {
		f = flags{"l": "", "w": "", "c": ""}
	}
	total := [3]int{}
	show := func(n [3]int, name string) {
		var cols []string
		for i, flag := range []string{"l", "w", "c"} {
			if f.has(flag) || flag == "c" && f.has("m") {
				cols = append(cols, strconv.Itoa(n[i]))
			}
		}
		if len(cols) > 1 {
			for i, col := range cols {
				cols[i] = fmt.Sprintf("%3s", col)
			}
		}
		if name != "-" {
			cols = append(cols, name)
		}
		fmt.Fprintln(c.out, strings.Join(cols, " "))
	}
	code := c.inputs(names, func(name, text string) {
		n := [3]int{strings.Count(text, "\n"), len(strings.Fields(text)), len(text)}
		for i := range n {
			total[i] += n[i]
		}
		show(n, name)
	})
	if len(names) > 1 {
		show(total, "total")
	}
	return code
}

func sortLines(c *cmd) int {
	f, names, ok := c.options("rnuk:t:fbo:hV", map[string]string{"reverse": "r", "numeric-sort": "n", "unique": "u", "key": "k", "field-separator": "t"})
	if !ok {
		return 1
	}
	var lines []string
	if code := c.inputs(names, func(_, text string) { lines = append(lines, splitLines(text)...) }); code != 0 {
		return 2
	}
	key := func(l string) string { return l }
	if f.has("k") {
		n, err := strconv.Atoi(strings.TrimRight(strings.SplitN(f["k"], ",", 2)[0], "nrf"))
		if err != nil || n < 1 {
			return c.fail("invalid number at field start: invalid count at start of '%s'", f["k"])
		}
		key = func(l string) string {
			fields := strings.Fields(l)
			if sep := f["t"]; sep != "" {
				fields = strings.Split(l, sep)
			}
			if n > len(fields) {
				return ""
			}
			return fields[n-1]
		}
	}
	numeric := f.has("n") || strings.Contains(f["k"], "n")
	order := func(a, b string) int {
		ka, kb := key(a), key(b)
		if numeric {
			if d := cmp.Compare(leading(ka), leading(kb)); d != 0 {
				return d
			}
		}
		if f.has("f") {
			ka, kb = strings.ToUpper(ka), strings.ToUpper(kb)
		}
		return cmp.Or(strings.Compare(ka, kb), strings.Compare(a, b))
	}
	c.budget.spend(16 * len(lines))
	slices.SortStableFunc(lines, order)
	if f.has("r") || strings.Contains(f["k"], "r") {
		slices.Reverse(lines)
	}
	if f.has("u") {
		lines = slices.Compact(lines)
	}
	for _, l := range lines {
		c.out.WriteString(l + "\n")
	}
	return 0
}

// leading is the number that a line starts with.
func leading(s string) float64 {
	s = strings.TrimSpace(s)
	end := 0
	for end < len(s) && strings.IndexByte("-.0123456789", s[end]) >= 0 {
		end++
	}
	v, err := strconv.ParseFloat(s[:end], 64)
	if err != nil {
		return 0
	}
	return v
}

func uniq(c *cmd) int {
	f, names, ok := c.options("cdu", map[string]string{"count": "c"})
	if !ok {
		return 1
	}
	return c.inputs(names, func(_, text string) {
		lines := splitLines(text)
		for i := 0; i < len(lines); {
			j := i
			for j < len(lines) && lines[j] == lines[i] {
				j++
			}
			switch {
			case f.has("d") && j-i < 2 || f.has("u") && j-i > 1:
			case f.has("c"):
				fmt.Fprintf(c.out, "%7d %s\n", j-i, lines[i])
			default:
				c.out.WriteString(lines[i] + "\n")
			}
			i = j
		}
	})
}

// cutFields is cut.
func cutFields(c *cmd) int {
	f, names, ok := c.options("d:f:c:", nil)
	if !ok {
		return 1
	}
	spec := f["f"] + f["c"]
	wanted, err := ranges(spec)
	if err != nil || spec == "" {
		return c.fail("you must specify a list of bytes, characters, or fields")
	}
	delim := "\t"
	if f.has("d") {
		delim = f["d"]
	}
	listed := 1 + strings.Count(spec, ",")
	return c.inputs(names, func(_, text string) {
		if !c.budget.spend(len(text) * listed / setSlice) {
			return
		}
		for _, line := range splitLines(text) {
			if f.has("f") && !strings.Contains(line, delim) {
				c.out.WriteString(line + "\n")
				continue
			}
			parts, join := strings.Split(line, ""), ""
			if f.has("f") {
				parts, join = strings.Split(line, delim), delim
			}
			var keep []string
			for i, p := range parts {
				if wanted(i + 1) {
					keep = append(keep, p)
				}
			}
			c.out.WriteString(strings.Join(keep, join) + "\n")
		}
	})
}

// ranges reads 1,3-5,7-.
func ranges(spec string) (func(int) bool, error) {
	var list [][2]int
	for item := range strings.SplitSeq(spec, ",") {
		a, b, dash := strings.Cut(item, "-")
		from, to := 1, 1<<30
		var err error
		if a != "" {
			if from, err = strconv.Atoi(a); err != nil {
				return nil, err
			}
		}
		if !dash {
			to = from
		} else if b != "" {
			if to, err = strconv.Atoi(b); err != nil {
				return nil, err
			}
		}
		list = append(list, [2]int{from, to})
	}
	return func(i int) bool {
		return slices.ContainsFunc(list, func(r [2]int) bool { return r[0] <= i && i <= r[1] })
	}, nil
}

// setSlice is how many members of a set, or ranges of a list, are looked
// through at the price of one byte of text.
const setSlice = 16

// translate is tr.
func translate(c *cmd) int {
	f, sets, ok := c.options("dsc", nil)
	if !ok {
		return 1
	}
	if len(sets) == 0 || len(sets) == 1 && !f.has("d") && !f.has("s") {
		return c.fail("missing operand")
	}
	from := []rune(trSet(sets[0]))
	to := from
	if len(sets) > 1 {
		to = []rune(trSet(sets[1]))
	}
	text, _ := c.read("-")
	if !c.budget.spend(len(text) * (len(from) + len(to)) / setSlice) {
		return 1
	}
	var b strings.Builder
	var last rune = -1
	for _, r := range text {
		i := slices.Index(from, r)
		hit := (i >= 0) != f.has("c")
		if hit && f.has("d") {
			continue
		}
		if hit && len(sets) > 1 && len(to) > 0 {
			r = to[min(max(i, 0), len(to)-1)]
		}
		if f.has("s") && r == last && slices.Contains(to, r) {
			continue
		}
		last = r
		b.WriteRune(r)
	}
	c.out.WriteString(b.String())
	return 0
}

// trSet expands a-z, classes and escapes of tr.
func trSet(s string) string {
	for class, set := range map[string]string{"[:upper:]": "A-Z", "[:lower:]": "a-z", "[:digit:]": "0-9", "[:space:]": " \t\n\r", "[:alpha:]": "A-Za-z", "[:alnum:]": "A-Za-z0-9"} {
		s = strings.ReplaceAll(s, class, set)
	}
	s = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\\`, `\`, `\r`, "\r").Replace(s)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if i+2 < len(s) && s[i+1] == '-' && s[i] <= s[i+2] {
			for c := int(s[i]); c <= int(s[i+2]); c++ {
				b.WriteByte(byte(c))
			}
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func tee(c *cmd) int {
	f, names, ok := c.options("a", nil)
	if !ok {
		return 1
	}
	text, _ := c.read("-")
	c.out.WriteString(text)
	code := 0
	for _, n := range names {
		before := ""
		if f.has("a") {
			before = c.ws.tree.files[c.path(n)]
		}
		if n == "/dev/null" {
			continue
		}
		if err := c.ws.tree.write(c.path(n), before+text); err != nil {
			code = c.fail("%s: %v", n, err)
		}
	}
	return code
}

func seq(c *cmd) int {
	n := []int{}
	for _, a := range c.args {
		v, err := strconv.Atoi(a)
		if err != nil {
			return c.fail("invalid floating point argument: '%s'", a)
		}
		n = append(n, v)
	}
	from, step, to := 1, 1, 0
	switch len(n) {
	case 1:
		to = n[0]
	case 2:
		from, to = n[0], n[1]
	case 3:
		from, step, to = n[0], n[1], n[2]
	default:
		return c.fail("missing operand")
	}
	if step == 0 {
		return c.fail("invalid Zero increment value: '0'")
	}
	for i := from; (step > 0 && i <= to || step < 0 && i >= to) && c.budget.live(); i += step {
		c.budget.spend(16) // output that goes nowhere is work as well
		fmt.Fprintln(c.out, i)
	}
	return 0
}

// compareFiles is diff.
func compareFiles(c *cmd) int {
	f, names, ok := c.options("uqrbwNBU:", map[string]string{"unified": "u", "brief": "q", "recursive": "r", "new-file": "N", "color": "C"})
	if !ok {
		return 2
	}
	if len(names) != 2 {
		c.fail("missing operand")
		return 2
	}
	var sides [2]map[string]string
	for i, n := range names {
		p := c.path(n)
		sides[i] = map[string]string{}
		if c.ws.tree.isDir(p) {
			c.ws.tree.walk(p, func(q string, dir bool) {
				if !dir {
					sides[i][strings.TrimPrefix(q, p)] = c.ws.tree.files[q]
				}
			})
			continue
		}
		text, err := c.read(n)
		if err != nil {
			c.fail("%s: %v", n, err)
			return 2
		}
		sides[i][""] = text
	}
	return c.difference(f, names, sides)
}

func (c *cmd) difference(f flags, names []string, sides [2]map[string]string) int {
	paths := []string{}
	for _, side := range sides {
		for p := range side {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	code := 0
	for _, p := range slices.Compact(paths) {
		a, inA := sides[0][p]
		b, inB := sides[1][p]
		c.budget.spend(len(a) + len(b))
		switch {
		case inA && !inB && !f.has("N"):
			fmt.Fprintf(c.out, "Only in %s: %s\n", names[0], strings.TrimPrefix(p, "/"))
		case inB && !inA && !f.has("N"):
			fmt.Fprintf(c.out, "Only in %s: %s\n", names[1], strings.TrimPrefix(p, "/"))
		case a == b:
			continue
		case f.has("q"):
			fmt.Fprintf(c.out, "Files %s and %s differ\n", names[0]+p, names[1]+p)
		default:
			text := string(diff.Diff(names[0]+p, []byte(a), names[1]+p, []byte(b)))
			_, text, _ = strings.Cut(text, "\n")
			c.out.WriteString(text)
		}
		code = 1
	}
	return code
}
