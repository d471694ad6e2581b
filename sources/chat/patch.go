package chat

import (
	"path"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// CleanPatch takes off the line ends that a submit command prints before a diff.
func CleanPatch(p *string) *string {
	if p == nil {
		return nil
	}
	clean := strings.TrimLeft(*p, "\r\n")
	return &clean
}

// maxPatchFiles bounds how many files of a patch are looked for in a dialogue.
const maxPatchFiles = 16

// ForeignPatch finds a patch that belongs to another repository than the task
// at repo (owner/name), as the patch column of some public sets does: a row
// whose instance is of one project holds a diff of another. It returns the files
// that the patch touches, nil where the patch may well be this attempt's: it
// touches a folder named after the project, or a file that the dialogue names.
// Names that every project has say nothing; a patch of such names alone is let
// pass.
func ForeignPatch(repo, patch string, messages []pipeline.Message) []string {
	_, name, ok := strings.Cut(repo, "/")
	if !ok || patch == "" {
		return nil
	}
	files := patchFiles(patch)
	telling := false
	for _, f := range files {
		if hasSegment(f, name) {
			return nil
		}
		want := path.Base(f)
		if ordinary(want) {
			if want = f; !strings.Contains(f, "/") {
				continue
			}
		}
		telling = true
		if speaksOf(messages, want) {
			return nil
		}
	}
	if !telling {
		return nil
	}
	return files
}

// patchFiles lists the files whose change a diff begins with "diff --git".
func patchFiles(patch string) []string {
	var files []string
	for rest := patch; rest != "" && len(files) < maxPatchFiles; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if head, ok := strings.CutPrefix(line, "diff --git a/"); ok {
			if i := strings.LastIndex(head, " b/"); i >= 0 {
				files = append(files, strings.TrimRight(head[i+len(" b/"):], "\r"))
			}
		}
	}
	return files
}

// hasSegment reports whether a folder or the stem of a file is named after a
// project, whatever the case and the dashes.
func hasSegment(file, name string) bool {
	name = plain(name)
	for s := range strings.SplitSeq(file, "/") {
		if s = plain(strings.TrimSuffix(s, path.Ext(s))); s != "" && (s == name || "py"+s == name || s == "py"+name) {
			return true
		}
	}
	return false
}

var dashes = strings.NewReplacer("-", "", "_", "", ".", "")

func plain(s string) string { return dashes.Replace(strings.ToLower(s)) }

// ordinary lists names of files that are in any project.
func ordinary(base string) bool {
	stem := strings.TrimSuffix(strings.ToLower(base), path.Ext(base))
	switch stem {
	case "__init__", "__main__", "setup", "conftest", "conf", "utils", "util", "base", "core", "main", "cli", "test", "tests", "models", "helpers",
		"types", "readme", "changelog", "changes", "history", "license", "makefile", "dockerfile", "pyproject", "requirements", "config", "index",
		"reproduce", "package", "mod", "lib", "":
		return true
	}
	return false
}

// speaksOf looks for a text in what the policy said, did and saw.
func speaksOf(messages []pipeline.Message, text string) bool {
	for i := range messages {
		m := &messages[i]
		if strings.Contains(OrEmpty(m.Content), text) || strings.Contains(OrEmpty(m.RawOutput), text) {
			return true
		}
		for k := range m.ToolCalls {
			if strings.Contains(m.ToolCalls[k].Arguments, text) {
				return true
			}
		}
	}
	return false
}
