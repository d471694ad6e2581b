package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
)

// minDocBytes is the shortest package comment that can say what a package is
// for, what it promises and what it does not do.
const minDocBytes = 120

var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "manager", "types", "misc", "base", "shared"}

func TestEveryPackageTeaches(t *testing.T) {
	docs := map[string]string{}
	eachFile(t, func(dir, path string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		f := parse(t, path)
		docs[dir] += f.Doc.Text()
	})
	for dir, doc := range docs {
		if len(doc) < minDocBytes {
			t.Errorf("%s: the package comment is %d bytes, too short to teach (%d is the least)", dir, len(doc), minDocBytes)
		}
	}
}

func TestPackageNamesSaySomething(t *testing.T) {
	eachFile(t, func(dir, path string) {
		if name := parse(t, path).Name.Name; slices.Contains(emptyNames, strings.TrimSuffix(name, "_test")) {
			t.Errorf("%s: package name %q says nothing", path, name)
		}
	})
}

// TestTopLevelPackagesHaveAnExample holds that every package a user meets
// first shows how it is used, in code that is run.
func TestTopLevelPackagesHaveAnExample(t *testing.T) {
	entries, err := os.ReadDir(testpath.Root())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		dir := filepath.Join(testpath.Root(), e.Name())
		files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
		if !e.IsDir() || len(files) == 0 || e.Name() == "tools" {
			continue
		}
		found := false
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") && hasExample(parse(t, path)) {
				found = true
			}
		}
		if !found {
			t.Errorf("%s has no runnable Example", e.Name())
		}
	}
}

// TestNoInitAndNoBlankImports holds that what exists is listed, not registered.
func TestNoInitAndNoBlankImports(t *testing.T) {
	allowedBlank := []string{
		"go4.org/unsafe/assume-no-moving-gc", // Gorgonia panics at start on current Go without this version
	}
	eachFile(t, func(dir, path string) {
		f := parse(t, path)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: func init hides what happens at start", path)
			}
		}
		for _, imp := range f.Imports {
			if imp.Name != nil && imp.Name.Name == "_" && imp.Path.Value != `"embed"` &&
				!slices.Contains(allowedBlank, strings.Trim(imp.Path.Value, `"`)) {
				t.Errorf("%s: blank import of %s", path, imp.Path.Value)
			}
		}
	})
}

func hasExample(f *ast.File) bool {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Example") {
			return true
		}
	}
	return false
}

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
