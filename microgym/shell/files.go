package shell

import (
	"fmt"
	"path"
	"strings"
)

func ls(c *cmd) int {
	f, names, ok := c.options("1alARhdFtrSp", map[string]string{"all": "a", "recursive": "R"})
	if !ok {
		return 2
	}
	if len(names) == 0 {
		names = []string{"."}
	}
	code := 0
	var folders []string
	for _, n := range names {
		p := c.path(n)
		switch {
		case !c.ws.tree.exists(p):
			c.fail("cannot access '%s': %v", n, c.ws.tree.missing(p))
			code = 2
		case c.ws.tree.isFile(p) || f.has("d"):
			c.listing(f, p, []string{n}, true)
		default:
			folders = append(folders, n)
		}
	}
	for i, n := range folders {
		c.folder(f, n, len(names) > 1, i > 0 || len(folders) < len(names))
	}
	return code
}

// folder lists one folder, and those below it with -R.
func (c *cmd) folder(f flags, n string, titled, spaced bool) {
	if !c.budget.step() {
		return
	}
	if spaced {
		c.out.WriteString("\n")
	}
	if titled || f.has("R") {
		fmt.Fprintf(c.out, "%s:\n", n)
	}
	p := c.path(n)
	names := c.ws.tree.list(p)
	shown := []string{}
	if f.has("a") {
		shown = append(shown, ".", "..")
	}
	for _, name := range names {
		if !strings.HasPrefix(name, ".") || f.has("a") || f.has("A") {
			shown = append(shown, name)
		}
	}
	if f.has("l") {
		fmt.Fprintf(c.out, "total %d\n", 4*len(names))
	}
	c.listing(f, p, shown, false)
	if !f.has("R") {
		return
	}
	for _, name := range names {
		if c.ws.tree.isDir(path.Join(p, name)) {
			c.folder(f, strings.TrimSuffix(n, "/")+"/"+name, true, true)
		}
	}
}

// listing prints names, that are in the folder p, or p itself.
func (c *cmd) listing(f flags, p string, names []string, itself bool) {
	c.budget.spend(64 * len(names))
	for _, name := range names {
		full := p
		if !itself {
			full = path.Join(p, name)
		}
		dir := c.ws.tree.isDir(full)
		mark := ""
		if dir && (f.has("F") || f.has("p")) {
			mark = "/"
		}
		if !f.has("l") {
			fmt.Fprintln(c.out, name+mark)
			continue
		}
		mode, size := "-rw-r--r-- 1", len(c.ws.tree.files[full])
		if dir {
			mode, size = "drwxr-xr-x 2", 4096
		}
		fmt.Fprintf(c.out, "%s root root %5d Jan  1 00:00 %s%s\n", mode, size, name, mark)
	}
}

func mkdir(c *cmd) int {
	f, names, ok := c.options("pvm:", map[string]string{"parents": "p"})
	if !ok {
		return 1
	}
	if len(names) == 0 {
		return c.fail("missing operand")
	}
	code := 0
	for _, n := range names {
		p := c.path(n)
		var err error
		if f.has("p") {
			err = c.makeAll(p)
		} else {
			err = c.ws.tree.mkdir(p)
		}
		if err != nil {
			code = c.fail("cannot create directory '%s': %v", n, err)
		}
	}
	return code
}

func (c *cmd) makeAll(p string) error {
	var missing []string
	for ; !c.ws.tree.isDir(p); p = path.Dir(p) {
		if c.ws.tree.isFile(p) {
			return errExist
		}
		missing = append(missing, p)
	}
	for i := len(missing) - 1; i >= 0; i-- {
		if err := c.ws.tree.mkdir(missing[i]); err != nil {
			return err
		}
	}
	return nil
}

func rmdir(c *cmd) int {
	code := 0
	for _, n := range c.args {
		p := c.path(n)
		err := error(errNotDir)
		if !c.ws.tree.isFile(p) {
			err = c.ws.tree.remove(p)
		}
		if err != nil {
			code = c.fail("failed to remove '%s': %v", n, err)
		}
	}
	return code
}

func rm(c *cmd) int {
	f, names, ok := c.options("rRfvd", map[string]string{"recursive": "r", "force": "f", "no-preserve-root": "v"})
	if !ok {
		return 1
	}
	if len(names) == 0 && !f.has("f") {
		return c.fail("missing operand")
	}
	recursive := f.has("r") || f.has("R")
	code := 0
	for _, n := range names {
		p := c.path(n)
		switch {
		case !c.ws.tree.exists(p):
			if !f.has("f") {
				code = c.fail("cannot remove '%s': %v", n, c.ws.tree.missing(p))
			}
		case c.ws.tree.isDir(p) && !recursive:
			code = c.fail("cannot remove '%s': Is a directory", n)
		case p == "/":
			c.fail("it is dangerous to operate recursively on '/'")
			code = c.fail("use --no-preserve-root to override this failsafe")
		case !c.removeAll(p):
			code = c.fail("cannot remove '%s': Permission denied", n)
		}
	}
	return code
}

// removeAll removes p and what is below it. The two folders that an agent may
// write in are emptied and stay.
func (c *cmd) removeAll(p string) bool {
	var all []string
	c.ws.tree.walk(p, func(q string, _ bool) { all = append(all, q) })
	c.budget.spend(64 * len(all))
	ok := true
	for i := len(all) - 1; i >= 0; i-- {
		if err := c.ws.tree.remove(all[i]); err != nil {
			ok = false
		}
	}
	return ok
}

func touch(c *cmd) int {
	_, names, ok := c.options("acm", nil)
	if !ok {
		return 1
	}
	code := 0
	for _, n := range names {
		if p := c.path(n); !c.ws.tree.exists(p) {
			if err := c.ws.tree.write(p, ""); err != nil {
				code = c.fail("cannot touch '%s': %v", n, err)
			}
		}
	}
	return code
}

// copyFiles is cp and mv.
func copyFiles(c *cmd) int {
	f, names, ok := c.options("rRafvnpTi", map[string]string{"recursive": "r", "force": "f", "archive": "a"})
	if !ok {
		return 1
	}
	switch len(names) {
	case 0:
		return c.fail("missing file operand")
	case 1:
		return c.fail("missing destination file operand after '%s'", names[0])
	}
	to := names[len(names)-1]
	intoDir := c.ws.tree.isDir(c.path(to))
	if len(names) > 2 && !intoDir {
		return c.fail("target '%s': %v", to, errNotDir)
	}
	move := c.name == "mv"
	code := 0
	for _, n := range names[:len(names)-1] {
		from, target := c.path(n), c.path(to)
		if intoDir {
			target = path.Join(target, path.Base(from))
		}
		verb := "copy"
		if move {
			verb = "move"
		}
		switch {
		case !c.ws.tree.exists(from):
			code = c.fail("cannot stat '%s': %v", n, c.ws.tree.missing(from))
		case from == target:
			code = c.fail("'%s' and '%s' are the same file", n, to)
		case c.ws.tree.isDir(from) && !move && !f.has("r") && !f.has("R") && !f.has("a"):
			code = c.fail("-r not specified; omitting directory '%s'", n)
		case strings.HasPrefix(target, from+"/"):
			code = c.fail("cannot %s a directory, '%s', into itself, '%s'", verb, n, to)
		case move && !writable(from):
			code = c.fail("cannot move '%s' to '%s': %v", n, to, errDenied)
		default:
			if err := c.transfer(from, target, move); err != nil {
				code = c.fail("cannot create regular file '%s': %v", to, err)
			}
		}
	}
	return code
}

func (c *cmd) transfer(from, to string, move bool) error {
	var all []string
	c.ws.tree.walk(from, func(q string, _ bool) { all = append(all, q) })
	for _, q := range all {
		target := to + strings.TrimPrefix(q, from)
		var err error
		switch {
		case !c.budget.spend(64 + len(c.ws.tree.files[q])):
			return errNoSpace
		case !c.ws.tree.isDir(q):
			err = c.ws.tree.write(target, c.ws.tree.files[q])
		case !c.ws.tree.isDir(target):
			err = c.ws.tree.mkdir(target)
		}
		if err != nil {
			return err
		}
	}
	if move {
		c.removeAll(from)
	}
	return nil
}

// pathPart is basename and dirname.
func pathPart(c *cmd) int {
	if len(c.args) == 0 {
		return c.fail("missing operand")
	}
	if c.name == "dirname" {
		for _, a := range c.args {
			fmt.Fprintln(c.out, path.Dir(a))
		}
		return 0
	}
	name := path.Base(c.args[0])
	if len(c.args) > 1 && name != c.args[1] {
		name = strings.TrimSuffix(name, c.args[1])
	}
	fmt.Fprintln(c.out, name)
	return 0
}
