package gitdiff

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Diff returns the patch that turns old into new, in git's format, "" when
// they are equal. Paths must be clean and relative, as Apply wants them.
func Diff(old, new map[string]string) string {
	paths := maps.Clone(old)
	if paths == nil {
		paths = map[string]string{}
	}
	maps.Copy(paths, new)
	var b strings.Builder
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		was, had := old[p]
		is, has := new[p]
		if had == has && was == is {
			continue
		}
		writeFile(&b, p, was, is, had, has)
	}
	return b.String()
}

func writeFile(b *strings.Builder, p, was, is string, had, has bool) {
	oldName, newName := quote("a/"+p), quote("b/"+p)
	fmt.Fprintf(b, "diff --git %s %s\n", oldName, newName)
	switch {
	case !had:
		b.WriteString("new file mode 100644\n")
		oldName = "/dev/null"
	case !has:
		b.WriteString("deleted file mode 100644\n")
		newName = "/dev/null"
	}
	if was == is { // an empty file came or went
		return
	}
	fmt.Fprintf(b, "--- %s\n+++ %s\n", ended(oldName), ended(newName))
	body := diff.Diff("a", []byte(was), "b", []byte(is))
	for range 3 { // the header of plain diff: its names are not quoted as git's are
		_, body, _ = bytes.Cut(body, []byte("\n"))
	}
	b.Write(body)
}

// ended adds the tab that git puts behind a name with a space.
func ended(name string) string {
	if strings.Contains(name, " ") && !strings.HasPrefix(name, `"`) {
		return name + "\t"
	}
	return name
}

// quote writes a name as git does: in quotes and with octal escapes when it
// holds anything but printable ASCII.
func quote(name string) string {
	plain := func(c byte) bool { return c >= ' ' && c < 0x7f && c != '"' && c != '\\' }
	ok := true
	for i := range len(name) {
		ok = ok && plain(name[i])
	}
	if ok {
		return name
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(name) {
		switch c := name[i]; {
		case plain(c):
			b.WriteByte(c)
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
