package testlog

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A Dialect is a generation of harnesses whose readers belong together.
type Dialect uint8

// The closed set of dialects.
const (
	SWEBench1 Dialect = iota + 1 // SWE-bench 1.x
	SWEBench2                    // SWE-bench 2.x to 4.x
	SWEBench5                    // SWE-bench 5.x
	SWESmith                     // SWE-smith
	R2EGym                       // R2E-Gym
)

// String names a dialect as its rule set is named.
func (d Dialect) String() string {
	return [...]string{"none", "swebench-1", "swebench-2", "swebench-5", "swe-smith", "r2e-gym"}[d]
}

// Family is a function of a harness that reads logs; what it does differs with
// the dialect.
type Family string

// The families.
const (
	FamilyPytest     Family = "pytest"
	FamilyOptions    Family = "pytest-options"
	FamilyV2         Family = "pytest-v2"
	FamilyMatplotlib Family = "matplotlib"
	FamilySeaborn    Family = "seaborn"
	FamilyDjango     Family = "django"
	FamilySymPy      Family = "sympy"
	FamilyLeading    Family = "pytest-leading" // of SWE-smith
	FamilyWorkers    Family = "pytest-workers" // of SWE-smith
	FamilyTornado    Family = "tornado"        // of SWE-smith
)

// repos says which family a harness reads a repository's logs with. A
// repository that is not here is read by what its log looks like.
var repos = map[string]Family{
	"astropy/astropy": FamilyV2, "django/django": FamilyDjango, "marshmallow-code/marshmallow": FamilyPytest,
	"matplotlib/matplotlib": FamilyMatplotlib, "mwaskom/seaborn": FamilySeaborn, "pallets/flask": FamilyPytest,
	"psf/requests": FamilyOptions, "pvlib/pvlib-python": FamilyPytest, "pydata/xarray": FamilyPytest,
	"pydicom/pydicom": FamilyOptions, "pylint-dev/astroid": FamilyPytest, "pylint-dev/pylint": FamilyOptions,
	"pytest-dev/pytest": FamilyPytest, "pyvista/pyvista": FamilyPytest, "scikit-learn/scikit-learn": FamilyV2,
	"sqlfluff/sqlfluff": FamilyPytest, "sphinx-doc/sphinx": FamilyV2, "sympy/sympy": FamilySymPy,
}

// smithRepos are those that SWE-smith does not read as pytest -v.
var smithRepos = map[string]Family{
	"HIPS/autograd": FamilyWorkers, "paramiko/paramiko": FamilyLeading, "tornadoweb/tornado": FamilyTornado,
}

// FamilyOf returns the family that a dialect has for a repository.
func FamilyOf(d Dialect, repo string) (Family, bool) {
	if d == SWESmith || d == R2EGym {
		if f, ok := smithRepos[repo]; ok && d == SWESmith {
			return f, true
		}
		return FamilyPytest, false
	}
	f, ok := repos[repo]
	return f, ok
}

// NewReader returns the reader of a family in a dialect.
func NewReader(d Dialect, f Family) (Reader, error) {
	all := readers()
	if i := slices.IndexFunc(all, func(r Reader) bool { return r.Name == readerName(d, f) }); i >= 0 {
		return all[i], nil
	}
	return Reader{}, fmt.Errorf("testlog: %s has no reader %q", d, f)
}

// readers is Readers, made once.
var readers = sync.OnceValue(Readers)

func readerName(d Dialect, f Family) string { return d.String() + "/" + string(f) }

// Readers lists every reader there is.
func Readers() []Reader {
	var all []Reader
	add := func(d Dialect, f Family, start func(*Log) machine, normal func([]byte) string) {
		all = append(all, Reader{Name: readerName(d, f), Version: "1", start: start, normal: normal})
	}
	pytest := func(d Dialect, f Family, style pytestStyle) {
		style.folds = d == SWEBench5
		add(d, f, func(*Log) machine { return &pytestReader{style} }, func(raw []byte) string { return string(style.name(raw)) })
	}
	for _, d := range []Dialect{SWEBench1, SWEBench2, SWEBench5} {
		pytest(d, FamilyPytest, pytestStyle{})
		pytest(d, FamilyOptions, pytestStyle{options: true})
		pytest(d, FamilyMatplotlib, pytestStyle{mouse: d != SWEBench1})
		v2, normal := pytestV2Reader{cut: d != SWEBench5, front: d == SWEBench1}, uncoloured
		add(d, FamilyV2, func(*Log) machine { return &v2 }, normal)
		add(d, FamilySeaborn, func(*Log) machine { return &seabornReader{} }, nil)
		add(d, FamilySymPy, func(*Log) machine { return &sympyReader{} }, nil)
		add(d, FamilyDjango, func(*Log) machine { return &djangoReader{first: d == SWEBench1} }, nil)
	}
	add(SWESmith, FamilyPytest, func(*Log) machine { return &smithPytestReader{} }, nil)
	add(SWESmith, FamilyLeading, func(*Log) machine { return &smithLeadingReader{} }, nil)
	add(SWESmith, FamilyWorkers, func(*Log) machine { return &smithLeadingReader{worker: true} }, nil)
	add(SWESmith, FamilyTornado, func(*Log) machine { return &smithTornadoReader{} }, func(raw []byte) string { return string(joined(raw)) })
	add(R2EGym, FamilyPytest, func(*Log) machine { return &r2eReader{} }, r2eName)
	return all
}

// uncoloured is the name that pytest-v2 makes of the bytes at its place.
func uncoloured(raw []byte) string {
	var l line
	l.bare(raw, 0)
	l.uncolour()
	return string(joined(l.text))
}

// FindReader returns the reader of a name.
func FindReader(name string) (Reader, error) {
	all := Readers()
	if i := slices.IndexFunc(all, func(r Reader) bool { return r.Name == name }); i >= 0 {
		return all[i], nil
	}
	var known []string
	for _, r := range all {
		known = append(known, r.Name)
	}
	return Reader{}, fmt.Errorf("testlog: no reader is named %q; there are: %s", name, strings.Join(known, ", "))
}
