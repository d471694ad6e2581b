package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// DefaultTimeout is how long an answer may take. A document is decoded in
// milliseconds; a program that needs a minute hangs.
const DefaultTimeout = time.Minute

// A Command is a program with its arguments.
type Command struct {
	ID
	Path    string        // of the executable
	Timeout time.Duration // for one answer; 0 = DefaultTimeout
	Stderr  io.Writer     // where its standard error is shown; nil = nowhere
}

// An ID is what the output of a program depends on, as far as its bytes say.
type ID struct {
	Name   string   `json:"name"`
	Args   []string `json:"args,omitempty"`
	SHA256 string   `json:"sha256"` // of the executable and of the files that arguments name
}

// Parse reads a command line: words between white space, with quotes and
// backslashes as in a shell, and nothing else of a shell. The executable must be
// there.
func Parse(line string) (*Command, error) {
	words, err := split(line)
	if err != nil {
		return nil, fmt.Errorf("plugin: %q: %w", line, err)
	}
	if len(words) == 0 {
		return nil, errors.New("plugin: no command")
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return nil, fmt.Errorf("plugin: %w", err)
	}
	c := &Command{ID: ID{Name: filepath.Base(words[0]), Args: words[1:]}, Path: path}
	if c.SHA256, err = c.hash(); err != nil {
		return nil, fmt.Errorf("plugin: %w", err)
	}
	return c, nil
}

// hash covers the executable and the files among its arguments: a script is an
// argument of its interpreter.
func (c *Command) hash() (string, error) {
	h := sha256.New()
	for i, p := range append([]string{c.Path}, c.Args...) {
		f, err := os.Open(p)
		if err != nil {
			if i > 0 {
				continue // an argument that is no file
			}
			return "", err
		}
		st, err := f.Stat()
		if err == nil && st.Mode().IsRegular() {
			fmt.Fprintf(h, "%d %d\n", i, st.Size())
			_, err = io.Copy(h, f)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Title is how messages name the program: the script of an interpreter says more
// than the interpreter.
func (c *Command) Title() string {
	if len(c.Args) > 0 && !strings.HasPrefix(c.Args[0], "-") {
		if st, err := os.Stat(c.Args[0]); err == nil && st.Mode().IsRegular() {
			return filepath.Base(c.Args[0])
		}
	}
	return c.Name
}

// split cuts a command line into words.
func split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	begun, quote := false, rune(0)
	escaped := false
	for _, r := range line {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			begun, escaped = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			begun, quote = true, r
		case r == ' ' || r == '\t' || r == '\n':
			if begun {
				words = append(words, word.String())
				word.Reset()
			}
			begun = false
		default:
			begun = true
			word.WriteRune(r)
		}
	}
	if quote != 0 || escaped {
		return nil, errors.New("a quote or a backslash is left open")
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}
