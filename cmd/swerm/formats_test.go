package main

import (
	"context"
	"fmt"
	"go/doc"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/sources/all"
	"github.com/swerm/swerm/sources/format"
)

// The page has a part that is written from the packages of the formats, and a part
// that is written from real files.
const (
	formatsPage = "docs/formats.md"
	tableBegin  = "<!-- written from real files: go generate ./cmd/swerm -->\n"
	tableEnd    = "<!-- end of what is written from real files -->\n"
)

func readPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testpath.Root(), formatsPage))
	if err != nil && !*update {
		t.Fatal(err)
	}
	return string(text)
}

// between returns what stands between the marks of a page.
func between(page string) string {
	_, rest, _ := strings.Cut(page, tableBegin)
	inner, _, _ := strings.Cut(rest, tableEnd)
	return inner
}

func writePage(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(testpath.Root(), formatsPage), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestFormatsPageIsFresh holds that the page says what the packages say.
func TestFormatsPageIsFresh(t *testing.T) {
	have := readPage(t)
	want := formatsText(t, between(have))
	if *update {
		writePage(t, want)
		return
	}
	if d := cmp.Diff(want, have); d != "" {
		t.Errorf("%s is not what the packages of the formats say: run `go generate ./cmd/swerm`\n%s", formatsPage, d)
	}
}

// TestFormatsPageTable holds that the page counts what import reads of the real
// files, and names every one that it rejects.
func TestFormatsPageTable(t *testing.T) {
	root := testpath.Real(t)
	s, err := survey(context.Background(), []string{root}, 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := surveyMarkdown(s)
	have := readPage(t)
	if *update {
		writePage(t, formatsText(t, want))
		return
	}
	if d := cmp.Diff(want, between(have)); d != "" {
		t.Errorf("%s does not count what is read: run `go generate ./cmd/swerm`\n%s", formatsPage, d)
	}
}

func formatsText(t *testing.T, table string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(formatsIntro)
	b.WriteString(tableBegin + table + tableEnd)
	b.WriteString("\n## Format by format\n\nFor each format what becomes of its fields, from the comment of its package, and under \"left behind\" what does not stand in a record\n" +
		"as it is written, with the reason. `[]` is an element of a list, `*` any key, `**` all that is below, `$` the JSON in a string. What no line covers is kept.\n")
	for _, f := range all.Formats() {
		b.WriteString("\n### " + f.Name() + "\n\n" + packageComment(t, f) + "\n" + fatesMarkdown(f.Fates()))
	}
	return b.String()
}

const formatsIntro = `# Formats

` + "`swerm import IN…`" + ` takes files, folders, patterns, archives (tar, zip, gz, xz, zstd) and object stores, and finds the format of each document by its content. Files of
rows (JSON lines, JSON lists, Parquet, Arrow) are read row by row. ` + "`swerm formats IN…`" + ` counts what an import would read, ` + "`swerm inspect DS --id X --diff`" + ` says of
one record what became of every value in its document, and [plugins.md](plugins.md) is for formats that are not here.

Files that are known and are no trajectories (task rows, predictions, results, reports) are ignored by their kind: ` + "`import --tasks`" + ` and ` + "`label reports`" + ` read them.

## Real files

What an import reads of a collection of public files: each format in each folder. "no turn" are records in which the policy never acted, which import drops; "unlinked"
are answers to a tool call that no call before them has the id of; "resolved" and "unresolved" are what files claim about themselves.

`

func surveyMarkdown(s *surveyDoc) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n| %s |\n|%s\n", strings.Join(surveyColumns, " | "), strings.Repeat("---|", 2)+strings.Repeat("---:|", len(surveyColumns)-2))
	for _, g := range s.Groups {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(g.row(), " | "))
	}
	b.WriteString("\nNot read, since no format claims them or another document holds all of them:\n\n")
	for _, folder := range slices.Sorted(maps.Keys(s.Ignored)) {
		fmt.Fprintf(&b, "- `%s`: %s\n", folder, s.Ignored[folder])
	}
	b.WriteString("\nRejected, and why:\n\n")
	for _, r := range s.Rejected {
		fmt.Fprintf(&b, "- `%s` row %d: %s\n", r.URI, r.Row, r.Error)
	}
	if len(s.Rejected) == 0 {
		b.WriteString("- none\n")
	}
	b.WriteString("\n")
	return b.String()
}

// packageComment is the comment of the package that a format is in, as Markdown.
func packageComment(t *testing.T, f format.Format) string {
	t.Helper()
	path := reflect.TypeOf(f).PkgPath()
	_, dir, ok := strings.Cut(path, "github.com/swerm/swerm/")
	if !ok {
		t.Fatalf("%s: in %q", f.Name(), path)
	}
	file := filepath.Join(testpath.Root(), filepath.FromSlash(dir), "doc.go")
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var pkg doc.Package
	printer := pkg.Printer()
	printer.HeadingLevel = 4
	printer.DocLinkBaseURL = "https://pkg.go.dev"
	return string(printer.Markdown(pkg.Parser().Parse(parsed.Doc.Text())))
}

// shownPaths is how many places with one reason are written out: a format of nested
// documents has the same fate at every depth.
const shownPaths = 8

// fatesMarkdown lists what is left behind, one reason a row.
func fatesMarkdown(fates []format.Fate) string {
	if len(fates) == 0 {
		return ""
	}
	var reasons []string
	paths := map[string][]string{}
	for _, f := range fates {
		if paths[f.Why] == nil {
			reasons = append(reasons, f.Why)
		}
		if path := "`" + f.Path + "`"; !slices.Contains(paths[f.Why], path) {
			paths[f.Why] = append(paths[f.Why], path)
		}
	}
	var b strings.Builder
	b.WriteString("\n| left behind | |\n|---|---|\n")
	for _, why := range reasons {
		all := paths[why]
		slices.SortStableFunc(all, func(a, b string) int { return strings.Count(a, ".") - strings.Count(b, ".") }) // the plainest first
		line := strings.Join(all[:min(len(all), shownPaths)], "<br>")
		if n := len(all) - shownPaths; n > 0 {
			line += fmt.Sprintf("<br>and %d like these", n)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", line, strings.ReplaceAll(why, "|", `\|`))
	}
	return b.String()
}
