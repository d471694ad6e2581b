package shell

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/swerm/swerm/internal/gitdiff"
)

// git knows one commit, the tree as it was given, and what has changed since.
func git(c *cmd) int {
	for len(c.args) > 0 && (c.args[0] == "--no-pager" || c.args[0] == "-P") {
		c.args = c.args[1:]
	}
	if len(c.args) > 1 && c.args[0] == "-C" {
		c.args = c.args[2:]
	}
	if len(c.args) == 0 {
		c.err.WriteString("usage: git [-v | --version] [-C <path>] <command> [<args>]\n")
		return 1
	}
	verb := c.args[0]
	c.args = c.args[1:]
	switch verb {
	case "diff":
		return c.gitDiff()
	case "status":
		return c.gitStatus()
	case "checkout", "restore":
		return c.gitRestore()
	case "log", "show":
		return c.gitLog()
	case "add":
		return 0
	case "apply":
		return c.gitApply()
	case "ls-files":
		for _, p := range slices.Sorted(maps.Keys(c.ws.base)) {
			fmt.Fprintln(c.out, p)
		}
		return 0
	case "grep":
		c.name, c.args = "grep", append([]string{"-rn"}, c.args...)
		return grep(c)
	case "rev-parse":
		if slices.Contains(c.args, "--show-toplevel") {
			fmt.Fprintln(c.out, root)
		} else {
			fmt.Fprintln(c.out, c.ws.commit())
		}
		return 0
	case "branch":
		c.out.WriteString("* main\n")
		return 0
	case "commit", "stash", "push", "pull", "reset", "clean", "rm", "mv", "init", "config", "fetch", "merge", "rebase", "switch":
		c.fail("'%s' is not available here", verb)
		return 1
	}
	c.fail("'%s' is not a git command. See 'git --help'.", cut(verb, 100))
	return 1
}

// commit is the id of the one commit: a hash of the tree.
func (w *Workspace) commit() string {
	h := sha1.New()
	for _, p := range slices.Sorted(maps.Keys(w.base)) {
		fmt.Fprintf(h, "%d %s\n%d\n%s", len(p), p, len(w.base[p]), w.base[p])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// chosen keeps the part of a tree below the paths that were named.
func (c *cmd) chosen(files map[string]string, names []string) map[string]string {
	if len(names) == 0 {
		return files
	}
	out := map[string]string{}
	for p, text := range files {
		for _, n := range names {
			at := c.path(n)
			if full := root + "/" + p; full == at || strings.HasPrefix(full, strings.TrimSuffix(at, "/")+"/") {
				out[p] = text
			}
		}
	}
	return out
}

func (c *cmd) gitDiff() int {
	var names []string
	style := ""
	for _, a := range c.args {
		switch {
		case a == "--stat" || a == "--name-only" || a == "--name-status" || a == "--shortstat" || a == "--quiet" || a == "--exit-code":
			style = a
		case a == "--cached" || a == "--staged":
			return 0
		case a == "HEAD" || a == "main" || a == "--" || strings.HasPrefix(a, "-"):
		default:
			names = append(names, a)
		}
	}
	old, now := c.chosen(c.ws.base, names), c.chosen(c.ws.tree.repo(), names)
	c.budget.spend(c.ws.tree.bytes)
	text := gitdiff.Diff(old, now)
	switch style {
	case "":
		c.out.WriteString(text)
	case "--quiet":
		return oneIf(text != "")
	case "--name-only", "--name-status":
		for _, ch := range changes(old, now) {
			if style == "--name-status" {
				fmt.Fprintf(c.out, "%s\t", ch.mark)
			}
			fmt.Fprintln(c.out, ch.path)
		}
	default:
		c.stat(old, now, style == "--stat")
	}
	return 0
}

// change is one file that differs from the commit.
type change struct{ path, mark string }

func changes(old, now map[string]string) []change {
	both := maps.Clone(old)
	maps.Copy(both, now)
	var out []change
	for _, p := range slices.Sorted(maps.Keys(both)) {
		was, had := old[p]
		is, has := now[p]
		switch {
		case !had:
			out = append(out, change{p, "A"})
		case !has:
			out = append(out, change{p, "D"})
		case was != is:
			out = append(out, change{p, "M"})
		}
	}
	return out
}

// stat is git diff --stat.
func (c *cmd) stat(old, now map[string]string, each bool) {
	var files, added, removed int
	for _, ch := range changes(old, now) {
		one := func(m map[string]string) map[string]string {
			if text, ok := m[ch.path]; ok {
				return map[string]string{ch.path: text}
			}
			return nil
		}
		a, r := 0, 0
		for _, l := range splitLines(gitdiff.Diff(one(old), one(now))) {
			switch {
			case strings.HasPrefix(l, "+") && !strings.HasPrefix(l, "+++ "):
				a++
			case strings.HasPrefix(l, "-") && !strings.HasPrefix(l, "--- "):
				r++
			}
		}
		files, added, removed = files+1, added+a, removed+r
		if each {
			fmt.Fprintf(c.out, " %s | %d %s%s\n", ch.path, a+r, strings.Repeat("+", min(a, 30)), strings.Repeat("-", min(r, 30)))
		}
	}
	if files == 0 {
		return
	}
	fmt.Fprintf(c.out, " %s changed", count(files, "file"))
	if added > 0 {
		fmt.Fprintf(c.out, ", %s(+)", count(added, "insertion"))
	}
	if removed > 0 {
		fmt.Fprintf(c.out, ", %s(-)", count(removed, "deletion"))
	}
	fmt.Fprintln(c.out)
}

func (c *cmd) gitStatus() int {
	short := false
	for _, a := range c.args {
		short = short || a == "-s" || a == "--short" || strings.HasPrefix(a, "--porcelain")
	}
	all := changes(c.ws.base, c.ws.tree.repo())
	var tracked, fresh []change
	for _, ch := range all {
		if ch.mark == "A" {
			fresh = append(fresh, ch)
		} else {
			tracked = append(tracked, ch)
		}
	}
	if short {
		for _, ch := range tracked {
			fmt.Fprintf(c.out, " %s %s\n", ch.mark, ch.path)
		}
		for _, ch := range fresh {
			fmt.Fprintf(c.out, "?? %s\n", ch.path)
		}
		return 0
	}
	c.out.WriteString("On branch main\n")
	if len(tracked) > 0 {
		c.out.WriteString("Changes not staged for commit:\n")
		for _, ch := range tracked {
			word := "modified:   "
			if ch.mark == "D" {
				word = "deleted:    "
			}
			fmt.Fprintf(c.out, "\t%s%s\n", word, ch.path)
		}
		c.out.WriteString("\n")
	}
	if len(fresh) > 0 {
		c.out.WriteString("Untracked files:\n")
		for _, ch := range fresh {
			fmt.Fprintf(c.out, "\t%s\n", ch.path)
		}
		c.out.WriteString("\n")
	}
	if len(all) == 0 {
		c.out.WriteString("nothing to commit, working tree clean\n")
	} else {
		c.out.WriteString("no changes added to commit (use \"git add\" and/or \"git commit -a\")\n")
	}
	return 0
}

// gitRestore is git checkout -- PATH and git restore PATH.
func (c *cmd) gitRestore() int {
	var names []string
	for _, a := range c.args {
		if a != "--" && a != "HEAD" && a != "-f" && a != "-q" {
			names = append(names, a)
		}
	}
	if len(names) == 0 {
		return 0
	}
	code, restored := 0, 0
	for _, n := range names {
		part := c.chosen(c.ws.base, []string{n})
		if len(part) == 0 {
			fmt.Fprintf(c.err, "error: pathspec '%s' did not match any file(s) known to git\n", cut(n, 200))
			code = 1
		}
		for _, p := range slices.Sorted(maps.Keys(part)) {
			full := root + "/" + p
			if now, ok := c.ws.tree.files[full]; ok && now == part[p] {
				continue
			}
			c.ws.tree.addParents(full)
			if err := c.ws.tree.write(full, part[p]); err != nil {
				fmt.Fprintf(c.err, "error: unable to create file %s: %v\n", p, err)
				code = 1
			}
			restored++
		}
	}
	if code == 0 {
		fmt.Fprintf(c.err, "Updated %s from the index\n", count(restored, "path"))
	}
	return code
}

func (c *cmd) gitLog() int {
	id := c.ws.commit()
	if slices.Contains(c.args, "--oneline") || slices.Contains(c.args, "--format=oneline") {
		fmt.Fprintf(c.out, "%s Import\n", id[:7])
		return 0
	}
	fmt.Fprintf(c.out, "commit %s\nAuthor: root <root@localhost>\nDate:   Thu Jan 1 00:00:00 1970 +0000\n\n    Import\n", id)
	return 0
}

// gitApply lays a patch over the tree, as a whole or not at all.
func (c *cmd) gitApply() int {
	for _, a := range c.args {
		if strings.HasPrefix(a, "-") && a != "-" {
			continue
		}
		text, err := c.read(a)
		if err != nil {
			fmt.Fprintf(c.err, "error: can't open patch '%s': %v\n", a, err)
			return 128
		}
		files, err := gitdiff.Apply(c.ws.tree.repo(), text)
		if err != nil {
			fmt.Fprintf(c.err, "error: %v\n", err)
			return 1
		}
		if slices.Contains(c.args, "--check") {
			return 0
		}
		return c.replace(files)
	}
	c.fail("no patch given")
	return 128
}

// replace makes the tree hold these files.
func (c *cmd) replace(files map[string]string) int {
	old := c.ws.tree.clone()
	for p := range c.ws.tree.repo() {
		if _, ok := files[p]; !ok {
			if err := c.ws.tree.remove(root + "/" + p); err != nil {
				c.ws.tree = old
				return c.fail("%s: %v", p, err)
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(files)) {
		c.ws.tree.addParents(root + "/" + p)
		if err := c.ws.tree.write(root+"/"+p, files[p]); err != nil {
			c.ws.tree = old
			return c.fail("%s: %v", p, err)
		}
	}
	return 0
}
