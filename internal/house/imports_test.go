package house

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
)

const module = "github.com/swerm/swerm/"

// allowed says which of our packages a package may import, by prefix of the
// path below the module root; the longest matching prefix of the importer
// decides. internal/ is open to all, and so is a package's own folder. Tests
// may import more, but never against the direction of cmd.
var allowed = map[string][]string{
	"pipeline":     {}, // the nouns: no I/O, nothing of ours
	"pipeline/run": {"pipeline"},

	"pipeline/dataset":          {"pipeline", "pipeline/store", "pipeline/dataset/columnar"},
	"pipeline/dataset/columnar": {},
	"pipeline/store":            {},

	"sources":  {"pipeline"},
	"labeler":  {"pipeline", "sandbox"},
	"mixer":    {"pipeline"},
	"exports":  {"pipeline"},
	"contract": {"pipeline", "moe"},
	"microgym": {"pipeline"},

	"moe":     {},
	"metrics": {},
	"sandbox": {},

	"trainer":  {"pipeline", "contract", "metrics", "moe"},
	"judge":    {"pipeline", "contract", "metrics", "moe"},
	"ablation": {"pipeline", "judge", "trainer", "contract", "metrics", "moe"},

	"internal":       {},
	"internal/table": {"pipeline/dataset/columnar"},
	"examples":       {}, // programs of users: they know the protocol alone
	"interop":        {"moe"},
	"cmd": {"ablation", "contract", "exports", "judge", "labeler", "metrics", "microgym",
		"mixer", "moe", "pipeline", "sandbox", "sources", "trainer"},
}

// exactOnly lists targets whose sub-packages are not open through them.
var exactOnly = []string{"pipeline/dataset/columnar"}

func TestImportsPointOneWay(t *testing.T) {
	seen := 0
	eachFile(t, func(dir, path string) {
		if strings.HasSuffix(path, "_test.go") || dir == "." {
			return
		}
		rule, ok := ruleFor(dir)
		if !ok {
			t.Errorf("%s: no rule covers this folder: add it to the import table and to docs/architecture.md", dir)
			return
		}
		for _, imp := range imports(t, path) {
			target, ours := strings.CutPrefix(imp, module)
			if !ours {
				continue
			}
			seen++
			if !permitted(dir, target, rule) {
				t.Errorf("%s imports %s: the import table does not allow it", path, target)
			}
		}
	})
	if seen == 0 {
		t.Fatal("no import of ours was seen: the test looks at the wrong tree")
	}
}

// TestColumnarStaysInside holds that only the dataset package touches the
// Parquet bridge, and the reader of tables that others wrote: its rules of
// ownership have two users.
func TestColumnarStaysInside(t *testing.T) {
	eachFile(t, func(dir, path string) {
		madeForTests := dir == "sources" && strings.HasSuffix(path, "_test.go")
		if strings.HasPrefix(dir, "pipeline/dataset") || dir == "internal/table" || madeForTests {
			return
		}
		for _, imp := range imports(t, path) {
			if slices.Contains(exactOnly, strings.TrimPrefix(imp, module)) {
				t.Errorf("%s imports %s, which belongs to pipeline/dataset and internal/table", path, imp)
			}
		}
	})
}

// TestGorgoniaStaysInObjective holds that a dormant dependency has one user.
func TestGorgoniaStaysInObjective(t *testing.T) {
	eachFile(t, func(dir, path string) {
		if strings.HasPrefix(dir, "trainer/objective") {
			return
		}
		for _, imp := range imports(t, path) {
			if strings.HasPrefix(imp, "gorgonia.org/") {
				t.Errorf("%s imports %s: Gorgonia is for trainer/objective alone", path, imp)
			}
		}
	})
}

func ruleFor(dir string) ([]string, bool) {
	for d := dir; d != "."; d = filepath.ToSlash(filepath.Dir(d)) {
		if rule, ok := allowed[d]; ok {
			return rule, true
		}
	}
	return nil, false
}

func permitted(dir, target string, rule []string) bool {
	if under(target, "internal") {
		return true
	}
	if top, _, _ := strings.Cut(dir, "/"); under(target, top) && top != "pipeline" {
		return true
	}
	if dir == target || under(target, dir) {
		return true
	}
	for _, prefix := range rule {
		if under(target, prefix) {
			return true
		}
	}
	return false
}

func under(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

func imports(t *testing.T, path string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// eachFile visits every Go file of the main module; other modules inside the
// tree (tools) have rules of their own.
func eachFile(t *testing.T, visit func(dir, path string)) {
	t.Helper()
	root := testpath.Root()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			name := d.Name()
			if rel != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "runs" || rel == "tools") {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(path, ".go") {
			visit(filepath.ToSlash(filepath.Dir(rel)), path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
