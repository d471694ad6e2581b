package instance

import "strings"

// An Index finds the facts of tasks by instance. The zero value is empty and
// ready. It is for one goroutine until it is filled, and for many then.
type Index struct {
	rows map[string]*entry

	// Disputed counts facts that rows of one instance contradict each other
	// in. Nothing is said of those.
	Disputed int
}

type entry struct {
	facts    Facts
	disputed map[*string]bool // fields of facts
}

// Add adds what a row says. Rows of one instance complete each other.
func (x *Index) Add(f Facts) {
	if x.rows == nil {
		x.rows = map[string]*entry{}
	}
	key := indexKey(f.ID)
	e := x.rows[key]
	if e == nil {
		x.rows[key] = &entry{facts: f}
		return
	}
	have, more := e.facts.fields(), f.fields()
	for i, field := range have {
		switch {
		case e.disputed[field] || *more[i] == "" || *field == *more[i]:
		case *field == "":
			*field = *more[i]
		default:
			if e.disputed == nil {
				e.disputed = map[*string]bool{}
			}
			e.disputed[field], *field = true, ""
			x.Disputed++
		}
	}
}

// fields are the facts that rows can contradict each other in.
func (f *Facts) fields() []*string {
	return []*string{&f.Repo, &f.BaseCommit, &f.Version, &f.CreatedAt, &f.Language, &f.License, &f.Image, &f.Dataset}
}

// Len is how many instances are known.
func (x *Index) Len() int { return len(x.rows) }

// Find returns the facts of an instance.
func (x *Index) Find(id string) (Facts, bool) {
	e := x.rows[indexKey(id)]
	if e == nil {
		return Facts{}, false
	}
	return e.facts, true
}

// indexKey is one for the spellings of an instance: images write it in lower
// case, Multi-SWE-bench as owner/name:pr-1.
func indexKey(id string) string {
	id = strings.ToLower(id)
	if repo, number, ok := strings.Cut(id, ":pr-"); ok {
		return strings.Replace(repo, "/", "__", 1) + "-" + number
	}
	return id
}
