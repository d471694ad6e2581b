package identity

import (
	"regexp"
	"strconv"
	"strings"
)

// An instance id of the SWE-bench family is owner__name-NUMBER of a pull
// request; a sample of it has a suffix _K. SWE-smith writes
// owner__name.COMMIT.MUTATION, and its runs add .RANDOM_K to that.
var (
	sampled = regexp.MustCompile(`^(.+__.+-\d+)_(\d{1,4})$`)
	mutated = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9.-]*)__([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\.([0-9a-f]{8})\.(.+)$`)
	retried = regexp.MustCompile(`^(.+__.+\.[0-9a-f]{8}\..+)\.[a-z0-9]{8}_(\d{1,4})$`)
)

// SplitSample takes the sample number off an instance id.
func SplitSample(instance string) (base string, sample *int32) {
	if rest := strings.TrimRight(instance, digits); rest == instance || !strings.HasSuffix(rest, "_") {
		return instance, nil // as nearly all: patterns take longer than all else about an id
	}
	m := sampled.FindStringSubmatch(instance)
	if m == nil {
		m = retried.FindStringSubmatch(instance)
	}
	if m == nil {
		return instance, nil
	}
	n, _ := strconv.Atoi(m[2])
	k := int32(n)
	return m[1], &k
}

const (
	digits  = "0123456789"
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// pullRequest takes owner__name-NUMBER apart.
func pullRequest(id string) (owner, name string, ok bool) {
	owner, rest, ok := strings.Cut(id, "__")
	dash := strings.LastIndexByte(rest, '-')
	if !ok || dash <= 0 || len(owner) == 0 || owner[0] == '.' || owner[0] == '-' {
		return "", "", false
	}
	name, number := rest[:dash], rest[dash+1:]
	ok = number != "" && madeOf(number, digits) && madeOf(name, digits+letters+"_.-") && madeOf(owner, digits+letters+".-")
	return owner, name, ok
}

func madeOf(s, chars string) bool { return strings.Trim(s, chars) == "" }

// Repo returns owner/name where an instance id tells.
func Repo(instance string) (string, bool) {
	if owner, name, ok := pullRequest(instance); ok {
		return owner + "/" + name, true
	}
	if m := mutated.FindStringSubmatch(instance); m != nil {
		return m[1] + "/" + m[2], true
	}
	return "", false
}

// FirstInstance returns the first name that numbers a task, with or without a
// sample; "" where none does. Logs that name no task lie in folders that do.
func FirstInstance(names ...string) string {
	for _, name := range names {
		base, _ := SplitSample(name)
		if _, ok := Repo(base); ok {
			return name
		}
	}
	return ""
}

// IsCommit reports whether s is a full commit hash.
func IsCommit(s string) bool {
	const sha1Digits = 40
	return len(s) == sha1Digits && madeOf(s, digits+"abcdef")
}

// TaskID names the task across sources. An id that numbers a pull request is
// the task wherever it occurs, and some files of one source know the base
// commit where others of the same task do not; a mutation shares its base commit
// with hundreds of other tasks. So both are used as they stand, and repository
// and base commit name the task where the id says neither.
func TaskID(instance, repo, baseCommit string) string {
	if _, known := Repo(instance); known || repo == "" || !IsCommit(baseCommit) {
		return instance
	}
	return strings.ToLower(repo) + "@" + baseCommit
}
