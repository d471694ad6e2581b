package shell

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
)

// builtin finds a command that changes the session itself. args holds the name
// as well.
func builtin(name string) func(s *session, args []string) int {
	switch name {
	case ":", "true":
		return func(*session, []string) int { return 0 }
	case "false":
		return func(*session, []string) int { return 1 }
	case "cd":
		return changeDir
	case "pwd":
		return func(s *session, _ []string) int { fmt.Fprintln(s.out, s.dir); return 0 }
	case "echo":
		return echo
	case "printf":
		return printf
	case "test", "[":
		return testCommand
	case "read":
		return readLine
	case "set":
		return setOptions
	case "shift":
		return shift
	case "unset":
		return unset
	case "exit", "return", "break", "continue":
		return leave
	case "eval":
		return func(s *session, args []string) int { return s.script(strings.Join(args[1:], " "), s.streams) }
	case "source", ".":
		return source
	case "command", "builtin":
		return command
	case "type", "which":
		return which
	case "exec":
		return execute
	case "shopt", "trap", "wait", "hash", "umask", "ulimit", "alias", "unalias":
		return func(*session, []string) int { return 0 } // nothing that they set exists here
	}
	return nil
}

func changeDir(s *session, args []string) int {
	to := s.get("HOME")
	if len(args) > 2 {
		s.say("cd: too many arguments")
		return 1
	}
	if len(args) == 2 {
		to = args[1]
	}
	if to == "-" {
		to = s.get("OLDPWD")
		fmt.Fprintln(s.out, to)
	}
	p := s.path(to)
	switch {
	case to == "":
		return 0
	case s.ws.tree.isFile(p):
		s.say("cd: %s: Not a directory", to)
		return 1
	case !s.ws.tree.isDir(p):
		s.say("cd: %s: No such file or directory", to)
		return 1
	}
	old := s.dir
	s.dir = p
	if s.set("OLDPWD", old) != nil || s.set("PWD", p) != nil {
		return 1
	}
	return 0
}

// echoOptions are words that echo takes for options.
var echoOptions = regexp.MustCompile(`^-[neE]+$`)

func echo(s *session, args []string) int {
	args = args[1:]
	end, escapes := "\n", false
	for len(args) > 0 && echoOptions.MatchString(args[0]) {
		for _, c := range args[0][1:] {
			switch c {
			case 'n':
				end = ""
			case 'e':
				escapes = true
			case 'E':
				escapes = false
			}
		}
		args = args[1:]
	}
	line := strings.Join(args, " ")
	if escapes {
		if t, _, err := expand.Format(nil, strings.ReplaceAll(line, "%", "%%"), nil); err == nil {
			line = t
		}
	}
	s.out.WriteString(line + end)
	return 0
}

// wide finds widths that would make a short format long.
var wide = regexp.MustCompile(`%[^a-zA-Z%]*([0-9]{4,}|\*)`)

func printf(s *session, args []string) int {
	args = args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		s.say("printf: usage: printf format [arguments]")
		return 2
	}
	format, args := args[0], args[1:]
	if format == "-v" || wide.MatchString(format) {
		s.say("printf: %s: invalid format", cut(format, 100))
		return 1
	}
	for s.budget.step() {
		t, n, err := expand.Format(nil, format, args)
		if err != nil {
			s.say("printf: %v", err)
			return 1
		}
		s.out.WriteString(t)
		if args = args[n:]; n == 0 || len(args) == 0 {
			break
		}
	}
	return 0
}

func readLine(s *session, args []string) int {
	raw := false
	names := []string{}
	for i := 1; i < len(args); i++ {
		switch a := args[i]; {
		case a == "-r":
			raw = true
		case a == "-p" || a == "-d" || a == "-n" || a == "-t":
			i++
		case strings.HasPrefix(a, "-"):
			s.say("read: %s: invalid option", a)
			return 2
		default:
			names = append(names, a)
		}
	}
	line, ok := s.in.line()
	s.budget.spend(len(line))
	if len(names) == 0 {
		names = []string{"REPLY"}
	}
	values := expand.ReadFields(s.config(), line, len(names), raw)
	for i, name := range names {
		v := ""
		if i < len(values) {
			v = values[i]
		}
		if err := s.set(name, v); err != nil {
			s.say("read: %v", err)
			return 1
		}
	}
	return oneIf(!ok)
}

func setOptions(s *session, args []string) int {
	args = args[1:]
	for len(args) > 0 {
		a := args[0]
		if a == "--" {
			s.params = slices.Clone(args[1:])
			return 0
		}
		if a == "" || a[0] != '-' && a[0] != '+' {
			s.params = slices.Clone(args)
			return 0
		}
		on := a[0] == '-'
		args = args[1:]
		for _, c := range a[1:] {
			name := map[rune]string{'e': "errexit", 'u': "nounset", 'f': "noglob"}[c]
			if c == 'o' && len(args) > 0 {
				name, args = args[0], args[1:]
			}
			switch name {
			case "errexit":
				s.errexit = on
			case "nounset":
				s.nounset = on
			case "noglob":
				s.noglob = on
			case "pipefail":
				s.pipefail = on
			}
		}
	}
	return 0
}

func shift(s *session, args []string) int {
	n := 1
	if len(args) > 1 {
		var err error
		if n, err = strconv.Atoi(args[1]); err != nil || n < 0 {
			s.say("shift: %s: numeric argument required", args[1])
			return 1
		}
	}
	if n > len(s.params) {
		return 1
	}
	s.params = s.params[n:]
	return 0
}

func unset(s *session, args []string) int {
	for _, name := range args[1:] {
		if s.vars[name].ReadOnly {
			s.say("unset: %s: cannot unset: readonly variable", name)
			return 1
		}
		delete(s.vars, name)
		if args[1] == "-f" {
			delete(s.funcs, name)
		}
	}
	return 0
}

// leave is exit, return, break and continue.
func leave(s *session, args []string) int {
	n, given := 1, len(args) > 1
	if given {
		var err error
		if n, err = strconv.Atoi(args[1]); err != nil {
			s.say("%s: %s: numeric argument required", args[0], args[1])
			return 2
		}
	}
	switch args[0] {
	case "exit", "return":
		s.flow = exiting
		if args[0] == "return" {
			s.flow = returning
		}
		if given {
			return n & 0xff
		}
		return s.status
	}
	if s.inLoop == 0 {
		s.say("%s: only meaningful in a `for', `while', or `until' loop", args[0])
		return 0
	}
	s.loops = min(max(n, 1), s.inLoop)
	s.flow = continuing
	if args[0] == "break" {
		s.flow = breaking
	}
	return 0
}

func source(s *session, args []string) int {
	if len(args) < 2 {
		s.say("%s: filename argument required", args[0])
		return 2
	}
	text, err := s.read(args[1])
	if err != nil {
		s.say("%s: %v", args[1], err)
		return 1
	}
	params := s.params
	if len(args) > 2 {
		s.params = args[2:]
	}
	code := s.script(text, s.streams)
	s.params = params
	if s.flow == returning {
		s.flow = goOn
	}
	return code
}

func command(s *session, args []string) int {
	if len(args) > 1 && (args[1] == "-v" || args[1] == "-V") {
		return which(s, append([]string{"which"}, args[2:]...))
	}
	if len(args) < 2 {
		return 0
	}
	funcs := s.funcs
	s.funcs = nil // command skips functions
	s.execute(args[1:], 1)
	s.funcs = funcs
	return s.status
}

func which(s *session, args []string) int {
	code := 0
	for _, name := range args[1:] {
		switch {
		case s.funcs[name] != nil || builtin(name) != nil:
			fmt.Fprintln(s.out, name)
		case lookup(name) != nil:
			fmt.Fprintln(s.out, "/usr/bin/"+base(name))
		default:
			code = 1
		}
	}
	return code
}

// execute is exec: the command is the shell's last.
func execute(s *session, args []string) int {
	if len(args) > 1 {
		s.execute(args[1:], 1)
		s.flow = exiting
	}
	return s.status
}
